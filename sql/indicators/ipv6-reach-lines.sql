-- title.zh: 接入线路 IPv6 可达率
-- title.en: Access lines reached over IPv6
-- method:   ipv6-reach-lines/1
-- kind:     ratio
-- subject:  line
-- unit:     1
-- source:   三(六)2; family pinned, no fallback (RFC 8305 §8 shows what a fallback hides)
--
-- A line is reached when, of its runs over IPv6 in the month, at least `passRatio` of the TCP
-- connects and at least `passRatio` of the page fetches succeed: a line on which connects succeed
-- but full-size pages hang (a path-MTU black hole) is not. A run that was skipped is no run.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32} {passRatio:Float64}
SELECT line AS subject, place, carrier, least(connected / connects, fetched / fetches) AS value, (value >= {passRatio:Float64})::Bool AS passed, runs, days, newest
FROM
(
    SELECT
        line,
        argMax(place, start) AS place,
        argMax(carrier, start) AS carrier,
        countIf(metric = 'tcp-connect') AS connects,
        countIf(metric = 'tcp-connect' AND outcome = 'ok') AS connected,
        countIf(metric = 'http-fetch') AS fetches,
        countIf(metric = 'http-fetch' AND outcome = 'ok') AS fetched,
        count() AS runs,
        uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
        max(received) AS newest
    FROM measurement FINAL
    WHERE metric IN ('tcp-connect', 'http-fetch') AND family = 6 AND outcome != 'skipped'
        AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
        AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')
    GROUP BY line
)
WHERE least(connects, fetches) >= {minimumRuns:UInt32} AND days >= {minimumDays:UInt32}
ORDER BY subject
