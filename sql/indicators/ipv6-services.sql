-- title.zh: 业务 IPv6 可用率
-- title.en: Services that answer over IPv6
-- method:   ipv6-services/1
-- kind:     ratio
-- subject:  service
-- unit:     1
-- source:   三(六)2 推动现有业务逐渐向 IPv6 网络过渡; RFC 3596, RFC 9293, RFC 9110; 国家 IPv6 发展监测平台 (DNS 记录、首页可达)
--
-- A registered service passes when of its runs in the month at least `passRatio` of the name look-ups find
-- an AAAA record, and over IPv6 at least `passRatio` of the TCP connects and of the page fetches succeed,
-- over all lines that looked. Only services that were looked at in all three ways are rows. Place is the
-- service's area; a row for every carrier whose lines looked, and one over all of them ('').
--
-- Family 6 is pinned for TCP and HTTP. A name's records are the same whichever way the resolver is asked,
-- so look-ups count in both families, where the server answered: a question without an answer says
-- nothing of the name. A record does not say which type was asked; AAAA is what schedules ask unless told
-- otherwise, and an A that passes for one brings no service through, which has to connect over IPv6.
--
-- A line on which nothing answered over IPv6 in the month has no IPv6 to look with: it would fail every
-- service there is, and is not heard (it counts in `ipv6-reach-lines`).
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32} {passRatio:Float64}
SELECT
    toLowCardinality(name) AS subject, area AS place, asking::String AS carrier,
    least(published / lookups, connected / connects, fetched / fetches) AS value,
    (value >= {passRatio:Float64})::Bool AS passed,
    runs, days, newest
FROM
(
    SELECT
        service.name AS name, looked.carrier AS asking,
        any(service.area) AS area,
        countIf(looked.metric = 'dns-resolve') AS lookups,
        countIf(looked.metric = 'dns-resolve' AND looked.outcome = 'ok') AS published,
        countIf(looked.metric = 'tcp-connect') AS connects,
        countIf(looked.metric = 'tcp-connect' AND looked.outcome = 'ok') AS connected,
        countIf(looked.metric = 'http-fetch') AS fetches,
        countIf(looked.metric = 'http-fetch' AND looked.outcome = 'ok') AS fetched,
        count() AS runs,
        uniqExact(toDate(looked.start, 'Asia/Shanghai')) AS days,
        max(looked.received) AS newest
    FROM
    (
        SELECT
            metric, outcome, start, received, carrier,
            lower(if(match(target, '^https?://'), domain(target), replaceRegexpOne(target, ':[0-9]+$', ''))) AS host
        FROM measurement FINAL
        WHERE metric IN ('dns-resolve', 'tcp-connect', 'http-fetch') AND outcome != 'skipped'
            AND if(metric = 'dns-resolve', (outcome = 'ok' OR stage = 'answer') AND code != 'no-a', family = 6)
            AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
            AND line NOT IN (SELECT line FROM own_line)
            AND line IN
            (
                SELECT line FROM measurement
                WHERE metric IN ('icmp-rtt', 'tcp-connect', 'http-fetch') AND family = 6 AND outcome = 'ok'
                    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
            )
    ) AS looked
    INNER JOIN
    (
        -- Services of the month, each as it last stood, by the names it goes by.
        SELECT name, area, arrayJoin(hosts) AS host
        FROM
        (
            SELECT name, area, hosts
            FROM library_service_version
            WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
                AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
            ORDER BY name, validFrom DESC
            LIMIT 1 BY name
        )
    ) AS service ON service.host = looked.host
    GROUP BY GROUPING SETS ((name, asking), (name))
)
WHERE least(lookups, connects, fetches) >= greatest({minimumRuns:UInt32}, 1) AND days >= {minimumDays:UInt32}
ORDER BY subject, carrier
