-- Probes that may report, with the hash of their token.
SELECT probe, line, tokenSha256
FROM probe_binding
WHERE revoked IS NULL
ORDER BY probe
