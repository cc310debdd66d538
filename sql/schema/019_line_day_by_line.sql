-- Rows lie by place; one line's are found through this, wherever it was.
ALTER TABLE line_day ADD INDEX IF NOT EXISTS byLine line TYPE bloom_filter(0.0001) GRANULARITY 1
