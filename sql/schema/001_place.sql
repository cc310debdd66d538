-- The register: dated, so that merges and splits keep their history. Codes are strings; a code's
-- prefixes are its ancestors (province 2, city 4, county 6, township 9, village 12, hamlet 12-NNN).
CREATE TABLE IF NOT EXISTS place
(
    code      String,
    name      String,
    level     Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5, 'hamlet' = 6),
    parent    String,
    kind      LowCardinality(String),
    validFrom Date,
    validTo   Date DEFAULT '2149-06-06',
    source    LowCardinality(String),
    updated   DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY (code, validFrom)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
