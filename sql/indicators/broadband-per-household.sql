-- title.zh: 宽带普及率(按户)
-- title.en: Broadband subscriptions per household
-- method:   broadband-per-household/1
-- kind:     quotient
-- subject:  area
-- unit:     1
-- base:     shared
-- source:   二(二);三(六)1; the household rate of the Broadband China strategy (2013, §4)
--
-- Fixed broadband subscriptions that carriers file, over the households of the register (latest year
-- counted by then), or where it has none those the carrier files. Beyond 100 % where homes have several.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(subscribers) AS amount, toUInt64(assumeNotNull(coalesce(counted.households, filed.households))) AS base
FROM
(
    SELECT area, carrier, row, subscribers, households FROM filing_area FINAL
    WHERE month = {month:String} AND import IN {imports:Array(String)} AND subscribers IS NOT NULL
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
