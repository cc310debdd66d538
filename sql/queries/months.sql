-- Months with any measurement, newest first; read off the partitions, not the rows.
SELECT DISTINCT concat(substring(partition, 1, 4), '-', substring(partition, 5, 2)) AS month
FROM part
WHERE table = 'measurement'
ORDER BY month DESC
