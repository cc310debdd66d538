-- Lines come by import, each version beside the others; with the optical node (OLT) and the ONU that
-- a filing names.
ALTER TABLE line
    ADD COLUMN IF NOT EXISTS import String,
    ADD COLUMN IF NOT EXISTS opticalNode String DEFAULT '',
    ADD COLUMN IF NOT EXISTS onu String DEFAULT '',
    MODIFY ORDER BY (line, validFrom, import)
