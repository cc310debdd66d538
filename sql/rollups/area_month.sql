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
    -- What was observed, places and carriers by their numbers.
    seen AS
    (
        SELECT
            toUInt16(indexOf({targets:Array(String)}, toString(target))) AS nth,
            toUInt64OrZero(substring(place, 1, 12)) AS spot,
            toUInt16(indexOf(carriers, toString(carrier))) AS own,
            length(place) >= 12 AS isVillage,
            value, passed, newest
        FROM line_month WHERE month = {month:String} AND run = {run:UInt64}
    ),
    spot -> arrayMap(width -> intDiv(spot, toUInt64(exp10(length(toString(spot)) - width))), arrayFilter(width -> width <= length(toString(spot)), [2, 4, 6, 9, 12])) AS areasOf,
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
    SELECT
        nth, asking, code,
        sum(observedAt) AS observed, sum(registeredAt) AS registered, sum(passedAt) AS passed,
        sum(placesAt) AS placesObserved,
        arraySort(groupArrayArray(values)) AS sorted,
        max(latestAt) AS latest
    FROM
    (
        -- What was observed: villages, and every area above from its townships, so that no subject is taken in hand ten times.
        -- A line is its carrier's and one of all; of what all look at there are rows of each and of all.
        SELECT
            nth, arrayJoin(if({subjects:Array(String)}[nth] = 'line', [toUInt16(1), own], [own])) AS asking, spot AS code,
            count() AS observedAt, toUInt64(0) AS registeredAt, countIf(passed) AS passedAt, toUInt64(1) AS placesAt,
            groupArrayIf(value, {quantiles:Array(Float64)}[nth] > 0) AS values,
            max(newest) AS latestAt
        FROM seen
        WHERE isVillage
        GROUP BY nth, asking, spot
        UNION ALL
        SELECT nth, asking, arrayJoin(areasOf(part)), observedAt, 0, passedAt, placesAt, values, latestAt
        FROM
        (
            SELECT
                nth, arrayJoin(if({subjects:Array(String)}[nth] = 'line', [toUInt16(1), own], [own])) AS asking,
                if(isVillage, intDiv(spot, 1000), spot) AS part,
                count() AS observedAt, countIf(passed) AS passedAt, uniqExactIf(spot, isVillage) AS placesAt,
                groupArrayIf(value, {quantiles:Array(Float64)}[nth] > 0) AS values,
                max(newest) AS latestAt
            FROM seen
            GROUP BY nth, asking, part
        )
        UNION ALL
        -- What there is: of every area once for all targets that look at such subjects in such villages.
        SELECT
            arrayJoin(arrayFilter(nth -> {subjects:Array(String)}[nth] = subject AND (empty({villageKinds:Array(Array(String))}[nth]) OR has({villageKinds:Array(Array(String))}[nth], kind)),
                arrayMap(nth -> toUInt16(nth), arrayEnumerate({targets:Array(String)})))) AS nth,
            asking, code, 0, there, 0, 0, [], toDateTime64(0, 6, 'UTC')
        FROM
        (
            SELECT
                subject, toString(village.kind) AS kind, sum(known) AS there, arrayJoin(areasOf(toUInt64OrZero(spot))) AS code,
                arrayJoin(if(subject = 'line', [toUInt16(1), toUInt16(indexOf(carriers, own))], [toUInt16(indexOf(carriers, own))])) AS asking
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
            WHERE NOT village.outside
            GROUP BY subject, kind, asking, code
        )
    )
    GROUP BY nth, asking, code
)
