-- title.zh: 有线电视入户率
-- title.en: Households with cable television
-- method:   cable-entry-rate/1
-- kind:     quotient
-- subject:  area
-- unit:     1
-- base:     shared
-- source:   二(二)
--
-- Households with cable television that carriers file, over the households of the register (latest year
-- counted by then), or where it has none those the carrier files. Beyond 100 % where homes have several.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(cableHouseholds) AS amount, toUInt64(assumeNotNull(coalesce(counted.households, filed.households))) AS base
FROM
(
    SELECT area, carrier, row, cableHouseholds, households FROM filing_area FINAL
    WHERE month = {month:String} AND import IN {imports:Array(String)} AND cableHouseholds IS NOT NULL
) AS filed
LEFT JOIN
(
    -- The latest year that was counted by then; what was imported last counts of several.
    SELECT code, argMax(place_statistic.households, (asOf, updated, import)) AS households FROM place_statistic
    WHERE import IN (SELECT import FROM import) AND asOf <= toUInt16OrZero(substring({month:String}, 1, 4))
    GROUP BY code
) AS counted ON counted.code = filed.area
WHERE coalesce(counted.households, filed.households) > 0
ORDER BY area, carrier
