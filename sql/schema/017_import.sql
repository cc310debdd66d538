-- Files brought in: what, by whom, when, from which bytes. Rows of an import carry its name and count
-- from the moment it stands here, which is written last: one that broke off changes nothing.
CREATE TABLE IF NOT EXISTS import
(
    import  String,
    kind    LowCardinality(String),
    file    String,
    sha256  FixedString(64),
    sizeB   UInt64,
    rows    UInt64,
    by      String,
    note    String,
    at      DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY import
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
