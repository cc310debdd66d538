-- Every line's day, from its runs. A skipped run measured nothing: it is counted apart.
-- {day:Date} {run:UInt64} {rules:String}
WITH
    countForEach(slots) AS counts,
    quantilesExactInclusiveForEach(0.1, 0.5, 0.9)(slots) AS quantiles,
    -- A metric uses a few of the sixteen slots; what comes after its last value is not kept.
    arrayLastIndex(n -> n > 0, counts) AS used,
    index -> arrayMap((n, q) -> if(n > 0, toInt64(round(q[index] * 10)), 0), arrayResize(counts, used), arrayResize(quantiles, used)) AS tenths
SELECT
    {day:Date} AS day, {run:UInt64} AS run,
    metric, argMax(place, start) AS place, line, family, argMax(carrier, start) AS carrier, argMax(method, start) AS method,
    countIf(outcome != 'skipped') AS runs, countIf(outcome = 'failed') AS failed, countIf(outcome = 'skipped') AS skipped,
    arrayResize(counts, used) AS valued, tenths(1) AS p10Tenths, tenths(2) AS medianTenths, tenths(3) AS p90Tenths,
    {rules:String} AS rules, arraySort(groupUniqArray(probe)) AS probes
FROM
(
    SELECT metric, probe, place, line, family, carrier, method, start, outcome,
        [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15] AS slots
    FROM measurement FINAL
    WHERE toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai')) = toYYYYMMDD({day:Date})
)
GROUP BY metric, line, family
