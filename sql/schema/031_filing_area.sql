-- What a carrier states of an area; `row` is the line of its file, NULL what it does not state. The
-- tiers are subscribers by subscribed rate from so many Mbit/s on, to the next one.
CREATE TABLE IF NOT EXISTS filing_area
(
    month    LowCardinality(String),
    carrier  LowCardinality(String),
    import   String,
    area     String,
    row      UInt32,
    tierBelow4  Nullable(UInt64),
    tier4  Nullable(UInt64),
    tier12  Nullable(UInt64),
    tier20  Nullable(UInt64),
    tier50  Nullable(UInt64),
    tier100  Nullable(UInt64),
    tier1000  Nullable(UInt64),
    subscribers  Nullable(UInt64),
    households  Nullable(UInt64),
    residents  Nullable(UInt64),
    cableHouseholds  Nullable(UInt64),
    digitalHouseholds  Nullable(UInt64),
    twoWayHouseholds  Nullable(UInt64),
    cableSubscribers  Nullable(UInt64),
    ipv6Terminals  Nullable(UInt64),
    terminals  Nullable(UInt64),
    hotspots  Nullable(UInt64),
    baseStations  Nullable(UInt64),
    platformUsers  Nullable(UInt64),
    note     String
)
ENGINE = ReplacingMergeTree
ORDER BY (month, carrier, import, area)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480
