-- What reviewers did with quarantined rows: who released which, when and why. Only ever appended to.
-- shard: cityHash64(probe)
CREATE TABLE IF NOT EXISTS quarantine_log
(
    at           DateTime64(6, 'UTC'),
    code         LowCardinality(String), -- of the entry, as is `probe` and `sha256`
    probe        LowCardinality(String),
    sha256       FixedString(64),
    sequence     UInt64,
    by           String,
    why          String,
    vouchedClock Bool, -- whether the reviewer answered for when it was measured
    admission    UInt16 -- version of the rules that took the row
)
ENGINE = ReplacingMergeTree
ORDER BY (code, probe, sha256, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
