-- title.zh: 省市县乡村五级贯通
-- title.en: Villages that reach services of all five levels
-- method:   five-level-reach/2
-- kind:     ratio
-- subject:  village
-- unit:     1
-- source:   三(五)2 纵向贯通省、市、县、乡镇、村 5 级; RFC 9293, RFC 9110
--
-- A village passes when, from its lines, the registered services of each of the five levels whose area
-- covers it answered: over one of the two families, of at least `minimumRuns` page fetches and TCP connects
-- towards a level's services at least `passRatio`. The value is levels that did, of five. Where a level has no registered service,
-- or nobody looked at it, the village cannot pass: the plan asks for five levels, not for those there are.
--
-- The families are counted apart and either will do, as users are served by whichever answers: what fails
-- over IPv6 takes nothing from a level reached over IPv4. A service of several levels or names counts once a level. A village is a row from
-- `minimumRuns` runs towards such services on; one for every carrier whose lines looked, one over all ('').
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32} {passRatio:Float64}
WITH
    toDate({start:DateTime64(3)}, 'Asia/Shanghai') AS firstDay,
    ['province', 'city', 'county', 'township', 'village'] AS five
SELECT
    -- Not the key itself: what is asked of places is asked of villages then, and not of every run.
    toLowCardinality(village) AS subject, any(village)::String AS place, looking::String AS carrier,
    arrayCount(
        (tried4, found4, tried6, found6) ->
            (tried4 >= {minimumRuns:UInt32} AND found4 / tried4 >= {passRatio:Float64})
            OR (tried6 >= {minimumRuns:UInt32} AND found6 / tried6 >= {passRatio:Float64}),
        sumForEach(looked4), sumForEach(answered4), sumForEach(looked6), sumForEach(answered6)) / 5 AS value,
    (value = 1)::Bool AS passed,
    sum(tried) AS runs,
    toUInt64(bitCount(groupBitOr(daysSeen))) AS days,
    max(latest) AS newest
FROM
(
    -- By carrier first, and then for all: millions of runs are counted once. A level is a bit, as is a day of the month.
    SELECT
        village, asking,
        [countIf(v4 AND bitTest(levels, 0)), countIf(v4 AND bitTest(levels, 1)), countIf(v4 AND bitTest(levels, 2)),
         countIf(v4 AND bitTest(levels, 3)), countIf(v4 AND bitTest(levels, 4))] AS looked4,
        [countIf(v4 AND ok AND bitTest(levels, 0)), countIf(v4 AND ok AND bitTest(levels, 1)), countIf(v4 AND ok AND bitTest(levels, 2)),
         countIf(v4 AND ok AND bitTest(levels, 3)), countIf(v4 AND ok AND bitTest(levels, 4))] AS answered4,
        [countIf(v6 AND bitTest(levels, 0)), countIf(v6 AND bitTest(levels, 1)), countIf(v6 AND bitTest(levels, 2)),
         countIf(v6 AND bitTest(levels, 3)), countIf(v6 AND bitTest(levels, 4))] AS looked6,
        [countIf(v6 AND ok AND bitTest(levels, 0)), countIf(v6 AND ok AND bitTest(levels, 1)), countIf(v6 AND ok AND bitTest(levels, 2)),
         countIf(v6 AND ok AND bitTest(levels, 3)), countIf(v6 AND ok AND bitTest(levels, 4))] AS answered6,
        count() AS tried,
        groupBitOr(bitShiftLeft(toUInt64(1), day - firstDay)) AS daysSeen,
        max(received) AS latest
    FROM
    (
        SELECT
            run.village AS village, run.asking AS asking, run.family = 4 AS v4, run.family = 6 AS v6, run.ok AS ok, run.day AS day, run.received AS received,
            arraySum(arrayDistinct(arrayMap(each -> if(startsWith(run.village, each.2), each.1, 0), service.covering))) AS levels
        FROM
        (
            SELECT
                substring(place, 1, 12) AS village,
                carrier AS asking,
                family,
                outcome = 'ok' AS ok,
                toDate(start, 'Asia/Shanghai') AS day,
                received,
                lower(if(match(target, '^https?://'), domain(target), replaceRegexpOne(target, ':[0-9]+$', ''))) AS host
            FROM measurement FINAL
            WHERE metric IN ('tcp-connect', 'http-fetch') AND outcome != 'skipped' AND length(place) >= 12
                AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
                AND line NOT IN (SELECT line FROM own_line)
        ) AS run
        INNER JOIN
        (
            -- Services of the month, each as it last stood, by the names it goes by.
            SELECT arrayJoin(hosts) AS host, groupUniqArray((toUInt8(exp2(indexOf(five, toString(level)) - 1)), area)) AS covering
            FROM
            (
                SELECT name, level, area, hosts
                FROM library_service_version
                WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
                    AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
                ORDER BY name, validFrom DESC
                LIMIT 1 BY name
            )
            GROUP BY host
        ) AS service ON service.host = run.host
        WHERE levels > 0
    )
    GROUP BY village, asking
)
GROUP BY village, arrayJoin(arrayDistinct(['', asking::String])) AS looking
HAVING runs >= {minimumRuns:UInt32} AND days >= {minimumDays:UInt32}
ORDER BY subject, carrier
