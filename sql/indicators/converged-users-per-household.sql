-- title.zh: 三网融合业务用户普及率(按户)
-- title.en: Users of converged television services per household
-- method:   converged-users-per-household/1
-- kind:     quotient
-- subject:  area
-- unit:     1
-- base:     shared
-- source:   三(六)2 IPTV、手机电视、数字电视等融合类业务;三(六)3 促进全省推广普及
--
-- Users of the platforms of converged services (IPTV, television on phones, cloud television) that carriers
-- file, over the households of the register (latest year counted by then), or where it has none those the
-- carrier files. A home may have several users, so that this may pass 100 %.
--
-- {month:String} {imports:Array(String)}
SELECT area, carrier, row, assumeNotNull(platformUsers) AS amount, toUInt64(assumeNotNull(coalesce(counted.households, filed.households))) AS base
FROM
(
    SELECT area, carrier, row, platformUsers, households FROM filing_area FINAL
    WHERE month = {month:String} AND import IN {imports:Array(String)} AND platformUsers IS NOT NULL
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
