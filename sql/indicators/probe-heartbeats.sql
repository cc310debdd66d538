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
SELECT
    toLowCardinality(line) AS subject, place, carrier,
    heard / hours AS value,
    (value >= {passRatio:Float64})::Bool AS passed,
    runs, days, newest
FROM
(
    SELECT
        line, place, carrier, technology, runs,
        days,
        max(lastReceived) OVER () AS latest,
        if(runs > 0, lastReceived, latest) AS newest,
        -- Hours of the epoch, the first and the one after the last; months of China begin on whole hours.
        intDiv(greatest(toUnixTimestamp({start:DateTime64(3)}), toUnixTimestamp(enrolled), toUnixTimestamp(toDateTime(opened, 'Asia/Shanghai'))) + 3599, 3600) AS fromHour,
        intDiv(least(toUnixTimestamp({end:DateTime64(3)}), toUnixTimestamp(toDateTime(closed + 1, 'Asia/Shanghai')), if(now() >= {end:DateTime64(3)}, toUnixTimestamp({end:DateTime64(3)}), toUnixTimestamp(latest))), 3600) AS toHour,
        toInt64(toHour) - toInt64(fromHour) AS hours,
        if(hours > 0, bitmapCardinality(bitmapSubsetInRange(hoursSeen, toUInt32(fromHour), toUInt32(toHour))), 0) AS heard
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
            bitmapOr(groupBitmapMergeState(reported.hoursBegun) AS begun, groupBitmapMergeState(reported.hoursCame)) AS hoursSeen,
            toUInt64(arrayUniq(arrayMap(hour -> toDate(toDateTime(hour * 3600, 'Asia/Shanghai')), bitmapToArray(begun)))) AS days,
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
            SELECT
                probe,
                count() AS runs,
                groupBitmapState(intDiv(toUnixTimestamp(start), 3600)) AS hoursBegun,
                -- A row mostly came in the hour in which it began, which is there already.
                groupBitmapStateIf(intDiv(toUnixTimestamp(received), 3600), intDiv(toUnixTimestamp(received), 3600) != intDiv(toUnixTimestamp(start), 3600)) AS hoursCame,
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
