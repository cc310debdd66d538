-- How many live at a place, the latest year first; of several counts of a year the one imported last.
-- {place:String}
SELECT asOf, residents, households, source, import
FROM place_statistic
WHERE code = {place:String} AND import IN (SELECT import FROM import)
ORDER BY asOf DESC, updated DESC, import DESC
LIMIT 1 BY asOf
