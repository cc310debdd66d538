-- What one version states of places.
-- {month:String} {carrier:String} {import:String}
SELECT place, row, reached, technology, opticalNode, reachedOn, mobile, note
FROM filing_place FINAL
WHERE month = {month:String} AND carrier = {carrier:String} AND import = {import:String}
    AND import IN (SELECT import FROM import)
ORDER BY place
