-- title.zh: 丢包率 90 百分位
-- title.en: 90th percentile of packet loss
-- method:   packet-loss/1
-- kind:     p90
-- subject:  line
-- unit:     1
-- source:   三(六)1 网络质量; RFC 2680, lost over sent without retries
--
-- Of each line the packets lost over the packets sent, summed over the month: a mean of ratios would
-- weigh short runs as much as long ones. Then the 90th percentile over lines: most lines lose nothing, so
-- a median is 0 and says nothing of the lossy tenth. A run nobody answered lost what it sent; one that
-- sent nothing, or was skipped, is no run. Idle runs and IPv4 alone, as `round-trip-time`.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, start) AS place,
    argMax(carrier, start) AS carrier,
    sum(assumeNotNull(packetsSent) - ifNull(packetsReceived, 0)) / sum(assumeNotNull(packetsSent)) AS value,
    false AS passed,
    count() AS runs,
    uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
    max(received) AS newest
FROM metric_icmp_rtt
WHERE family = 4 AND outcome != 'skipped' AND packetsSent > 0 AND empty(conflicts)
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
