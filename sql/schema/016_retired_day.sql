-- What retention removed: of which day and table, by which rule, how many rows there were before and
-- how many are kept. Written before anything is removed and again, `done`, after; only appended to.
CREATE TABLE IF NOT EXISTS retired_day
(
    table      LowCardinality(String),
    day        Date, -- Asia/Shanghai
    at         DateTime64(6, 'UTC'), -- when it began
    rule       Enum8('failures-kept' = 1, 'dropped' = 2),
    limitDays  UInt32, -- the plan's, that the day had passed
    rowsBefore UInt64,
    rowsKept   UInt64,
    done       Bool
)
ENGINE = ReplacingMergeTree(done)
ORDER BY (day, table, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
