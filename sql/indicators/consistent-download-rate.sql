-- title.zh: 稳定下行速率与签约速率之比(80/80)
-- title.en: Consistent download rate of the subscribed rate (80/80)
-- method:   consistent-download-rate/1
-- kind:     p20
-- subject:  line
-- unit:     1
-- source:   三(六)1 接入带宽、网络速率; the 80/80 consistent speed of FCC Measuring Broadband America
--
-- What 80 % of lines reach in 80 % of their busy-hour runs: of each line the 20th percentile of the runs
-- that began from 19:00 to before 23:00 on Chinese clocks, over its subscribed rate at the month's end;
-- then the 20th percentile over lines. A line without a subscribed rate is not observed; evidence is
-- counted of busy hours alone. A run that failed has no rate. IPv4 alone, as `median-upload-rate`.
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
        quantileExactInclusive(0.2)(assumeNotNull(rateDownBps)) AS rateBps,
        count() AS runs,
        uniqExact(toDate(start, 'Asia/Shanghai')) AS days,
        max(received) AS newest
    FROM metric_throughput
    WHERE family = 4 AND rateDownBps IS NOT NULL AND toHour(start, 'Asia/Shanghai') BETWEEN 19 AND 22
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
