-- Of each month, a text that changes whenever its figures may because of what is registered: a line of that
-- month comes, goes or changes, or the village it is in becomes of another kind or is served from outside;
-- a village, a probe, an entry of the address library or a registered name does. What they were before the
-- month or are after it changes nothing.
-- {months:Array(String)}
WITH months AS
(
    SELECT
        arrayJoin({months:Array(String)}) AS month,
        toDate(concat(month, '-01')) AS first,
        toLastDayOfMonth(first) AS last,
        least(last, toDate(now(), 'Asia/Shanghai')) AS asOf
),
villages AS
(
    SELECT code AS village, month, kind, outside
    FROM place_version CROSS JOIN months
    WHERE level = 'village' AND validFrom <= asOf AND asOf <= validTo
)
SELECT month, arrayStringConcat(arrayMap(each -> each.2, arraySort(groupArray((nth, part)))), ' ') AS signature
FROM
(
    SELECT month, 1 AS nth, concat(toString(count()), ' ', toString(sum(cityHash64(toString((line, place, carrier, technology, subscribedDownBps, subscribedUpBps, greatest(validFrom, first), least(validTo, last), kind, outside)))))) AS part
    FROM
    (
        SELECT line, place, carrier, technology, subscribedDownBps, subscribedUpBps, validFrom, validTo, month, first, last, substring(place, 1, 12) AS village
        FROM line_version CROSS JOIN months
        WHERE validFrom <= last AND validTo >= first
    ) AS registered
    LEFT JOIN villages USING (village, month)
    GROUP BY month
    UNION ALL
    SELECT month, 2, toString(sum(cityHash64(village, toString(kind), outside)))
    FROM villages
    GROUP BY month
    UNION ALL
    SELECT month, 3, toString(sum(cityHash64(toString((probe, line, enrolled, revoked)))))
    FROM probe_binding CROSS JOIN months
    WHERE toDate(enrolled, 'Asia/Shanghai') <= last
    GROUP BY month
    UNION ALL
    SELECT month, 4, toString(sum(cityHash64(prefix, holder, carrier, area, purpose, greatest(validFrom, first), least(validTo, last), import)))
    FROM (SELECT * FROM library_prefix FINAL WHERE import IN (SELECT import FROM import FINAL)) AS prefixes CROSS JOIN months
    WHERE validFrom <= last AND validTo >= first
    GROUP BY month
    UNION ALL
    SELECT month, 5, toString(sum(cityHash64(toString((name, holder, level, area, url, families, greatest(validFrom, first), least(validTo, last), import)))))
    FROM (SELECT * FROM library_service FINAL WHERE import IN (SELECT import FROM import FINAL)) AS services CROSS JOIN months
    WHERE validFrom <= last AND validTo >= first
    GROUP BY month
)
GROUP BY month
ORDER BY month
