-- Medians of some lines in a span of time: the median over a line's runs of each run's own figure.
-- Where several methods measured within the span, all are named.
-- Loss is the share of all packets of all runs, not a mean of ratios.
-- {lines:Array(String)} {probes:Array(String)} (all that measured them; none: any) {start:DateTime64(3)} {end:DateTime64(3)}
SELECT line, metric, family, arrayStringConcat(arraySort(groupUniqArray(method)), ', ') AS method, statistic, quantileExactInclusive(0.5)(value) AS median, count() AS n
FROM
(
    SELECT line, metric, family, method, 'rttMs' AS statistic, assumeNotNull(rttMedianMs) AS value
    FROM metric_icmp_rtt
    WHERE rttMedianMs IS NOT NULL AND (empty({probes:Array(String)}) OR probe IN {probes:Array(String)})
        AND line IN {lines:Array(String)} AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    UNION ALL
    SELECT line, metric, family, method, 'rttMs', assumeNotNull(rttMedianMs)
    FROM metric_tcp_connect
    WHERE rttMedianMs IS NOT NULL AND (empty({probes:Array(String)}) OR probe IN {probes:Array(String)})
        AND line IN {lines:Array(String)} AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    UNION ALL
    SELECT line, metric, 0, method, 'downBps', assumeNotNull(rateDownBps)
    FROM metric_throughput
    WHERE rateDownBps IS NOT NULL AND (empty({probes:Array(String)}) OR probe IN {probes:Array(String)})
        AND line IN {lines:Array(String)} AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    UNION ALL
    SELECT line, metric, 0, method, 'upBps', assumeNotNull(rateUpBps)
    FROM metric_throughput
    WHERE rateUpBps IS NOT NULL AND (empty({probes:Array(String)}) OR probe IN {probes:Array(String)})
        AND line IN {lines:Array(String)} AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
)
GROUP BY line, metric, family, statistic
UNION ALL
SELECT line, metric, family, arrayStringConcat(arraySort(groupUniqArray(method)), ', '), 'lossRatio', 1 - sum(received) / sum(sent), count()
FROM
(
    SELECT line, metric, family, method, assumeNotNull(packetsReceived) AS received, assumeNotNull(packetsSent) AS sent
    FROM metric_icmp_rtt
    WHERE packetsSent > 0 AND (empty({probes:Array(String)}) OR probe IN {probes:Array(String)})
        AND line IN {lines:Array(String)} AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
)
GROUP BY line, metric, family
