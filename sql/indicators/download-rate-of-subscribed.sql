-- title.zh: 下行速率与签约速率之比
-- title.en: Download rate of the subscribed rate
-- method:   download-rate-of-subscribed/1
-- kind:     median
-- subject:  line
-- unit:     1
-- source:   三(六)1 接入带宽; measured over advertised as FCC Measuring Broadband America and BEREC BoR (22) 72
--
-- The line's median over the rate its subscriber pays for, as the register has the line at the month's
-- end. A line without a subscribed rate is not observed. Above 1 is possible and stays: carriers provision
-- more than they sell. TCP payload is some 5 % below the link's rate (1448/1514), which is not made good.
-- A run that failed has no rate. IPv4 alone, as `median-upload-rate`.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    measured.line AS subject, measured.place AS place, measured.carrier AS carrier,
    measured.rateBps / assumeNotNull(subscribed.subscribedDownBps) AS value,
    false AS passed, measured.runs AS runs, measured.days AS days, measured.newest AS newest
FROM
(
    SELECT
        line,
        argMax(place, start) AS place,
        argMax(carrier, start) AS carrier,
        quantileExactInclusive(0.5)(assumeNotNull(rateDownBps)) AS rateBps,
        count() AS runs,
        uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
        max(received) AS newest
    FROM metric_throughput
    WHERE family = 4 AND rateDownBps IS NOT NULL
        AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
        AND line NOT IN (SELECT line FROM own_line)
    GROUP BY line
    HAVING runs >= {minimumRuns:UInt32} AND days >= {minimumDays:UInt32}
) AS measured
INNER JOIN
(
    -- Lines of the month, each as it last stood.
    SELECT line, subscribedDownBps
    FROM line_version
    WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
        AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
    ORDER BY line, validFrom DESC
    LIMIT 1 BY line
) AS subscribed ON subscribed.line = measured.line
WHERE subscribed.subscribedDownBps > 0
ORDER BY subject
