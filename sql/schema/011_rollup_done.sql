-- Which run of the rollups counts, by day and by month. Written last: a run that was killed half-way
-- stands nowhere here and is never read. `signature` says what the run had seen.
CREATE TABLE IF NOT EXISTS rollup_done
(
    scope     Enum8('day' = 1, 'month' = 2),
    period    String, -- YYYY-MM-DD or YYYY-MM, Asia/Shanghai
    run       UInt64,
    signature String,
    rules     String, -- of whoever judged: the rollup's own version, or the plan's targets
    rows      UInt64, -- measurements behind it
    lines     UInt64, -- lines heard, the station's own left out
    newest    Nullable(DateTime64(6, 'UTC')), -- received
    done      DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(run)
ORDER BY (scope, period)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
