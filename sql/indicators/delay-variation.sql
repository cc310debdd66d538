-- title.zh: 时延抖动(p95 − 最小值)
-- title.en: Delay variation (p95 minus minimum)
-- method:   delay-variation/1
-- kind:     median
-- subject:  line
-- unit:     ms
-- source:   三(六)1 网络质量, 三(六)3 IPTV; RFC 5481 §4.2 (PDV), RFC 3393
--
-- Of each run the 95th percentile of its round-trip times less its minimum, as the probe tells it; of each
-- line the median of its runs. Variation against the minimum is what a playout buffer has to hold, which
-- differences of neighbouring packets do not say. Drawn from the runs of `round-trip-time`: answered,
-- idle, IPv4.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, start) AS place,
    argMax(carrier, start) AS carrier,
    quantileExactInclusive(0.5)(assumeNotNull(jitterMs)) AS value,
    false AS passed,
    count() AS runs,
    uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
    max(received) AS newest
FROM metric_icmp_rtt
WHERE family = 4 AND jitterMs IS NOT NULL AND empty(conflicts)
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
