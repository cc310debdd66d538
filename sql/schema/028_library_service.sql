-- The domain library: registered names and the services behind them, with the lines their holder uses.
-- Dated like the prefixes, by name.
CREATE TABLE IF NOT EXISTS library_service
(
    import    String,
    name      String, -- as DNS has it: lower case, punycode
    original  String, -- as it was written
    holder    String,
    kind      LowCardinality(String),
    level     LowCardinality(String),
    area      String,
    url       String,
    families  Array(UInt8),
    lines     Array(String),
    validFrom Date,
    validTo   Date,
    source    String
)
ENGINE = ReplacingMergeTree
ORDER BY (name, validFrom, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
