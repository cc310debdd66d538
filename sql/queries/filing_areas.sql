-- What one version states of areas.
-- {month:String} {carrier:String} {import:String}
SELECT
    area, row, tierBelow4, tier4, tier12, tier20, tier50, tier100, tier1000, subscribers, households,
    residents, cableHouseholds, digitalHouseholds, twoWayHouseholds, cableSubscribers, ipv6Terminals,
    terminals, hotspots, baseStations, platformUsers, note
FROM filing_area FINAL
WHERE month = {month:String} AND carrier = {carrier:String} AND import = {import:String}
    AND import IN (SELECT import FROM import)
ORDER BY area
