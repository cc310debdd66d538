-- What was done with the quarantined rows whose original's SHA-256 begins so.
-- {sha256:String}
SELECT at, code, probe, CAST(sha256, 'String') AS sha256, by, why, vouchedClock, admission
FROM quarantine_log FINAL
WHERE startsWith(CAST(sha256, 'String'), {sha256:String})
ORDER BY at, code, probe
