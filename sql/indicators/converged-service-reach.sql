-- title.zh: 三网融合业务平台可达的村(社区)
-- title.en: Villages that reach the platforms of converged services
-- method:   converged-service-reach/1
-- kind:     ratio
-- subject:  village
-- unit:     1
-- source:   三(六)2 IPTV、手机电视、数字电视等融合类业务;三(六)3 完善融合业务平台,促进全省推广普及; RFC 9293, RFC 9110
--
-- A village passes when, of the registered platforms (services of the kind `platform`: IPTV, television on
-- phones, cloud television) whose area covers it, at least `passRatio` answered its lines. A platform did
-- where over one of the two families, of at least `minimumRuns` page fetches and TCP connects towards it, at
-- least `passRatio` succeeded. The value is platforms that answered, of those so many runs looked at; of one
-- that nobody looked at nothing is known.
--
-- The families are counted apart and either will do, as users are served by whichever answers; whether
-- platforms have IPv6 is `ipv6-services`. A probe fetches pages and sees no television: what is reached is the
-- platform. A row for every carrier whose lines looked, one over all of them ('').
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32} {passRatio:Float64}
SELECT
    toLowCardinality(village) AS subject, village::String AS place, asking::String AS carrier,
    countIf(reached) / count() AS value,
    (value >= {passRatio:Float64})::Bool AS passed,
    sum(tried) AS runs, length(groupUniqArrayArray(heard)) AS days, max(latest) AS newest
FROM
(
    SELECT
        run.village AS village, run.asking AS asking, platform.name AS name,
        countIf(run.family = 4) AS tried4, countIf(run.family = 4 AND run.ok) AS found4,
        countIf(run.family = 6) AS tried6, countIf(run.family = 6 AND run.ok) AS found6,
        (tried4 >= {minimumRuns:UInt32} AND found4 / tried4 >= {passRatio:Float64})
            OR (tried6 >= {minimumRuns:UInt32} AND found6 / tried6 >= {passRatio:Float64}) AS reached,
        count() AS tried,
        groupUniqArray(run.day) AS heard,
        max(run.received) AS latest
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
        SELECT name, area, arrayJoin(hosts) AS host
        FROM
        (
            SELECT name, kind, area, hosts
            FROM library_service_version
            WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
                AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
            ORDER BY name, validFrom DESC
            LIMIT 1 BY name
        )
        WHERE kind = 'platform'
    ) AS platform ON platform.host = run.host
    WHERE startsWith(run.village, platform.area)
    GROUP BY GROUPING SETS ((village, asking, name), (village, name))
    HAVING greatest(tried4, tried6) >= greatest({minimumRuns:UInt32}, 1)
)
GROUP BY village, asking
HAVING days >= {minimumDays:UInt32}
ORDER BY subject, carrier
