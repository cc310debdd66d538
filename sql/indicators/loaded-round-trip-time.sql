-- title.zh: 负载下往返时延(IPv4)
-- title.en: Round-trip time under load (IPv4)
-- method:   loaded-round-trip-time/1
-- kind:     median
-- subject:  line
-- unit:     ms
-- source:   三(六)1 网络质量; RFC 2681, RFC 9097 §6 (round-trip delay beside capacity), conflicts of RFC 8194
--
-- How far the line's buffers fill: of each line the median of the medians of those echo runs beside which
-- a throughput test ran on the same probe. An echo is quiet itself, so whatever it names as a conflict was
-- loud. `throughput/1` measures no delay, and an agent that lets its throughput tests run alone has no
-- such runs: its lines are not observed here. Otherwise drawn as `round-trip-time`.
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
WHERE family = 4 AND rttMedianMs IS NOT NULL AND notEmpty(conflicts)
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
