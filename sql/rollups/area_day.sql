-- Every area's day down to the township, from the days of its lines: a line's median first.
-- {day:Date} {run:UInt64} {rules:String}
WITH
    countForEach(medians) AS counts,
    quantilesExactInclusiveForEach(0.1, 0.5, 0.9)(medians) AS quantiles,
    arrayLastIndex(n -> n > 0, counts) AS used,
    -- Tenths are in the medians already.
    index -> arrayMap((n, q) -> if(n > 0, toInt64(round(q[index])), 0), arrayResize(counts, used), arrayResize(quantiles, used)) AS tenths
SELECT
    {day:Date} AS day, {run:UInt64} AS run, 'day' AS step,
    metric, area, toDateTime({day:Date}, 'Asia/Shanghai') AS at, family, anyLast(method) AS method,
    uniqExact(line) AS lines, sum(runs) AS runs, sum(failed) AS failed,
    arrayResize(counts, used) AS valued, tenths(1) AS p10Tenths, tenths(2) AS medianTenths, tenths(3) AS p90Tenths,
    {rules:String} AS rules
FROM
(
    SELECT metric, line, family, method, line_day.runs AS runs, line_day.failed AS failed, arrayJoin([2, 4, 6, 9]) AS width, substring(place, 1, width) AS area,
        arrayMap((n, median) -> if(n > 0, median, NULL), valued, medianTenths) AS medians
    FROM line_day
    WHERE day = {day:Date} AND run = {run:UInt64} AND line_day.runs > 0 AND length(place) >= width
        AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')
)
GROUP BY metric, area, family
