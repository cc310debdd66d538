-- One row per area of every level, target, month and carrier ('' for all) that has a line, measured or
-- not: the numbers a figure is made of. `value` is the median over lines and [low, high] its interval
-- by order statistics; a ratio follows from `passed` and `observed`.
CREATE TABLE IF NOT EXISTS area_month
(
    month          LowCardinality(String),
    run            UInt64,
    target         LowCardinality(String),
    carrier        LowCardinality(String),
    level          Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5),
    area           String CODEC(ZSTD(1)),
    observed       UInt32 CODEC(T64, ZSTD(1)),
    registered     UInt32 CODEC(T64, ZSTD(1)),
    passed         UInt32 CODEC(T64, ZSTD(1)),
    placesObserved UInt32 CODEC(T64, ZSTD(1)),
    value          Nullable(Float64) CODEC(ZSTD(1)),
    low            Nullable(Float64) CODEC(ZSTD(1)),
    high           Nullable(Float64) CODEC(ZSTD(1)),
    newest         Nullable(DateTime64(6, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    rules          LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (month, run)
ORDER BY (target, carrier, level, area)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 512
