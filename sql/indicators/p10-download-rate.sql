-- title.zh: 下行速率 10 百分位
-- title.en: 10th percentile of the download rate
-- method:   p10-download-rate/1
-- kind:     p10
-- subject:  line
-- unit:     bit/s
-- source:   三(六)1 全面提高接入带宽、网络速率; RFC 6349, TCP payload (BEREC BoR (22) 72); by line first, as FCC Measuring Broadband America
--
-- What nine lines of ten reach. The plan asks for higher rates everywhere, and a median says nothing of
-- the slow tenth. Of each line its median over the month, so that one bad evening makes no slow line; the
-- percentile is taken over lines. A run that failed has no rate. IPv4 alone, as `median-upload-rate`.
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
WHERE family = 4 AND rateDownBps IS NOT NULL
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
