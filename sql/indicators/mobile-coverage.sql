-- title.zh: 新一代移动通信网络覆盖率
-- title.en: Villages covered by new-generation mobile networks
-- method:   mobile-coverage/1
-- kind:     standing
-- subject:  village
-- unit:     1
-- technologies: lte nr
-- source:   二(二);三(六)1
--
-- A village counts as covered when a carrier declares it so and mobile lines there bear it out by the
-- plan's proof. A cell left empty says nothing.
--
-- {month:String} {imports:Array(String)}
SELECT place, carrier, row, (mobile != 'none')::Bool AS reached, mobile AS technology, '' AS opticalNode
FROM filing_place FINAL
WHERE month = {month:String} AND import IN {imports:Array(String)} AND mobile != '' AND length(place) = 12
ORDER BY place, carrier
