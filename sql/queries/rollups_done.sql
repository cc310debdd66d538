-- Which run counts, by day and by month, and what it had seen.
SELECT scope, period, run, signature, rules, rows, lines, newest, done
FROM rollup_done FINAL
ORDER BY scope, period
