-- Sealed monthly reports, newest first.
SELECT month, edition, sealed, sha256
FROM edition FINAL
ORDER BY month DESC, edition DESC
