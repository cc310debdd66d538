-- A page of measurements, earliest received first, after the row (afterReceived, afterProbe,
-- afterSequence); to begin, ask after 1970-01-01, '', 0. An empty filter lets everything through.
-- {afterReceived:DateTime64(6)} {afterProbe:String} {afterSequence:UInt64}
-- {fromReceived:DateTime64(6)} {toReceived:DateTime64(6)} (no row received outside is looked at)
-- {partitions:Array(UInt32)} (the days they can be of, as YYYYMMDD; none: any)
-- {probe:String} {line:String} {metric:String} {within:String} (prefix of codes) {limit:UInt32}
SELECT
    metric, probe, start, sequence, version, schedule, task, method, target, address, family,
    durationUs, outcome, stage, code, detail, conflicts,
    clockSynchronised, clockOffsetUs, clockUncertaintyUs, software,
    [v0, v1, v2, v3, v4, v5, v6, v7, v8, v9, v10, v11, v12, v13, v14, v15] AS values,
    received, source, line, place, carrier, admission
FROM measurement FINAL
-- Found in a few columns; all the others are read of these rows alone.
WHERE (metric, probe, start, sequence) IN
(
    SELECT metric, probe, start, sequence
    FROM measurement FINAL
    WHERE ({probe:String} = '' OR probe = {probe:String})
        AND ({line:String} = '' OR line = {line:String})
        AND ({metric:String} = '' OR metric = {metric:String})
        AND startsWith(place, {within:String})
        AND (empty({partitions:Array(UInt32)}) OR toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai')) IN {partitions:Array(UInt32)})
        AND received >= {fromReceived:DateTime64(6)} AND received <= {toReceived:DateTime64(6)}
        AND received >= {afterReceived:DateTime64(6)}
        AND (received, probe, sequence) > ({afterReceived:DateTime64(6)}, {afterProbe:String}, {afterSequence:UInt64})
    ORDER BY received, probe, sequence
    LIMIT {limit:UInt32}
)
ORDER BY received, probe, sequence
