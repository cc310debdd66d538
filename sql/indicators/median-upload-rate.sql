-- title.zh: 上行速率中位数
-- title.en: Median upload rate
-- method:   median-upload-rate/1
-- kind:     median
-- subject:  line
-- unit:     bit/s
-- source:   三(六)1 接入带宽、网络速率; RFC 6349, TCP payload (BEREC BoR (22) 72); by line first, as FCC Measuring Broadband America
--
-- A line's median first, then the median of lines: a busy probe cannot outvote a village. A run that
-- failed has no rate: it is no zero, and it is not a run here. IPv4 alone, which every line has: of the
-- same link TCP over IPv6 carries 1.4 % less payload, and a mixture would follow the schedules.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, start) AS place,
    argMax(carrier, start) AS carrier,
    quantileExactInclusive(0.5)(assumeNotNull(rateUpBps)) AS value,
    false AS passed,
    count() AS runs,
    uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
    max(received) AS newest
FROM metric_throughput
WHERE family = 4 AND rateUpBps IS NOT NULL
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
