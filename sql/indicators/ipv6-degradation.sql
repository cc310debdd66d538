-- title.zh: IPv6 时延劣化比
-- title.en: Degradation of the round-trip time over IPv6
-- method:   ipv6-degradation/1
-- kind:     median
-- subject:  line
-- unit:     1
-- source:   三(六)2 向 IPv6 改造; 国家 IPv6 发展监测平台 劣化比 = (IPv6 − IPv4) ÷ IPv4, waived where both beat a threshold; RFC 2681
--
-- Of each line and target measured in both families, the median over IPv6 less that over IPv4, over that
-- over IPv4; of each line the median of its targets. Negative is better over IPv6, and stays. Pairs by
-- target, so that families that are asked of different targets are not compared. A target counts when
-- each family has `minimumRuns` runs of it. Runs as in `round-trip-time`.
--
-- Where both families are within 20 ms the ratio is 0, as the national method has it: of 2 ms and 3 ms
-- nobody feels the half. Its threshold (《IPv6网络性能测量指标和方法》) is not published; 20 ms is this
-- station's, the one-way bound of 发改高技〔2021〕709号 taken for the whole round trip.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {minimumRuns:UInt32} {minimumDays:UInt32}
SELECT
    line AS subject,
    argMax(place, latest) AS place,
    argMax(carrier, latest) AS carrier,
    quantileExactInclusive(0.5)(if(ipv4Ms <= 20 AND ipv6Ms <= 20, 0, (ipv6Ms - ipv4Ms) / ipv4Ms)) AS value,
    false AS passed,
    sum(ipv4Runs + ipv6Runs) AS runs,
    uniqExactArray(daysSeen) AS days,
    max(newest) AS newest
FROM
(
    SELECT
        line, target,
        argMax(place, start) AS place,
        argMax(carrier, start) AS carrier,
        countIf(family = 4) AS ipv4Runs,
        countIf(family = 6) AS ipv6Runs,
        quantileExactInclusiveIf(0.5)(assumeNotNull(rttMedianMs), family = 4) AS ipv4Ms,
        quantileExactInclusiveIf(0.5)(assumeNotNull(rttMedianMs), family = 6) AS ipv6Ms,
        groupUniqArray(toDate(start, 'Asia/Shanghai')) AS daysSeen,
        max(start) AS latest,
        max(received) AS newest
    FROM metric_icmp_rtt
    WHERE family IN (4, 6) AND rttMedianMs IS NOT NULL AND empty(conflicts)
        AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
        AND line NOT IN (SELECT line FROM own_line)
    GROUP BY line, target
    HAVING least(ipv4Runs, ipv6Runs) >= greatest({minimumRuns:UInt32}, 1)
)
GROUP BY line
HAVING days >= {minimumDays:UInt32}
ORDER BY subject
