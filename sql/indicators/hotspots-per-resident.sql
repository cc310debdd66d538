-- title.zh: 每万常住人口无线热点数
-- title.en: Wireless hotspots per ten thousand residents
-- method:   hotspots-per-resident/1
-- kind:     quotient
-- subject:  area
-- unit:     ‱
-- base:     shared
-- source:   三(六)1 加快无线城市群建设
--
-- Public wireless hotspots that carriers file, over the permanent residents of the register (latest year counted by
-- then), or where it has none those the carrier files. What a hotspot is the carrier says; no probe counts them.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(hotspots) AS amount, toUInt64(assumeNotNull(coalesce(counted.residents, filed.residents))) AS base
FROM
(
    SELECT area, carrier, row, hotspots, residents FROM filing_area FINAL
    WHERE month = {month:String} AND import IN {imports:Array(String)} AND hotspots IS NOT NULL
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
