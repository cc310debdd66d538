-- One value of one metric through time by whole days and family: of one line over its runs, of a place
-- without one over the medians of its lines. `slotNumber` counts from 0.
-- {metric:String} {slotNumber:UInt8} {line:String} (empty: all of the place) {within:String} (prefix of codes)
-- {days:Array(Date)} {runs:Array(UInt64)} (which run counts, of each day) {own:Array(String)} (lines that no area counts)
WITH {line:String} != '' AS one
SELECT
    family, toUInt64(toUnixTimestamp(toDateTime(day, 'Asia/Shanghai'))) AS at,
    arrayMap(tenths -> tenths / 10, if(one,
        [toFloat64(anyIf(p10Tenths[{slotNumber:UInt8} + 1], has)), toFloat64(anyIf(medianTenths[{slotNumber:UInt8} + 1], has)), toFloat64(anyIf(p90Tenths[{slotNumber:UInt8} + 1], has))],
        quantilesExactInclusiveIf(0.1, 0.5, 0.9)(medianTenths[{slotNumber:UInt8} + 1], has))) AS quantiles,
    toUInt64(if(one, sumIf(valued[{slotNumber:UInt8} + 1], has), countIf(has))) AS n,
    toUInt64(sum(line_day.failed)) AS failed, toString(anyLast(line_day.method)) AS method
FROM (SELECT *, valued[{slotNumber:UInt8} + 1] > 0 AS has FROM line_day) AS line_day
WHERE run IN arrayDistinct({runs:Array(UInt64)}) AND transform(day, {days:Array(Date)}, {runs:Array(UInt64)}, toUInt64(0)) = run
    AND metric = {metric:String} AND startsWith(place, {within:String})
    AND (line = {line:String} OR (NOT one AND line NOT IN {own:Array(String)}))
    AND runs > 0
GROUP BY day, family
ORDER BY family, at
