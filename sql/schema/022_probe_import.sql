-- Probes come by import as well as one by one.
ALTER TABLE probe ADD COLUMN IF NOT EXISTS import String, MODIFY ORDER BY (probe, import)
