-- Monthly statements of carriers: one row per version. Versions are numbered by when they were received;
-- none replaces another, and one counts from the moment its import is noted.
CREATE TABLE IF NOT EXISTS filing
(
    month     LowCardinality(String),
    carrier   LowCardinality(String),
    import    String,
    sha256    FixedString(64),
    received  DateTime64(6, 'UTC'),
    places    UInt32,
    areas     UInt32,
    warnings  UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY (month, carrier, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
