-- Every version filed for a month, first received first.
-- {month:String}
SELECT month, carrier, import, sha256, received, places, areas, warnings
FROM filing FINAL
WHERE month = {month:String} AND import IN (SELECT import FROM import)
ORDER BY carrier, received, import
