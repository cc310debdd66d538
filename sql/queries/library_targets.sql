-- Which targets were measured in a span and at which addresses (:: where none was used), with the days
-- and one of the lines. The station's own lines are left out.
-- {start:DateTime64(3)} {end:DateTime64(3)}
SELECT
    target, address,
    toString(min(line)) AS firstLine,
    arraySort(groupUniqArray(toDate(start, 'Asia/Shanghai'))) AS days,
    max(received) AS newest
FROM measurement FINAL
WHERE start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')
GROUP BY target, address
ORDER BY target, address
