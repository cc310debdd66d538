-- `received` and `admission` as they are read, out of `precedence`: 12 bits of admission rules, then
-- 2^52 - 1 less the microseconds since 1970. Of two copies the larger precedence stays: the one judged by
-- newer rules, else the one received first.
ALTER TABLE measurement
    DROP COLUMN IF EXISTS received,
    DROP COLUMN IF EXISTS admission,
    ADD COLUMN received DateTime64(6, 'UTC') ALIAS fromUnixTimestamp64Micro(4503599627370495 - toInt64(bitAnd(precedence, 4503599627370495)), 'UTC') AFTER carrier,
    ADD COLUMN admission UInt16 ALIAS toUInt16(bitShiftRight(precedence, 52)) AFTER received,
    ADD INDEX IF NOT EXISTS byReceived fromUnixTimestamp64Micro(4503599627370495 - toInt64(bitAnd(precedence, 4503599627370495)), 'UTC') TYPE minmax GRANULARITY 1
