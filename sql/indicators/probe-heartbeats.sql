-- title.zh: 探针心跳
-- title.en: Lines whose probes kept reporting
-- method:   probe-heartbeats/1
-- kind:     ratio
-- subject:  line
-- unit:     1
-- source:   二 安全监测预警全覆盖 (network part); heartbeats of registered nodes over the month
--
-- Every registered line with a bound, unrevoked probe has a row: elsewhere silence is no data, here it is
-- the failure, so `minimumRuns` and `minimumDays` are not used. The value is the hours in which a row of
-- the line's probes began or arrived, skipped and failed ones too, over the hours there were: whole hours
-- since the month began, the probe was enrolled or the line opened, until the month or the line ends.
--
-- A month that runs is counted to the newest row that came to the station from any probe, its own
-- included, and not to the clock: while the station itself is away nobody is silent, and what is drawn
-- twice from the same rows is the same. A line that had two probes was heard when one of them was.
-- Place and carrier are the register's as the line last stood in the month, for a silent line has no other.
--
-- {start:DateTime64(3)} {end:DateTime64(3)} {passRatio:Float64}
WITH
    toUnixTimestamp({start:DateTime64(3)}) AS monthBegins,
    toUnixTimestamp({end:DateTime64(3)}) AS monthEnds,
    -- A month's hours are the bits of twelve words: millions of rows fall into them, and none is kept. Of a word,
    -- the hours before another; all 64 apart, for what a shift by 64 gives is not defined.
    (hour, word) -> if(hour >= 64 * word + 64, 18446744073709551615, toUInt64(bitShiftLeft(toUInt64(1), greatest(0, least(63, hour - 64 * word))) - 1)) AS before
SELECT
    toLowCardinality(line) AS subject, place, carrier,
    heard / hours AS value,
    (value >= {passRatio:Float64})::Bool AS passed,
    runs, days, newest
FROM
(
    SELECT
        line, place, carrier, technology, runs, days,
        max(lastReceived) OVER () AS latest,
        if(runs > 0, lastReceived, latest) AS newest,
        -- Hours of the month, the first and the one after the last; months of China begin on whole hours.
        intDiv(greatest(monthBegins, toUnixTimestamp(enrolled), toUnixTimestamp(toDateTime(opened, 'Asia/Shanghai'))) - monthBegins + 3599, 3600) AS fromHour,
        intDiv(least(monthEnds, toUnixTimestamp(toDateTime(closed + 1, 'Asia/Shanghai')), if(now() >= {end:DateTime64(3)}, monthEnds, greatest(monthBegins, toUnixTimestamp(latest)))) - monthBegins, 3600) AS toHour,
        toHour - fromHour AS hours,
        if(hours > 0, arraySum(arrayMap((seen, word) -> bitCount(bitAnd(seen, bitXor(before(toHour, word), before(fromHour, word)))), begun, range(length(begun)))), 0)
            + arrayCount(hour -> fromHour <= hour AND hour < toHour AND NOT bitTest(begun[intDiv(hour, 64) + 1], hour % 64), came) AS heard
    FROM
    (
        SELECT
            registered.line AS line,
            any(registered.place) AS place,
            any(registered.carrier) AS carrier,
            any(registered.technology) AS technology,
            any(registered.opened) AS opened,
            any(registered.closed) AS closed,
            min(bound.enrolled) AS enrolled,
            sum(reported.runs) AS runs,
            groupBitOrForEach(reported.begun) AS begun,
            groupUniqArrayArray(reported.came) AS came,
            toUInt64(bitCount(groupBitOr(reported.daysBegun))) AS days,
            max(reported.newest) AS lastReceived
        FROM
        (
            -- Lines of the month, each as it last stood.
            SELECT
                line,
                argMax(place, validFrom) AS place,
                toString(argMax(carrier, validFrom)) AS carrier,
                argMax(technology, validFrom) AS technology,
                min(validFrom) AS opened,
                least(max(validTo), toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')) AS closed
            FROM line_version
            WHERE validFrom <= toDate(subtractMilliseconds({end:DateTime64(3)}, 1), 'Asia/Shanghai')
                AND validTo >= toDate({start:DateTime64(3)}, 'Asia/Shanghai')
            GROUP BY line
        ) AS registered
        INNER JOIN
        (
            SELECT probe, line, enrolled
            FROM probe_binding
            WHERE enrolled < {end:DateTime64(3)} AND ifNull(revoked >= {end:DateTime64(3)}, true)
        ) AS bound ON bound.line = registered.line
        LEFT JOIN
        (
            WITH
                intDiv(toUnixTimestamp(start) - monthBegins, 3600) AS hour,
                intDiv(toUnixTimestamp(received) - monthBegins, 3600) AS hourCame,
                intDiv(hour, 64) AS word, bitShiftLeft(toUInt64(1), hour % 64) AS bit
            SELECT
                probe,
                count() AS runs,
                [groupBitOrIf(bit, word = 0), groupBitOrIf(bit, word = 1), groupBitOrIf(bit, word = 2), groupBitOrIf(bit, word = 3),
                 groupBitOrIf(bit, word = 4), groupBitOrIf(bit, word = 5), groupBitOrIf(bit, word = 6), groupBitOrIf(bit, word = 7),
                 groupBitOrIf(bit, word = 8), groupBitOrIf(bit, word = 9), groupBitOrIf(bit, word = 10), groupBitOrIf(bit, word = 11)] AS begun,
                groupBitOr(bitShiftLeft(toUInt64(1), intDiv(hour, 24))) AS daysBegun,
                -- A row mostly came in the hour in which it began, which is there already; a late one may have come after the month.
                groupUniqArrayIf(hourCame, hourCame != hour AND received >= {start:DateTime64(3)} AND received < {end:DateTime64(3)}) AS came,
                max(received) AS newest
            FROM measurement FINAL
            WHERE start >= {start:DateTime64(3)} AND start < {end:DateTime64(3)}
            GROUP BY probe
        ) AS reported ON reported.probe = bound.probe
        GROUP BY registered.line
    )
)
WHERE hours > 0 AND technology != 'loopback'
ORDER BY subject
