-- Every measurement, whatever its metric. What a metric measures lies in v0…v15, whole multiples of
-- the value's resolution, in the order the metric declares: a new metric needs no migration, and
-- because metric comes first in the key each slot is homogeneous within a run of rows.
--
-- The key holds only what the measurement itself fixed once and for ever, so a row sent again, late
-- or re-cut falls on itself. Of two copies the one judged by newer admission rules stays, else the
-- one received first: a resend changes nothing, not even `received`.
--
-- One partition is one day in Asia/Shanghai, so that days and months are whole partitions.
CREATE TABLE IF NOT EXISTS measurement
(
    metric             LowCardinality(String) CODEC(ZSTD(1)),
    probe              LowCardinality(String) CODEC(ZSTD(1)),
    start              DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    sequence           UInt64 CODEC(Delta(8), ZSTD(1)),
    version            UInt8 CODEC(ZSTD(1)),
    schedule           LowCardinality(String) CODEC(ZSTD(1)),
    task               LowCardinality(String) CODEC(ZSTD(1)),
    method             LowCardinality(String) CODEC(ZSTD(1)),
    target             LowCardinality(String) CODEC(ZSTD(1)),
    address            IPv6 CODEC(ZSTD(1)), -- IPv4 as ::ffff:a.b.c.d; :: where none was used
    family             UInt8 CODEC(ZSTD(1)),
    durationUs         UInt64 CODEC(T64, ZSTD(1)),
    outcome            Enum8('ok' = 1, 'failed' = 2, 'skipped' = 3) CODEC(ZSTD(1)),
    stage              LowCardinality(String) CODEC(ZSTD(1)),
    code               LowCardinality(String) CODEC(ZSTD(1)),
    detail             String CODEC(ZSTD(1)),
    conflicts          Array(LowCardinality(String)) CODEC(ZSTD(1)),
    clockSynchronised  Nullable(Bool) CODEC(ZSTD(1)),
    clockOffsetUs      Nullable(Int64) CODEC(T64, ZSTD(1)),
    clockUncertaintyUs Nullable(UInt64) CODEC(T64, ZSTD(1)),
    software           LowCardinality(String) CODEC(ZSTD(1)),
    v0                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v1                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v2                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v3                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v4                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v5                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v6                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v7                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v8                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v9                 Nullable(Int64) CODEC(T64, ZSTD(1)),
    v10                Nullable(Int64) CODEC(T64, ZSTD(1)),
    v11                Nullable(Int64) CODEC(T64, ZSTD(1)),
    v12                Nullable(Int64) CODEC(T64, ZSTD(1)),
    v13                Nullable(Int64) CODEC(T64, ZSTD(1)),
    v14                Nullable(Int64) CODEC(T64, ZSTD(1)),
    v15                Nullable(Int64) CODEC(T64, ZSTD(1)),
    -- Set by the station alone.
    received           DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    source             IPv6 CODEC(ZSTD(1)),
    line               LowCardinality(String) CODEC(ZSTD(1)),
    place              LowCardinality(String) CODEC(ZSTD(1)),
    carrier            LowCardinality(String) CODEC(ZSTD(1)),
    admission          UInt16 CODEC(ZSTD(1)), -- version of the rules that admitted the row
    precedence         UInt64 MATERIALIZED bitShiftLeft(toUInt64(admission), 52) + 4503599627370495 - toUnixTimestamp64Micro(received) CODEC(Delta(8), ZSTD(1)),
    INDEX byReceived received TYPE minmax GRANULARITY 4
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai'))
ORDER BY (metric, probe, start, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 480
