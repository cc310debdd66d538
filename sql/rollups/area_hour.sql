-- Every area's hours down to the county, from the runs in them: a line seldom has two in an hour.
-- {day:Date} {run:UInt64} {rules:String}
WITH
    countForEach(slots) AS counts,
    quantilesExactInclusiveForEach(0.1, 0.5, 0.9)(slots) AS quantiles,
    arrayLastIndex(n -> n > 0, counts) AS used,
    index -> arrayMap((n, q) -> if(n > 0, toInt64(round(q[index] * 10)), 0), arrayResize(counts, used), arrayResize(quantiles, used)) AS tenths
SELECT
    {day:Date} AS day, {run:UInt64} AS run, 'hour' AS step,
    metric, area, toStartOfHour(start) AS at, family, argMax(method, start) AS method,
    uniqExact(line) AS lines, count() AS runs, countIf(outcome = 'failed') AS failed,
    arrayResize(counts, used) AS valued, tenths(1) AS p10Tenths, tenths(2) AS medianTenths, tenths(3) AS p90Tenths,
    {rules:String} AS rules
FROM
(
    SELECT metric, line, family, method, start, outcome, arrayJoin([2, 4, 6]) AS width, substring(place, 1, width) AS area,
        [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15] AS slots
    FROM measurement FINAL
    WHERE toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai')) = toYYYYMMDD({day:Date})
        AND outcome != 'skipped' AND length(place) >= width
        AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')
)
GROUP BY metric, area, at, family
