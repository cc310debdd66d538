-- title.zh: 负载下往返时延(IPv4)
-- title.en: Round-trip time under load (IPv4)
-- method:   loaded-round-trip-time/2
-- kind:     median
-- subject:  line
-- unit:     ms
-- source:   三(六)1 网络质量; RFC 2681, RFC 9097 §6 (round-trip delay beside capacity), draft-ietf-ippm-responsiveness
--
-- How far the line's buffers fill: of each line the median of what its throughput runs saw of round
-- trips while the line was full, downloads and uploads apart, and of the two the worse. `throughput/1`
-- measures no delay and counts for nothing here. These are TCP handshakes: echoes beside a throughput
-- test are never mixed in. The evidence is that of the direction that counts: where it is too little,
-- the better one does not stand in for it. Otherwise drawn as `round-trip-time`.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, (latest, down)) AS place,
    argMax(carrier, (latest, down)) AS carrier,
    max(median) AS value,
    false AS passed,
    argMax(runs, (median, down)) AS runs,
    argMax(days, (median, down)) AS days,
    max(latest) AS newest
FROM
(
    SELECT
        line,
        rateUpBps IS NULL AS down,
        argMax(place, start) AS place,
        argMax(carrier, start) AS carrier,
        quantileExactInclusive(0.5)(assumeNotNull(loadedRttMs)) AS median,
        count() AS runs,
        uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
        max(received) AS latest
    FROM metric_throughput
    WHERE family = 4 AND loadedRttMs IS NOT NULL
        AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
        AND line NOT IN (SELECT line FROM own_line)
    GROUP BY line, down
)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
