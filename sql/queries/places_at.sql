-- The register as of a day.
-- {day:Date}
SELECT code, name, level, parent, kind, outside, outsideFor
FROM place_version
WHERE validFrom <= {day:Date} AND {day:Date} <= validTo
ORDER BY code, validFrom DESC
LIMIT 1 BY code
