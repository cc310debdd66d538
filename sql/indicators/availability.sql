-- title.zh: 线路可用率
-- title.en: Lines that were available
-- method:   availability/1
-- kind:     ratio
-- subject:  line
-- unit:     1
-- source:   三(六)1; RFC 2678 (connectivity), RFC 9293 §3.5
--
-- A line was available when at least `passRatio` of its runs of ICMP echo and TCP handshake were answered.
-- A run that was skipped, or that a silent probe never made, is no run: silence is no data and never an
-- outage (it counts in `probe-heartbeats`). A target that is down makes its lines look down: point the
-- schedules at several. IPv4 alone, which every line has; for IPv6 there is `ipv6-reach-lines`.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32} {passRatio:Float64}
SELECT
    line AS subject,
    argMax(place, start) AS place,
    argMax(carrier, start) AS carrier,
    countIf(outcome = 'ok') / count() AS value,
    (value >= {passRatio:Float64})::Bool AS passed,
    count() AS runs,
    uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
    max(received) AS newest
FROM measurement FINAL
WHERE metric IN ('icmp-rtt', 'tcp-connect') AND family = 4 AND outcome != 'skipped'
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
