-- An access line of a carrier at a place, as of a span of dates. Technology `loopback` is the
-- station's own self-test: it is never counted in any figure.
CREATE TABLE IF NOT EXISTS line
(
    line              String,
    place             String,
    carrier           LowCardinality(String),
    technology        LowCardinality(String),
    subscribedDownBps Nullable(UInt64),
    subscribedUpBps   Nullable(UInt64),
    validFrom         Date,
    validTo           Date DEFAULT '2149-06-06',
    updated           DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY (line, validFrom)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
