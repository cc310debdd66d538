-- Every version of every entry of the address library, as its latest noted import has it.
SELECT prefix, holder, carrier, area, purpose, partOf, validFrom, validTo, source, import
FROM library_prefix FINAL
WHERE import IN (SELECT import FROM import FINAL)
ORDER BY prefix, holder, validFrom, import DESC
LIMIT 1 BY prefix, holder, validFrom
