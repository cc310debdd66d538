-- What an indicator says of every line in a month, under the evidence rule of one target.
CREATE TABLE IF NOT EXISTS line_month
(
    month   LowCardinality(String),
    run     UInt64,
    target  LowCardinality(String),
    place   String CODEC(ZSTD(1)),
    line    String CODEC(ZSTD(1)),
    carrier LowCardinality(String),
    value   Float64 CODEC(ZSTD(1)),
    passed  Bool,
    runs    UInt64 CODEC(T64, ZSTD(1)),
    newest  DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    rules   LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (month, run)
ORDER BY (target, place, line)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 512
