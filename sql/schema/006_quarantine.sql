-- Rows that were refused, with the reason and the original bytes: nothing is dropped in silence.
CREATE TABLE IF NOT EXISTS quarantine
(
    probe    LowCardinality(String),
    sha256   FixedString(64), -- of the original line: the same line sent again is one entry
    sequence Nullable(UInt64),
    line     UInt32,
    code     LowCardinality(String),
    reason   String,
    original String CODEC(ZSTD(3)),
    source   IPv6,
    received DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(received)
PARTITION BY toYYYYMM(toTimeZone(received, 'Asia/Shanghai'))
ORDER BY (code, probe, sha256)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 480
