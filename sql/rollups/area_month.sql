-- Every area's month from its lines, those nobody measured among them.
-- {month:String} {run:UInt64} {first:Date} {last:Date}
-- Of each target, in one order: {targets:Array(String)} {rules:Array(String)} {kinds:Array(String)} (ratio or median)
-- and {villageKinds:Array(Array(String))} (whose lines count; none: all)
WITH
    indexOf({targets:Array(String)}, target) AS nth,
    {kinds:Array(String)}[nth] = 'median' AS isMedian,
    -- Distribution-free interval of the median: the largest rank r with 1 - 2 P(B < r) >= 95 %, where
    -- B ~ Binomial(n, 1/2) (David & Nagaraja, Order Statistics, 7.1).
    arrayMap(k -> exp(lgamma(observed + 1) - lgamma(k + 1) - lgamma(observed - k + 1) - observed * log(2)), range(intDiv(observed + 1, 2))) AS binomial,
    arrayCount(below -> 1 - 2 * below >= 0.95, arrayCumSum(binomial)) AS rank
SELECT
    {month:String} AS month, {run:UInt64} AS run,
    target, carrier,
    transform(width, [2, 4, 6, 9, 12], ['province', 'city', 'county', 'township', 'village'], '') AS level,
    area, observed, registered, passed, placesObserved,
    if(isMedian AND observed > 0, (sorted[intDiv(observed + 1, 2)] + sorted[intDiv(observed, 2) + 1]) / 2, NULL) AS value,
    if(isMedian AND rank > 0, sorted[rank], NULL) AS low,
    if(isMedian AND rank > 0, sorted[observed - rank + 1], NULL) AS high,
    if(observed > 0, latest, NULL) AS newest,
    {rules:Array(String)}[nth] AS rules
FROM
(
    SELECT
        target, carrier, width, substring(place, 1, width) AS area,
        countIf(seen) AS observed, countIf(NOT seen) AS registered, countIf(seen AND passed) AS passed,
        uniqExactIf(substring(place, 1, 12), seen AND length(place) >= 12) AS placesObserved,
        arraySort(groupArrayIf(value, seen)) AS sorted,
        maxIf(newest, seen) AS latest
    FROM
    (
        SELECT target, place, value, passed, newest, seen, arrayJoin(['', own]) AS carrier, arrayJoin([2, 4, 6, 9, 12]) AS width
        FROM
        (
            SELECT target, place, toString(carrier) AS own, value, passed, newest, true AS seen
            FROM line_month WHERE month = {month:String} AND run = {run:UInt64}
            UNION ALL
            SELECT asked.1, place, own, 0, false, toDateTime64(0, 6, 'UTC'), false
            FROM
            (
                SELECT place, own, toString(village.kind) AS kind, village.outside AS outside, arrayJoin(arrayZip({targets:Array(String)}, {villageKinds:Array(Array(String))})) AS asked
                FROM
                (
                    -- Lines registered at any time in the month, each as it last stood.
                    SELECT line, place, toString(carrier) AS own, technology FROM line_version
                    WHERE validFrom <= {last:Date} AND {first:Date} <= validTo
                    ORDER BY line, validFrom DESC
                    LIMIT 1 BY line
                ) AS registered
                LEFT JOIN
                (
                    SELECT code, kind, outside FROM place_version
                    WHERE level = 'village' AND validFrom <= least({last:Date}, toDate(now(), 'Asia/Shanghai')) AND least({last:Date}, toDate(now(), 'Asia/Shanghai')) <= validTo
                ) AS village ON village.code = substring(registered.place, 1, 12)
                WHERE technology != 'loopback'
            )
            WHERE NOT outside AND (empty(asked.2) OR has(asked.2, kind))
        )
    )
    WHERE length(place) >= width
    GROUP BY target, carrier, width, area
)
