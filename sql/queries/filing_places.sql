-- What one version states of the places at or below an area.
-- {month:String} {carrier:String} {import:String} {within:String} (prefix of codes)
SELECT place, row, reached, technology, opticalNode, reachedOn, mobile, note
FROM filing_place FINAL
WHERE month = {month:String} AND carrier = {carrier:String} AND import = {import:String}
    AND import IN (SELECT import FROM import) AND startsWith(place, {within:String})
ORDER BY place
