-- A text that changes whenever something is written to the register: the newest blocks of its tables.
-- Merges do not raise them.
SELECT arrayStringConcat(arraySort(groupArray(concat(shard, ' ', table, ' ', toString(newest)))), '; ') AS signature
FROM
(
    SELECT shard, table, max(maxBlockNumber) AS newest
    FROM part
    WHERE table IN ('place', 'import')
    GROUP BY shard, table
)
