-- The station's own lines (technology `loopback`), which no indicator counts.
CREATE OR REPLACE VIEW own_line AS
SELECT DISTINCT line
FROM line FINAL
WHERE technology = 'loopback'
