-- From which addresses reports came in a span, by line as it was then, with the days of measurement.
-- The station's own lines are left out.
-- {start:DateTime64(3)} {end:DateTime64(3)}
SELECT
    line, place, carrier, source AS address,
    arraySort(groupUniqArray(toDate(start, 'Asia/Shanghai'))) AS days,
    max(received) AS newest
FROM measurement FINAL
WHERE start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')
GROUP BY line, place, carrier, address
ORDER BY line, place, carrier, address
