-- Every version of every registered name, as its latest noted import has it.
SELECT name, original, holder, kind, level, area, url, families, lines, validFrom, validTo, source, import
FROM library_service FINAL
WHERE import IN (SELECT import FROM import FINAL)
ORDER BY name, validFrom, import DESC
LIMIT 1 BY name, validFrom
