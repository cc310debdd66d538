-- Of each month, a text that changes whenever its figures may because of the register: a line of that month
-- comes, goes or changes, or the village it is in becomes of another kind or is served from outside. What a
-- line was before the month or is after it changes nothing.
-- {months:Array(String)}
WITH months AS
(
    SELECT
        arrayJoin({months:Array(String)}) AS month,
        toDate(concat(month, '-01')) AS first,
        toLastDayOfMonth(first) AS last,
        least(last, toDate(now(), 'Asia/Shanghai')) AS asOf
)
SELECT
    month,
    concat(toString(count()), ' ', toString(sum(cityHash64(line, place, carrier, technology, greatest(validFrom, first), least(validTo, last), toString(kind), outside)))) AS signature
FROM
(
    SELECT line, place, carrier, technology, validFrom, validTo, month, first, last, substring(place, 1, 12) AS village
    FROM line_version CROSS JOIN months
    WHERE validFrom <= last AND validTo >= first
) AS registered
LEFT JOIN
(
    SELECT code AS village, month, kind, outside
    FROM place_version CROSS JOIN months
    WHERE level = 'village' AND validFrom <= asOf AND asOf <= validTo
) AS villages USING (village, month)
GROUP BY month
ORDER BY month
