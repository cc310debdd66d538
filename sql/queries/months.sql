-- Months with any measurement or rollup, newest first; read off the partitions, not the rows.
SELECT DISTINCT month
FROM
(
    SELECT concat(substring(partition, 1, 4), '-', substring(partition, 5, 2)) AS month
    FROM part WHERE table = 'measurement'
    UNION ALL
    SELECT period FROM rollup_done WHERE scope = 'month'
)
ORDER BY month DESC
