-- The days that have measurements, each with a signature that changes whenever rows come to it: the
-- newest block of every shard. Merges do not raise it.
SELECT
    concat(substring(partition, 1, 4), '-', substring(partition, 5, 2), '-', substring(partition, 7, 2)) AS day,
    arrayStringConcat(arraySort(groupArray(concat(shard, ':', toString(newest)))), ' ') AS signature
FROM
(
    SELECT partition, shard, max(maxBlockNumber) AS newest
    FROM part
    WHERE table = 'measurement'
    GROUP BY partition, shard
)
GROUP BY partition
ORDER BY day DESC
