-- Tokens by which carriers file over HTTP, several of one carrier at a time so that it can change over.
-- A token itself is known to its carrier alone; a revoked one stays, with the instant.
CREATE TABLE IF NOT EXISTS filing_token
(
    carrier     LowCardinality(String),
    tokenSha256 FixedString(64),
    issued      DateTime64(3, 'UTC'),
    revoked     Nullable(DateTime64(3, 'UTC')),
    updated     DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY (carrier, tokenSha256)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
