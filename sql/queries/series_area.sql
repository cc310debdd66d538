-- One value of one metric through time in an area, by whole hours or days and by family. `slotNumber` counts from 0.
-- {metric:String} {slotNumber:UInt8} {area:String} {step:String} {start:DateTime64(3)} {end:DateTime64(3)}
-- {days:Array(Date)} {runs:Array(UInt64)} (which run counts, of each day)
SELECT
    family, toUInt64(toUnixTimestamp(at)) AS at,
    arrayMap(tenths -> tenths / 10, [p10Tenths[{slotNumber:UInt8} + 1], medianTenths[{slotNumber:UInt8} + 1], p90Tenths[{slotNumber:UInt8} + 1]]) AS quantiles,
    toUInt64(valued[{slotNumber:UInt8} + 1]) AS n, toUInt64(area_step.failed) AS failed, toString(area_step.method)::String AS method
FROM area_step
WHERE run IN {runs:Array(UInt64)} AND transform(day, {days:Array(Date)}, {runs:Array(UInt64)}, toUInt64(0)) = run
    AND step = {step:String} AND metric = {metric:String} AND area = {area:String}
    AND area_step.at >= {start:DateTime64(3)} AND area_step.at < {end:DateTime64(3)}
ORDER BY family, at
