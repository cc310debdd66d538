-- The register as of a day.
-- {day:Date}
SELECT code, name, level, parent, kind
FROM place FINAL
WHERE validFrom <= {day:Date} AND {day:Date} <= validTo
ORDER BY code, validFrom
LIMIT 1 BY code
