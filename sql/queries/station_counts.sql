-- What the station holds of a span of time.
-- {start:DateTime64(3)} {end:DateTime64(3)}
SELECT
    count() AS measurements,
    uniqExactIf(line, line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')) AS linesHeard,
    if(count() = 0, NULL, max(received)) AS newest,
    assumeNotNull((SELECT count() FROM quarantine FINAL
     WHERE received >= {start:DateTime64(3)} AND received < {end:DateTime64(3)})) AS quarantined
FROM measurement FINAL
WHERE start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
