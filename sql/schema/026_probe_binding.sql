-- Probes that count and the lines they stand on: of several rows of a probe the latest.
CREATE OR REPLACE VIEW probe_binding AS
SELECT
    probe, line, tokenSha256, enrolled, revoked, updated, import
FROM probe
WHERE import = '' OR import IN (SELECT import FROM import)
ORDER BY probe, updated DESC, import DESC
LIMIT 1 BY probe
