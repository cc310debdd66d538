-- The address library: who holds which block of addresses, for what, from when to when. An entry is
-- never overwritten: of one prefix, holder and first day the row of the latest noted import counts,
-- and another first day is another version.
CREATE TABLE IF NOT EXISTS library_prefix
(
    import    String,
    prefix    String,
    holder    String,
    carrier   LowCardinality(String),
    area      String,
    purpose   LowCardinality(String),
    partOf    String,
    validFrom Date,
    validTo   Date,
    source    String
)
ENGINE = ReplacingMergeTree
ORDER BY (prefix, holder, validFrom, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
