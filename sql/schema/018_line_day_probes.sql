-- Who measured the line that day: measurements lie by probe, so that a line's are found through them.
ALTER TABLE line_day ADD COLUMN IF NOT EXISTS probes Array(LowCardinality(String)) CODEC(ZSTD(1)) AFTER rules
