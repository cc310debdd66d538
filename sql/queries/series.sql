-- One value of one metric through time, by bucket and family; buckets without rows are absent.
-- {metric:String} {slot:Identifier} {line:String} (empty: every counted line) {within:String} (prefix of codes)
-- {start:DateTime64(3)} {end:DateTime64(3)} {bucketSeconds:UInt32}
SELECT
    family,
    intDiv(toUnixTimestamp(start), {bucketSeconds:UInt32}) * {bucketSeconds:UInt32} AS at,
    -- A run without the value is no value, not a zero.
    quantilesExactInclusiveIf(0.1, 0.5, 0.9)(assumeNotNull({slot:Identifier}), {slot:Identifier} IS NOT NULL) AS quantiles,
    countIf({slot:Identifier} IS NOT NULL) AS n,
    countIf(outcome = 'failed') AS failed,
    any(method) AS method
FROM measurement FINAL
WHERE metric = {metric:String}
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND startsWith(place, {within:String})
    AND (line = {line:String} OR ({line:String} = '' AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')))
    AND outcome != 'skipped'
GROUP BY family, at
ORDER BY family, at
