-- Every area's month from its subjects (lines, services or villages), those nobody measured among them.
-- {month:String} {run:UInt64} {first:Date} {last:Date}
-- Of each target, in one order: {targets:Array(String)} {rules:Array(String)} {subjects:Array(String)}
-- {quantiles:Array(Float64)} (0 where the target is a share) and {villageKinds:Array(Array(String))} (whose
-- subjects count; none: all)
WITH
    -- Carriers and places are told apart by numbers: a million groups of short keys cost a third less than of texts.
    (
        SELECT arrayConcat([''], arraySort(groupUniqArrayIf(code, code != ''))) FROM
        (
            SELECT DISTINCT toString(carrier) AS code FROM line_month WHERE month = {month:String} AND run = {run:UInt64}
            UNION DISTINCT
            SELECT DISTINCT toString(carrier) FROM line_version
        )
    ) AS carriers,
    {quantiles:Array(Float64)}[nth] AS p,
    -- Distribution-free interval of a quantile: of either end the largest rank r with 1 - 2 P(B < r) >= 95 %,
    -- where B ~ Binomial(n, p), or (n, 1 - p) from above (David & Nagaraja, Order Statistics, 7.1). No such
    -- rank lies beyond the mean, and ten deviations below it there is no tail left to count.
    q -> toUInt64(greatest(0, floor(observed * q - 10 * sqrt(observed * q * (1 - q))))) AS bottom,
    q -> bottom(q) + arrayCount(tail -> 1 - 2 * tail >= 0.95, arrayCumSum(arrayMap(
        k -> exp(lgamma(observed + 1) - lgamma(k + 1) - lgamma(observed - k + 1) + k * log(q) + (observed - k) * log(1 - q)),
        range(bottom(q), toUInt64(ceil(observed * q)))))) AS rank,
    -- Most areas are villages with a handful of lines, too few for such an interval whatever their values.
    p > 0 AND observed * log(1 - least(p, 1 - p)) <= log(0.025) AS enough,
    if(enough, rank(p), 0) AS below, if(enough, rank(1 - p), 0) AS above,
    (observed - 1) * p AS at
SELECT
    {month:String} AS month, {run:UInt64} AS run,
    {targets:Array(String)}[toLowCardinality(nth)] AS target, carriers[toLowCardinality(asking)] AS carrier,
    transform(length(area), [2, 4, 6, 9, 12], ['province', 'city', 'county', 'township', 'village'], '') AS level,
    toString(code) AS area, observed, registered, passed, placesObserved,
    if(p > 0 AND observed > 0, sorted[toUInt64(floor(at)) + 1] + (sorted[least(toUInt64(floor(at)) + 2, observed)] - sorted[toUInt64(floor(at)) + 1]) * (at - floor(at)), NULL) AS value,
    if(below > 0 AND above > 0, sorted[below], NULL) AS low,
    if(below > 0 AND above > 0, sorted[observed - above + 1], NULL) AS high,
    if(observed > 0, latest, NULL) AS newest,
    {rules:Array(String)}[toLowCardinality(nth)] AS rules
FROM
(
    -- Villages first, then every area from its villages: each subject is taken in hand twice and not ten times.
    SELECT
        nth, asking,
        arrayJoin(arrayMap(width -> intDiv(spot, toUInt64(exp10(digits - width))), arrayFilter(width -> width <= digits, [2, 4, 6, 9, 12]))) AS code,
        sum(observedAt) AS observed, sum(registeredAt) AS registered, sum(passedAt) AS passed,
        countIf(observedAt > 0 AND digits = 12) AS placesObserved,
        arraySort(groupArrayArray(values)) AS sorted,
        max(latestAt) AS latest
    FROM
    (
        -- A line is its carrier's and one of all; of what all look at there are rows of each and of all.
        SELECT
            nth, arrayJoin(if({subjects:Array(String)}[nth] = 'line', [toUInt16(1), own], [own])) AS asking, spot, length(toString(spot)) AS digits,
            sum(seen) AS observedAt, sum(known) AS registeredAt, countIf(seen > 0 AND passed) AS passedAt,
            groupArrayIf(value, seen > 0 AND {quantiles:Array(Float64)}[nth] > 0) AS values,
            max(newest) AS latestAt
        FROM
        (
            SELECT
                toUInt16(indexOf({targets:Array(String)}, toString(target))) AS nth, toUInt64OrZero(substring(place, 1, 12)) AS spot, toUInt16(indexOf(carriers, toString(carrier))) AS own,
                value, passed, newest, toUInt64(1) AS seen, toUInt64(0) AS known
            FROM line_month WHERE month = {month:String} AND run = {run:UInt64}
            UNION ALL
            SELECT asked.1, toUInt64OrZero(spot), toUInt16(indexOf(carriers, own)), 0, false, toDateTime64(0, 6, 'UTC'), 0, known
            FROM
            (
                SELECT
                    subject, spot, own, known, toString(village.kind) AS kind, village.outside AS outside,
                    arrayJoin(arrayZip(arrayMap(nth -> toUInt16(nth), arrayEnumerate({targets:Array(String)})), {villageKinds:Array(Array(String))}, {subjects:Array(String)})) AS asked
                FROM
                (
                    SELECT subject, substring(place, 1, 12) AS spot, own, count() AS known
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
                    )
                    GROUP BY subject, spot, own
                ) AS registered
                LEFT JOIN
                (
                    SELECT code, kind, outside FROM place_version
                    WHERE level = 'village' AND validFrom <= least({last:Date}, toDate(now(), 'Asia/Shanghai')) AND least({last:Date}, toDate(now(), 'Asia/Shanghai')) <= validTo
                ) AS village ON village.code = registered.spot
            )
            WHERE asked.3 = subject AND NOT outside AND (empty(asked.2) OR has(asked.2, kind))
        )
        GROUP BY nth, asking, spot
    )
    GROUP BY nth, asking, code
)
