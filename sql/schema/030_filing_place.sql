-- What a carrier states of a place; `row` is the line of its file.
CREATE TABLE IF NOT EXISTS filing_place
(
    month        LowCardinality(String),
    carrier      LowCardinality(String),
    import       String,
    place        String,
    row          UInt32,
    reached      Bool,
    technology   LowCardinality(String),
    opticalNode  String,
    reachedOn    Nullable(Date),
    mobile       LowCardinality(String),
    note         String
)
ENGINE = ReplacingMergeTree
ORDER BY (month, carrier, import, place)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
