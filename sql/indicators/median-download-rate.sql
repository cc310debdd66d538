-- title.zh: 下行速率中位数
-- title.en: Median download rate
-- method:   median-download-rate/1
-- kind:     median
-- subject:  line
-- unit:     bit/s
-- source:   三(六)1; TCP payload, several connections; a line's median first, then the median of
--           lines, so that a busy probe cannot outvote a village (as in FCC Measuring Broadband America)
--
-- A run that failed has no rate: it is no zero, and it is not a run here.
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
WHERE rateDownBps IS NOT NULL
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
