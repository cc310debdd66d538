-- Quarantined rows whose original's SHA-256 begins so, whole; the original as base64, for it may be
-- no text. One original has an entry per probe and reason.
-- {sha256:String}
SELECT
    code, probe, CAST(sha256, 'String') AS sha256, sequence, line, reason,
    base64Encode(original) AS originalBase64, source, received
FROM quarantine FINAL
WHERE startsWith(CAST(sha256, 'String'), {sha256:String})
ORDER BY received, code, probe, sha256
LIMIT 1000
