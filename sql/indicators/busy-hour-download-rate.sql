-- title.zh: 忙时下行速率中位数(19–23 时)
-- title.en: Median download rate in the busy hours (19–23 h)
-- method:   busy-hour-download-rate/1
-- kind:     median
-- subject:  line
-- unit:     bit/s
-- source:   三(六)1 网络速率; RFC 6349, TCP payload; busy hours 19–23 local time as FCC Measuring Broadband America
--
-- Runs that began from 19:00 to before 23:00 on Chinese clocks, when a shared segment is fullest: beside
-- `median-download-rate` it shows what the neighbours' evening costs. Evidence is counted of busy hours
-- alone. A run that failed has no rate. IPv4 alone, as `median-upload-rate`.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, start) AS place,
    argMax(carrier, start) AS carrier,
    quantileExactInclusive(0.5)(assumeNotNull(rateDownBps)) AS value,
    false AS passed,
    count() AS runs,
    uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
    max(received) AS newest
FROM metric_throughput
WHERE family = 4 AND rateDownBps IS NOT NULL AND toHour(start, 'Asia/Shanghai') BETWEEN 19 AND 22
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
