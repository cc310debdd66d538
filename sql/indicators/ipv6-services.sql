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
WITH toDate({start:DateTime64(3)}, 'Asia/Shanghai') AS firstDay
SELECT
    toLowCardinality(name) AS subject, any(area) AS place, looking::String AS carrier,
    least(sum(published) / sum(lookups), sum(connected) / sum(connects), sum(fetched) / sum(fetches)) AS value,
    (value >= {passRatio:Float64})::Bool AS passed,
    sum(looked) AS runs,
    toUInt64(bitCount(groupBitOr(daysSeen))) AS days,
    max(latest) AS newest
FROM
(
    -- By the target as it is written first: millions of runs towards a few thousand.
    SELECT
        lower(if(match(target, '^https?://'), domain(target), replaceRegexpOne(target, ':[0-9]+$', ''))) AS host, carrier AS asking,
        countIf(metric = 'dns-resolve') AS lookups,
        countIf(metric = 'dns-resolve' AND outcome = 'ok') AS published,
        countIf(metric = 'tcp-connect') AS connects,
        countIf(metric = 'tcp-connect' AND outcome = 'ok') AS connected,
        countIf(metric = 'http-fetch') AS fetches,
        countIf(metric = 'http-fetch' AND outcome = 'ok') AS fetched,
        count() AS looked,
        groupBitOr(bitShiftLeft(toUInt64(1), toDate(start, 'Asia/Shanghai') - firstDay)) AS daysSeen,
        max(received) AS latest
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
    GROUP BY target, carrier
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
GROUP BY name, arrayJoin(arrayDistinct(['', asking::String])) AS looking
HAVING least(sum(lookups), sum(connects), sum(fetches)) >= greatest({minimumRuns:UInt32}, 1) AND days >= {minimumDays:UInt32}
ORDER BY subject, carrier
