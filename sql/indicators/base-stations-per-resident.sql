-- title.zh: 每万常住人口基站数
-- title.en: Base stations per ten thousand residents
-- method:   base-stations-per-resident/1
-- kind:     quotient
-- subject:  area
-- unit:     ‱
-- base:     shared
-- source:   三(六)1 加快无线城市群建设,广泛开展 TD-LTE 规模商用示范
--
-- Base stations that carriers file, over the permanent residents of the register (latest year counted by
-- then), or where it has none those the carrier files. No probe counts masts: whether a place is covered
-- is `mobile-coverage`.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(baseStations) AS amount, toUInt64(assumeNotNull(coalesce(counted.residents, filed.residents))) AS base
FROM
(
    SELECT area, carrier, row, baseStations, residents FROM filing_area FINAL
    WHERE month = {month:String} AND import IN {imports:Array(String)} AND baseStations IS NOT NULL
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
