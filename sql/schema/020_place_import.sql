-- Places come by import: the import is part of the key, so that rows of one that broke off replace
-- nothing. Also what became of a place, whether it is served from outside the province, and where it
-- lies: WGS 84 in degrees, beside the pair and the reference system as they were given.
ALTER TABLE place
    ADD COLUMN IF NOT EXISTS import String,
    ADD COLUMN IF NOT EXISTS ending LowCardinality(String) DEFAULT '',
    ADD COLUMN IF NOT EXISTS successors Array(String) DEFAULT [],
    ADD COLUMN IF NOT EXISTS outside Bool DEFAULT false,
    ADD COLUMN IF NOT EXISTS note String DEFAULT '',
    ADD COLUMN IF NOT EXISTS lat Nullable(Float64) DEFAULT NULL,
    ADD COLUMN IF NOT EXISTS lon Nullable(Float64) DEFAULT NULL,
    ADD COLUMN IF NOT EXISTS givenLat Nullable(Float64) DEFAULT NULL,
    ADD COLUMN IF NOT EXISTS givenLon Nullable(Float64) DEFAULT NULL,
    ADD COLUMN IF NOT EXISTS crs LowCardinality(String) DEFAULT '',
    MODIFY ORDER BY (code, validFrom, import)
