-- One value of one metric through time, by bucket and family, over runs; buckets without rows are
-- absent. Buckets are whole on Chinese clocks, so that a day is a day of the plan's.
-- {metric:String} {slot:Identifier} {line:String} (empty: every counted line) {within:String} (prefix of codes)
-- {start:DateTime64(3)} {end:DateTime64(3)} {bucketSeconds:UInt32}
WITH 28800 AS offset
SELECT
    family,
    toUInt64(intDiv(toUnixTimestamp(start) + offset, {bucketSeconds:UInt32}) * {bucketSeconds:UInt32} - offset) AS at,
    -- A run without the value is no value, not a zero.
    quantilesExactInclusiveIf(0.1, 0.5, 0.9)(assumeNotNull({slot:Identifier}), {slot:Identifier} IS NOT NULL) AS quantiles,
    countIf({slot:Identifier} IS NOT NULL) AS n,
    countIf(outcome = 'failed') AS failed,
    any(method) AS method
FROM measurement FINAL
WHERE metric = {metric:String}
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND startsWith(place, {within:String})
    -- A township or village has few lines, and their rows are found by name.
    AND (length({within:String}) < 9 OR line IN (SELECT line FROM line WHERE startsWith(place, {within:String})))
    AND (line = {line:String} OR ({line:String} = '' AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')))
    AND outcome != 'skipped'
GROUP BY family, at
ORDER BY family, at
