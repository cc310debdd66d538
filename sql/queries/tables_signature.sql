-- A text that changes whenever something is written to some tables: their newest blocks. Merges do not
-- raise them.
-- {tables:Array(String)}
SELECT arrayStringConcat(arraySort(groupArray(concat(shard, ' ', table, ' ', toString(newest)))), '; ') AS signature
FROM
(
    SELECT shard, table, max(maxBlockNumber) AS newest
    FROM part
    WHERE table IN {tables:Array(String)}
    GROUP BY shard, table
)
