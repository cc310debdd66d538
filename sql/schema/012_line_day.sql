-- One row per line, day, metric and family: how its runs ended, and the quantiles of every value over
-- those runs, by slot. Whole tenths of the slot's own step hold them exactly: of whole numbers the
-- median is a half and the 10th and 90th percentile a tenth at the finest. `valued` counts the runs
-- that have the value; where it is 0 there is none.
--
-- A run of the rollup is a partition, and so is a month that is over, packed: what is replaced is dropped
-- whole, nobody reads a half, and a year is a dozen parts.
CREATE TABLE IF NOT EXISTS line_day
(
    day          Date,
    run          UInt64,
    metric       LowCardinality(String),
    place        String CODEC(ZSTD(1)),
    line         String CODEC(ZSTD(1)),
    family       UInt8,
    carrier      LowCardinality(String),
    method       LowCardinality(String),
    runs         UInt32 CODEC(T64, ZSTD(1)),
    failed       UInt32 CODEC(T64, ZSTD(1)),
    skipped      UInt32 CODEC(T64, ZSTD(1)),
    valued       Array(UInt32) CODEC(T64, ZSTD(1)),
    p10Tenths    Array(Int64) CODEC(T64, ZSTD(1)),
    medianTenths Array(Int64) CODEC(T64, ZSTD(1)),
    p90Tenths    Array(Int64) CODEC(T64, ZSTD(1)),
    rules        LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (toYYYYMM(day), run)
ORDER BY (metric, place, line, family)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 1024
