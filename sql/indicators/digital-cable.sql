-- title.zh: 有线电视网络数字化率
-- title.en: Cable households reached digitally
-- method:   digital-cable/1
-- kind:     quotient
-- subject:  area
-- unit:     1
-- base:     own
-- source:   二(二);三(六)1
--
-- Of the cable households a carrier files, those it files as digital.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(digitalHouseholds) AS amount, assumeNotNull(cableHouseholds) AS base
FROM filing_area FINAL
WHERE month = {month:String} AND import IN {imports:Array(String)}
    AND digitalHouseholds IS NOT NULL AND cableHouseholds > 0
ORDER BY area, carrier
