-- `received` was stored twice, once as itself and once within `precedence`, and it is what compresses
-- worst. `precedence` alone stays, and is written by whoever inserts (`sql/precedence.ts`); file 010
-- then reads `received` and `admission` out of it. A row without one came now, admitted by no rules.
-- Codecs by measurement, see the README.
--
-- Rows lie by probe, and probes mostly by place: where a granule's places end costs nothing to keep and
-- finds an area's rows.
ALTER TABLE measurement
    DROP INDEX IF EXISTS byReceived,
    MODIFY COLUMN precedence UInt64 DEFAULT 4503599627370495 - toUnixTimestamp64Micro(now64(6)) CODEC(Delta(8), ZSTD(1)),
    MODIFY COLUMN durationUs UInt64 CODEC(T64('bit'), ZSTD(1)),
    MODIFY COLUMN clockOffsetUs Nullable(Int64) CODEC(T64('bit'), ZSTD(1)),
    MODIFY COLUMN clockUncertaintyUs Nullable(UInt64) CODEC(Delta(8), T64('bit'), ZSTD(1)),
    MODIFY COLUMN v0 Nullable(Int64) CODEC(T64('bit'), ZSTD(1)),
    MODIFY COLUMN v1 Nullable(Int64) CODEC(T64('bit'), ZSTD(1)),
    ADD INDEX IF NOT EXISTS byPlace place TYPE minmax GRANULARITY 1
