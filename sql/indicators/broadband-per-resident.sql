-- title.zh: 宽带普及率(按常住人口)
-- title.en: Broadband subscriptions per resident
-- method:   broadband-per-resident/1
-- kind:     quotient
-- subject:  area
-- unit:     1
-- base:     shared
-- source:   二(二);三(六)1. The plan does not say of what its 30 % is taken; see the one per household
--
-- Fixed broadband subscriptions that carriers file, over the permanent residents of the register (latest
-- year counted by then), or where it has none those the carrier files. One person may have several.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(subscribers) AS amount, toUInt64(assumeNotNull(coalesce(counted.residents, filed.residents))) AS base
FROM
(
    SELECT area, carrier, row, subscribers, residents FROM filing_area FINAL
    WHERE month = {month:String} AND import IN {imports:Array(String)} AND subscribers IS NOT NULL
) AS filed
LEFT JOIN
(
    -- The latest year that was counted by then; what was imported last counts of several.
    SELECT code, argMax(place_statistic.residents, (asOf, updated, import)) AS residents FROM place_statistic
    WHERE import IN (SELECT import FROM import) AND asOf <= toUInt16OrZero(substring({month:String}, 1, 4))
    GROUP BY code
) AS counted ON counted.code = filed.area
WHERE coalesce(counted.residents, filed.residents) > 0
ORDER BY area, carrier
