-- Places that became this one, with their last day.
-- {code:String}
SELECT code, ending, validTo
FROM place_version
WHERE has(successors, {code:String}) AND code != {code:String}
ORDER BY validTo, code
