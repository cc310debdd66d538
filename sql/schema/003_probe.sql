-- An installed probe, bound to one line. The token itself is known to the probe alone.
CREATE TABLE IF NOT EXISTS probe
(
    probe       String,
    line        String,
    tokenSha256 FixedString(64),
    enrolled    DateTime64(3, 'UTC'),
    revoked     Nullable(DateTime64(3, 'UTC')),
    updated     DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY probe
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
