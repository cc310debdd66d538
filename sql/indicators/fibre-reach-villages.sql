-- title.zh: 行政村光纤通达率
-- title.en: Administrative villages reached by fibre
-- method:   fibre-reach-villages/1
-- kind:     standing
-- subject:  village
-- unit:     1
-- technologies: ftth fttb fttn docsis dsl
-- source:   二(二);三(六)1
--
-- A place counts as reached when a carrier declares it with its optical node and lines there bear it out by
-- the plan's proof: a probe sees rates and addresses, never fibre. Lines of fixed technologies bear on it.
--
-- {month:String} {imports:Array(String)}
SELECT place, carrier, row, reached AS reached, technology AS technology, opticalNode AS opticalNode
FROM filing_place FINAL
WHERE month = {month:String} AND import IN {imports:Array(String)} AND length(place) = 12
ORDER BY place, carrier
