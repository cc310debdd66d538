-- Every area's month from its subjects (lines, services or villages), those nobody measured among them.
-- {month:String} {run:UInt64} {first:Date} {last:Date}
-- Of each target, in one order: {targets:Array(String)} {rules:Array(String)} {subjects:Array(String)}
-- {quantiles:Array(Float64)} (0 where the target is a share) and {villageKinds:Array(Array(String))} (whose
-- subjects count; none: all)
WITH
    indexOf({targets:Array(String)}, target) AS nth,
    {quantiles:Array(Float64)}[nth] AS p,
    -- Distribution-free interval of a quantile: of either end the largest rank r with 1 - 2 P(B < r) >= 95 %,
    -- where B ~ Binomial(n, p), or (n, 1 - p) from above (David & Nagaraja, Order Statistics, 7.1). No such
    -- rank lies beyond the mean.
    q -> arrayCount(tail -> 1 - 2 * tail >= 0.95, arrayCumSum(arrayMap(
        k -> exp(lgamma(observed + 1) - lgamma(k + 1) - lgamma(observed - k + 1) + k * log(q) + (observed - k) * log(1 - q)),
        range(if(p > 0, toUInt64(ceil(observed * q)), 0))))) AS rank,
    rank(p) AS below, rank(1 - p) AS above,
    (observed - 1) * p AS at
SELECT
    {month:String} AS month, {run:UInt64} AS run,
    target, carrier,
    transform(width, [2, 4, 6, 9, 12], ['province', 'city', 'county', 'township', 'village'], '') AS level,
    area, observed, registered, passed, placesObserved,
    if(p > 0 AND observed > 0, sorted[toUInt64(floor(at)) + 1] + (sorted[least(toUInt64(floor(at)) + 2, observed)] - sorted[toUInt64(floor(at)) + 1]) * (at - floor(at)), NULL) AS value,
    if(below > 0 AND above > 0, sorted[below], NULL) AS low,
    if(below > 0 AND above > 0, sorted[observed - above + 1], NULL) AS high,
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
        -- A line is its carrier's and one of all; of what all look at there are rows of each and of all.
        SELECT target, place, value, passed, newest, seen, arrayJoin(if({subjects:Array(String)}[indexOf({targets:Array(String)}, target)] = 'line', ['', own], [own])) AS carrier, arrayJoin([2, 4, 6, 9, 12]) AS width
        FROM
        (
            SELECT target, place, toString(carrier) AS own, value, passed, newest, true AS seen
            FROM line_month WHERE month = {month:String} AND run = {run:UInt64}
            UNION ALL
            SELECT asked.1, place, own, 0, false, toDateTime64(0, 6, 'UTC'), false
            FROM
            (
                SELECT subject, place, own, toString(village.kind) AS kind, village.outside AS outside, arrayJoin(arrayZip({targets:Array(String)}, {villageKinds:Array(Array(String))}, {subjects:Array(String)})) AS asked
                FROM
                (
                    SELECT 'line' AS subject, place, carrier AS own FROM
                    (
                        -- Lines registered at any time in the month, each as it last stood.
                        SELECT line, place, toString(carrier) AS carrier, technology FROM line_version
                        WHERE validFrom <= {last:Date} AND {first:Date} <= validTo
                        ORDER BY line, validFrom DESC
                        LIMIT 1 BY line
                    )
                    WHERE technology != 'loopback'
                    UNION ALL
                    SELECT subject, place, arrayJoin(carriers)
                    FROM
                    (
                        SELECT 'service' AS subject, area AS place FROM
                        (
                            SELECT name, area, validFrom, import FROM library_service FINAL
                            WHERE import IN (SELECT import FROM import FINAL) AND validFrom <= {last:Date} AND {first:Date} <= validTo
                            ORDER BY name, validFrom DESC, import DESC
                            LIMIT 1 BY name
                        )
                        UNION ALL
                        SELECT 'village', code FROM place_version
                        WHERE level = 'village' AND validFrom <= least({last:Date}, toDate(now(), 'Asia/Shanghai')) AND least({last:Date}, toDate(now(), 'Asia/Shanghai')) <= validTo
                    ) AS counted
                    CROSS JOIN
                    (
                        SELECT groupUniqArray(toString(carrier)) AS named, arrayConcat([''], named) AS carriers
                        FROM line_version
                        WHERE validFrom <= {last:Date} AND {first:Date} <= validTo AND technology != 'loopback'
                    ) AS looking
                ) AS registered
                LEFT JOIN
                (
                    SELECT code, kind, outside FROM place_version
                    WHERE level = 'village' AND validFrom <= least({last:Date}, toDate(now(), 'Asia/Shanghai')) AND least({last:Date}, toDate(now(), 'Asia/Shanghai')) <= validTo
                ) AS village ON village.code = substring(registered.place, 1, 12)
            )
            WHERE asked.3 = subject AND NOT outside AND (empty(asked.2) OR has(asked.2, kind))
        )
    )
    WHERE length(place) >= width
    GROUP BY target, carrier, width, area
)
