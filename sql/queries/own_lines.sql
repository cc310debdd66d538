-- The station's own lines, which no figure counts.
SELECT DISTINCT line
FROM line FINAL
WHERE technology = 'loopback'
ORDER BY line
