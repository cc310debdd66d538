CREATE TABLE area_month
(
    `month` LowCardinality(String),
    `run` UInt64,
    `target` LowCardinality(String),
    `carrier` LowCardinality(String),
    `level` Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5),
    `area` String CODEC(ZSTD(1)),
    `observed` UInt32 CODEC(T64, ZSTD(1)),
    `registered` UInt32 CODEC(T64, ZSTD(1)),
    `passed` UInt32 CODEC(T64, ZSTD(1)),
    `placesObserved` UInt32 CODEC(T64, ZSTD(1)),
    `value` Nullable(Float64) CODEC(ZSTD(1)),
    `low` Nullable(Float64) CODEC(ZSTD(1)),
    `high` Nullable(Float64) CODEC(ZSTD(1)),
    `newest` Nullable(DateTime64(6, 'UTC')) CODEC(Delta(8), ZSTD(1)),
    `rules` LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (month, run)
ORDER BY (target, carrier, level, area)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 512;

CREATE TABLE area_step
(
    `day` Date,
    `run` UInt64,
    `step` Enum8('hour' = 1, 'day' = 2),
    `metric` LowCardinality(String),
    `area` String CODEC(ZSTD(1)),
    `at` DateTime('UTC') CODEC(Delta(4), ZSTD(1)),
    `family` UInt8,
    `method` LowCardinality(String),
    `lines` UInt32 CODEC(T64, ZSTD(1)),
    `runs` UInt32 CODEC(T64, ZSTD(1)),
    `failed` UInt32 CODEC(T64, ZSTD(1)),
    `valued` Array(UInt32) CODEC(T64, ZSTD(1)),
    `p10Tenths` Array(Int64) CODEC(T64, ZSTD(1)),
    `medianTenths` Array(Int64) CODEC(T64, ZSTD(1)),
    `p90Tenths` Array(Int64) CODEC(T64, ZSTD(1)),
    `rules` LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (toYYYYMM(day), run)
ORDER BY (step, metric, area, at, family)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 1024;

CREATE TABLE challenge_event
(
    `month` LowCardinality(String),
    `challenge` String,
    `event` String,
    `at` DateTime64(6, 'UTC'),
    `kind` Enum8('opened' = 1, 'evidence' = 2, 'conceded' = 3, 'rebutted' = 4, 'upheld' = 5, 'dismissed' = 6, 'withdrawn' = 7),
    `party` LowCardinality(String),
    `by` String,
    `entered` LowCardinality(String),
    `text` String,
    `target` LowCardinality(String),
    `place` String,
    `carrier` LowCardinality(String),
    `probes` Array(String),
    `sequences` Array(UInt64),
    `starts` Array(DateTime64(3, 'UTC')),
    `files` Array(String),
    `fileSha256s` Array(FixedString(64)),
    `fileSizesB` Array(UInt64),
    `replyDays` UInt16,
    `decisionDays` UInt16,
    `sets` LowCardinality(String),
    `setsAside` Array(String),
    `standing` LowCardinality(String),
    `method` LowCardinality(String),
    `minimumRuns` UInt32,
    `minimumDays` UInt32,
    `atLeast` Float64,
    `filing` String,
    `row` UInt32,
    `reached` Bool,
    `technology` LowCardinality(String),
    `opticalNode` String,
    `linesPassed` Array(String),
    `linesFailed` Array(String)
)
ENGINE = ReplacingMergeTree
ORDER BY (month, challenge, event)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE edition
(
    `month` String,
    `edition` UInt32,
    `sealed` DateTime64(3, 'UTC'),
    `sha256` FixedString(64),
    `document` String CODEC(ZSTD(3))
)
ENGINE = ReplacingMergeTree
ORDER BY (month, edition)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE filing
(
    `month` LowCardinality(String),
    `carrier` LowCardinality(String),
    `import` String,
    `sha256` FixedString(64),
    `received` DateTime64(6, 'UTC'),
    `places` UInt32,
    `areas` UInt32,
    `warnings` UInt32
)
ENGINE = ReplacingMergeTree
ORDER BY (month, carrier, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE filing_area
(
    `month` LowCardinality(String),
    `carrier` LowCardinality(String),
    `import` String,
    `area` String,
    `row` UInt32,
    `tierBelow4` Nullable(UInt64),
    `tier4` Nullable(UInt64),
    `tier12` Nullable(UInt64),
    `tier20` Nullable(UInt64),
    `tier50` Nullable(UInt64),
    `tier100` Nullable(UInt64),
    `tier1000` Nullable(UInt64),
    `subscribers` Nullable(UInt64),
    `households` Nullable(UInt64),
    `residents` Nullable(UInt64),
    `cableHouseholds` Nullable(UInt64),
    `digitalHouseholds` Nullable(UInt64),
    `twoWayHouseholds` Nullable(UInt64),
    `cableSubscribers` Nullable(UInt64),
    `ipv6Terminals` Nullable(UInt64),
    `terminals` Nullable(UInt64),
    `hotspots` Nullable(UInt64),
    `baseStations` Nullable(UInt64),
    `platformUsers` Nullable(UInt64),
    `note` String
)
ENGINE = ReplacingMergeTree
ORDER BY (month, carrier, import, area)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE filing_place
(
    `month` LowCardinality(String),
    `carrier` LowCardinality(String),
    `import` String,
    `place` String,
    `row` UInt32,
    `reached` Bool,
    `technology` LowCardinality(String),
    `opticalNode` String,
    `reachedOn` Nullable(Date),
    `mobile` LowCardinality(String),
    `note` String
)
ENGINE = ReplacingMergeTree
ORDER BY (month, carrier, import, place)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE filing_token
(
    `carrier` LowCardinality(String),
    `tokenSha256` FixedString(64),
    `issued` DateTime64(3, 'UTC'),
    `revoked` Nullable(DateTime64(3, 'UTC')),
    `updated` DateTime64(6, 'UTC') DEFAULT now64(6)
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY (carrier, tokenSha256)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE import
(
    `import` String,
    `kind` LowCardinality(String),
    `file` String,
    `sha256` FixedString(64),
    `sizeB` UInt64,
    `rows` UInt64,
    `by` String,
    `note` String,
    `at` DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree
ORDER BY import
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE library_prefix
(
    `import` String,
    `prefix` String,
    `holder` String,
    `carrier` LowCardinality(String),
    `area` String,
    `purpose` LowCardinality(String),
    `partOf` String,
    `validFrom` Date,
    `validTo` Date,
    `source` String
)
ENGINE = ReplacingMergeTree
ORDER BY (prefix, holder, validFrom, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE library_service
(
    `import` String,
    `name` String,
    `original` String,
    `holder` String,
    `kind` LowCardinality(String),
    `level` LowCardinality(String),
    `area` String,
    `url` String,
    `families` Array(UInt8),
    `lines` Array(String),
    `validFrom` Date,
    `validTo` Date,
    `source` String
)
ENGINE = ReplacingMergeTree
ORDER BY (name, validFrom, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE line
(
    `line` String,
    `place` String,
    `carrier` LowCardinality(String),
    `technology` LowCardinality(String),
    `subscribedDownBps` Nullable(UInt64),
    `subscribedUpBps` Nullable(UInt64),
    `validFrom` Date,
    `validTo` Date DEFAULT '2149-06-06',
    `updated` DateTime64(6, 'UTC') DEFAULT now64(6),
    `import` String,
    `opticalNode` String DEFAULT '',
    `onu` String DEFAULT ''
)
ENGINE = ReplacingMergeTree(updated)
PRIMARY KEY (line, validFrom)
ORDER BY (line, validFrom, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE line_day
(
    `day` Date,
    `run` UInt64,
    `metric` LowCardinality(String),
    `place` String CODEC(ZSTD(1)),
    `line` String CODEC(ZSTD(1)),
    `family` UInt8,
    `carrier` LowCardinality(String),
    `method` LowCardinality(String),
    `runs` UInt32 CODEC(T64, ZSTD(1)),
    `failed` UInt32 CODEC(T64, ZSTD(1)),
    `skipped` UInt32 CODEC(T64, ZSTD(1)),
    `valued` Array(UInt32) CODEC(T64, ZSTD(1)),
    `p10Tenths` Array(Int64) CODEC(T64, ZSTD(1)),
    `medianTenths` Array(Int64) CODEC(T64, ZSTD(1)),
    `p90Tenths` Array(Int64) CODEC(T64, ZSTD(1)),
    `rules` LowCardinality(String),
    `probes` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    INDEX byLine line TYPE bloom_filter(0.0001) GRANULARITY 1
)
ENGINE = MergeTree
PARTITION BY (toYYYYMM(day), run)
ORDER BY (metric, place, line, family)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 1024;

CREATE TABLE line_month
(
    `month` LowCardinality(String),
    `run` UInt64,
    `target` LowCardinality(String),
    `place` String CODEC(ZSTD(1)),
    `line` String CODEC(ZSTD(1)),
    `carrier` LowCardinality(String),
    `value` Float64 CODEC(ZSTD(1)),
    `passed` Bool,
    `runs` UInt64 CODEC(T64, ZSTD(1)),
    `newest` DateTime64(6, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `rules` LowCardinality(String)
)
ENGINE = MergeTree
PARTITION BY (month, run)
ORDER BY (target, place, line)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 512;

CREATE TABLE measurement
(
    `metric` LowCardinality(String) CODEC(ZSTD(1)),
    `probe` LowCardinality(String) CODEC(ZSTD(1)),
    `start` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `sequence` UInt64 CODEC(Delta(8), ZSTD(1)),
    `version` UInt8 CODEC(ZSTD(1)),
    `schedule` LowCardinality(String) CODEC(ZSTD(1)),
    `task` LowCardinality(String) CODEC(ZSTD(1)),
    `method` LowCardinality(String) CODEC(ZSTD(1)),
    `target` LowCardinality(String) CODEC(ZSTD(1)),
    `address` IPv6 CODEC(ZSTD(1)),
    `family` UInt8 CODEC(ZSTD(1)),
    `durationUs` UInt64 CODEC(T64('bit'), ZSTD(1)),
    `outcome` Enum8('ok' = 1, 'failed' = 2, 'skipped' = 3) CODEC(ZSTD(1)),
    `stage` LowCardinality(String) CODEC(ZSTD(1)),
    `code` LowCardinality(String) CODEC(ZSTD(1)),
    `detail` String CODEC(ZSTD(1)),
    `conflicts` Array(LowCardinality(String)) CODEC(ZSTD(1)),
    `clockSynchronised` Nullable(Bool) CODEC(ZSTD(1)),
    `clockOffsetUs` Nullable(Int64) CODEC(T64('bit'), ZSTD(1)),
    `clockUncertaintyUs` Nullable(UInt64) CODEC(Delta(8), T64('bit'), ZSTD(1)),
    `software` LowCardinality(String) CODEC(ZSTD(1)),
    `v0` Nullable(Int64) CODEC(T64('bit'), ZSTD(1)),
    `v1` Nullable(Int64) CODEC(T64('bit'), ZSTD(1)),
    `v2` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v3` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v4` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v5` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v6` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v7` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v8` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v9` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v10` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v11` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v12` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v13` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v14` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `v15` Nullable(Int64) CODEC(T64, ZSTD(1)),
    `source` IPv6 CODEC(ZSTD(1)),
    `line` LowCardinality(String) CODEC(ZSTD(1)),
    `place` LowCardinality(String) CODEC(ZSTD(1)),
    `carrier` LowCardinality(String) CODEC(ZSTD(1)),
    `received` DateTime64(6, 'UTC') ALIAS fromUnixTimestamp64Micro(4503599627370495 - toInt64(bitAnd(precedence, 4503599627370495)), 'UTC'),
    `admission` UInt16 ALIAS toUInt16(bitShiftRight(precedence, 52)),
    `precedence` UInt64 DEFAULT 4503599627370495 - toUnixTimestamp64Micro(now64(6)) CODEC(Delta(8), ZSTD(1)),
    INDEX byPlace place TYPE minmax GRANULARITY 1,
    INDEX byReceived fromUnixTimestamp64Micro(4503599627370495 - toInt64(bitAnd(precedence, 4503599627370495)), 'UTC') TYPE minmax GRANULARITY 1
)
ENGINE = ReplacingMergeTree(precedence)
PARTITION BY toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai'))
ORDER BY (metric, probe, start, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE place
(
    `code` String,
    `name` String,
    `level` Enum8('province' = 1, 'city' = 2, 'county' = 3, 'township' = 4, 'village' = 5, 'hamlet' = 6),
    `parent` String,
    `kind` LowCardinality(String),
    `validFrom` Date,
    `validTo` Date DEFAULT '2149-06-06',
    `source` LowCardinality(String),
    `updated` DateTime64(6, 'UTC') DEFAULT now64(6),
    `import` String,
    `ending` LowCardinality(String) DEFAULT '',
    `successors` Array(String) DEFAULT [],
    `outside` Bool DEFAULT false,
    `note` String DEFAULT '',
    `lat` Nullable(Float64) DEFAULT NULL,
    `lon` Nullable(Float64) DEFAULT NULL,
    `givenLat` Nullable(Float64) DEFAULT NULL,
    `givenLon` Nullable(Float64) DEFAULT NULL,
    `crs` LowCardinality(String) DEFAULT '',
    `outsideFor` Array(String) DEFAULT []
)
ENGINE = ReplacingMergeTree(updated)
PRIMARY KEY (code, validFrom)
ORDER BY (code, validFrom, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE place_statistic
(
    `code` String,
    `asOf` UInt16,
    `residents` Nullable(UInt32),
    `households` Nullable(UInt32),
    `source` String,
    `import` String,
    `updated` DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(updated)
ORDER BY (code, asOf, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE probe
(
    `probe` String,
    `line` String,
    `tokenSha256` FixedString(64),
    `enrolled` DateTime64(3, 'UTC'),
    `revoked` Nullable(DateTime64(3, 'UTC')),
    `updated` DateTime64(6, 'UTC') DEFAULT now64(6),
    `import` String
)
ENGINE = ReplacingMergeTree(updated)
PRIMARY KEY probe
ORDER BY (probe, import)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE quarantine
(
    `probe` LowCardinality(String),
    `sha256` FixedString(64),
    `sequence` Nullable(UInt64),
    `line` UInt32,
    `code` LowCardinality(String),
    `reason` String,
    `original` String CODEC(ZSTD(3)),
    `source` IPv6,
    `received` DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(received)
PARTITION BY toYYYYMM(toTimeZone(received, 'Asia/Shanghai'))
ORDER BY (code, probe, sha256)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE quarantine_log
(
    `at` DateTime64(6, 'UTC'),
    `code` LowCardinality(String),
    `probe` LowCardinality(String),
    `sha256` FixedString(64),
    `sequence` UInt64,
    `by` String,
    `why` String,
    `vouchedClock` Bool,
    `admission` UInt16
)
ENGINE = ReplacingMergeTree
ORDER BY (code, probe, sha256, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE retired_day
(
    `table` LowCardinality(String),
    `day` Date,
    `at` DateTime64(6, 'UTC'),
    `rule` Enum8('failures-kept' = 1, 'dropped' = 2),
    `limitDays` UInt32,
    `rowsBefore` UInt64,
    `rowsKept` UInt64,
    `done` Bool
)
ENGINE = ReplacingMergeTree(done)
ORDER BY (day, `table`, at)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE rollup_done
(
    `scope` Enum8('day' = 1, 'month' = 2),
    `period` String,
    `run` UInt64,
    `signature` String,
    `rules` String,
    `rows` UInt64,
    `lines` UInt64,
    `newest` Nullable(DateTime64(6, 'UTC')),
    `done` DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(run)
ORDER BY (scope, period)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE sample
(
    `probe` LowCardinality(String) CODEC(ZSTD(1)),
    `sequence` UInt64 CODEC(Delta(8), ZSTD(1)),
    `metric` LowCardinality(String) CODEC(ZSTD(1)),
    `start` DateTime64(3, 'UTC') CODEC(Delta(8), ZSTD(1)),
    `samples` Array(Float32) CODEC(ZSTD(1)),
    `hops` Array(LowCardinality(String)) DEFAULT [] CODEC(ZSTD(1))
)
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai'))
ORDER BY (metric, probe, start, sequence)
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, min_rows_to_fsync_after_merge = 1, old_parts_lifetime = 480, index_granularity = 8192;

CREATE TABLE schema_migration
(
    `file` String,
    `sha256` FixedString(64),
    `applied` DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY file
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1, index_granularity = 8192;
