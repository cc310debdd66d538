-- Of each month, a text that changes whenever a line of that month comes, goes or changes: its figures
-- count the lines there are. What a line was before the month or is after it changes nothing.
-- {months:Array(String)}
SELECT
    month,
    concat(toString(count()), ' ', toString(sum(cityHash64(line, place, carrier, technology, greatest(validFrom, first), least(validTo, last))))) AS signature
FROM
(
    SELECT *, toDate(concat(month, '-01')) AS first, toLastDayOfMonth(first) AS last
    FROM (SELECT *, arrayJoin({months:Array(String)}) AS month FROM line_version)
)
WHERE validFrom <= last AND validTo >= first
GROUP BY month
ORDER BY month
