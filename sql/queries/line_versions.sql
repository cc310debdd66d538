-- Every version of every line: what a measurement is bound to depends on its day.
SELECT line, place, carrier, validFrom, validTo
FROM line_version
ORDER BY line, validFrom DESC
