-- The places one version states something of.
-- {month:String} {carrier:String} {import:String}
SELECT place
FROM filing_place FINAL
WHERE month = {month:String} AND carrier = {carrier:String} AND import = {import:String}
ORDER BY place
