-- Places that became this one, with their last day.
-- {place:String}
SELECT code, ending, validTo
FROM place_version
WHERE has(successors, {place:String}) AND code != {place:String}
ORDER BY validTo, code
