-- The small series behind some measurements, kept apart so that the measurement's row stays small.
CREATE TABLE IF NOT EXISTS sample
(
    probe    LowCardinality(String) CODEC(ZSTD(1)),
    sequence UInt64 CODEC(Delta(8), ZSTD(1)),
    metric   LowCardinality(String) CODEC(ZSTD(1)),
    start    DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    samples  Array(Float32) CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai'))
ORDER BY (metric, probe, start, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 480
