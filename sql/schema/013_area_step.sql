-- One row per area, step of time, metric and family. By day the quantiles are taken over the medians
-- of lines, so that a busy probe cannot outvote a village, and `valued` counts lines; by hour over
-- runs, of which a line seldom has two, and `valued` counts runs. Slots and tenths as in `line_day`.
-- The station's own line is in no area.
CREATE TABLE IF NOT EXISTS area_step
(
    day          Date,
    run          UInt64,
    step         Enum8('hour' = 1, 'day' = 2),
    metric       LowCardinality(String),
    area         String CODEC(ZSTD(1)),
    at           DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    family       UInt8,
    method       LowCardinality(String),
    lines        UInt32 CODEC(T64, ZSTD(1)),
    runs         UInt32 CODEC(T64, ZSTD(1)),
    failed       UInt32 CODEC(T64, ZSTD(1)),
    valued       Array(UInt32) CODEC(T64, ZSTD(1)),
    p10Tenths    Array(Int64) CODEC(T64, ZSTD(1)),
    medianTenths Array(Int64) CODEC(T64, ZSTD(1)),
    p90Tenths    Array(Int64) CODEC(T64, ZSTD(1)),
    rules        LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (toYYYYMM(day), run)
ORDER BY (step, metric, area, at, family)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 1024
