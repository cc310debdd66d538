-- How many live at a place, by the year of the count. Apart from `place`: a new yearbook is no new
-- version of a village, and a village that is renamed keeps its counts.
CREATE TABLE IF NOT EXISTS place_statistic
(
    code       String,
    asOf       UInt16, -- year
    residents  Nullable(UInt32), -- permanent residents (常住人口)
    households Nullable(UInt32), -- registered households (户籍户数)
    source     String,
    import     String,
    updated    DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY (code, asOf, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
