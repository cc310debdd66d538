-- Rows in quarantine that were received in a span of time.
-- {start:DateTime64(3)} {end:DateTime64(3)}
SELECT count() AS rows FROM quarantine FINAL
WHERE received >= {start:DateTime64(3)} AND received < {end:DateTime64(3)}
