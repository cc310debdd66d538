-- Of a path, what answered at each hop, an empty text where nothing did; `samples` then holds the
-- hops' round-trip times in ms, NaN where there is none.
ALTER TABLE sample
    ADD COLUMN IF NOT EXISTS hops Array(LowCardinality(String)) DEFAULT [] CODEC(ZSTD(1))
