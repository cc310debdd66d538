-- What retention removed, in the order it did.
SELECT table, day, at, rule, limitDays, rowsBefore, rowsKept, done
FROM retired_day FINAL
ORDER BY day, table, at
