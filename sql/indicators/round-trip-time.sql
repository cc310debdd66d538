-- title.zh: 往返时延(IPv4,空闲)
-- title.en: Round-trip time (IPv4, idle)
-- method:   round-trip-time/1
-- kind:     median
-- subject:  line
-- unit:     ms
-- source:   三(六)1 网络质量; RFC 2681
--
-- Of each line the median of its runs' medians, by ICMP echo, towards whatever its schedule asks. A run
-- without an answer has no round-trip time, it is no large one (RFC 2681 §2.4). Runs beside which a
-- throughput test ran measured that test: `loaded-round-trip-time`. TCP handshakes read higher and are
-- never mixed in. IPv4 alone, which every line has; IPv6 is held against it in `ipv6-degradation`.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, start) AS place,
    argMax(carrier, start) AS carrier,
    quantileExactInclusive(0.5)(assumeNotNull(rttMedianMs)) AS value,
    false AS passed,
    count() AS runs,
    uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
    max(received) AS newest
FROM metric_icmp_rtt
WHERE family = 4 AND rttMedianMs IS NOT NULL AND empty(conflicts)
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
