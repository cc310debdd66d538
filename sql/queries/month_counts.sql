-- What the station holds of a span of time, counted from the measurements.
-- {start:DateTime64(3)} {end:DateTime64(3)}
SELECT
    count() AS measurements,
    uniqExactIf(line, line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')) AS linesHeard,
    if(count() = 0, NULL, max(received)) AS newest
FROM measurement FINAL
WHERE start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
