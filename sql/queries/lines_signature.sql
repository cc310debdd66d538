-- Of each month, a text that changes whenever a line of that month comes, goes or changes: its figures
-- count the lines there are.
-- {months:Array(String)}
SELECT
    month,
    concat(toString(count()), ' ', toString(sum(cityHash64(line, place, carrier, technology, validFrom, validTo)))) AS signature
FROM (SELECT *, arrayJoin({months:Array(String)}) AS month FROM line FINAL)
WHERE validFrom <= toLastDayOfMonth(toDate(concat(month, '-01'))) AND validTo >= toDate(concat(month, '-01'))
GROUP BY month
ORDER BY month
