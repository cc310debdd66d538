-- Who measured some lines: in the days' rollups, and whoever is bound to them now, whose newest rows
-- are not rolled up yet.
-- {lines:Array(String)} {days:Array(Date)} {runs:Array(UInt64)} (which run counts, of each day)
SELECT DISTINCT probe
FROM
(
    SELECT toString(arrayJoin(probes)) AS probe
    FROM line_day
    WHERE run IN {runs:Array(UInt64)} AND transform(day, {days:Array(Date)}, {runs:Array(UInt64)}, toUInt64(0)) = run
        AND line IN {lines:Array(String)}
    UNION ALL
    SELECT probe FROM probe FINAL WHERE line IN {lines:Array(String)}
)
ORDER BY probe
