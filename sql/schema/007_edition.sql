-- Sealed monthly reports. An edition is never changed; corrections are the next edition.
CREATE TABLE IF NOT EXISTS edition
(
    month    String, -- YYYY-MM, Asia/Shanghai
    edition  UInt32,
    sealed   DateTime64(3, 'UTC'),
    sha256   FixedString(64), -- of `document`
    document String CODEC(ZSTD(3)) -- the report as canonical JSON; every format is drawn from it
)
ENGINE = ReplacingMergeTree
ORDER BY (month, edition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
