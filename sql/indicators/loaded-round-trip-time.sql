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
WITH
    rateUpBps IS NULL AS down,
    bitShiftLeft(toUInt64(1), toDate(start, 'Asia/Shanghai') - toDate({start:DateTime64(3)}, 'Asia/Shanghai')) AS day,
    -- NULL of a direction that has no run.
    quantileExactInclusiveOrNullIf(0.5)(assumeNotNull(loadedRttMs), down) AS medianDown,
    quantileExactInclusiveOrNullIf(0.5)(assumeNotNull(loadedRttMs), NOT down) AS medianUp,
    maxIf(received, down) AS latestDown, maxIf(received, NOT down) AS latestUp,
    ifNull(medianDown >= medianUp, medianUp IS NULL) AS isDown
SELECT
    line AS subject,
    if(latestDown >= latestUp, argMaxIf(place, start, down), argMaxIf(place, start, NOT down))::String AS place,
    if(latestDown >= latestUp, argMaxIf(carrier, start, down), argMaxIf(carrier, start, NOT down))::String AS carrier,
    if(isDown, assumeNotNull(medianDown), assumeNotNull(medianUp)) AS value,
    false AS passed,
    if(isDown, countIf(down), countIf(NOT down)) AS runs,
    toUInt64(bitCount(if(isDown, groupBitOrIf(day, down), groupBitOrIf(day, NOT down)))) AS days,
    greatest(latestDown, latestUp) AS newest
FROM metric_throughput
WHERE family = 4 AND loadedRttMs IS NOT NULL
    AND start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
    AND line NOT IN (SELECT line FROM own_line)
GROUP BY line
HAVING runs >= {minimumRuns:UInt32}
    AND days >= {minimumDays:UInt32}
ORDER BY subject
