-- The days that have measurements, each with a signature that changes whenever rows come to it: the
-- newest block of every shard. Merges do not raise it.
SELECT
    concat(substring(partition, 1, 4), '-', substring(partition, 5, 2), '-', substring(partition, 7, 2)) AS day,
    toString(max(max_block_number)) AS signature
FROM system.parts
WHERE database = currentDatabase() AND table = 'measurement' AND active
GROUP BY partition
ORDER BY day DESC
