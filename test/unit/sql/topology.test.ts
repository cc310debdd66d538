import { describe, expect, it } from 'vitest';
import { listMigrations } from '../../../sql/migrate.ts';
import { tables } from '../../../sql/rows.ts';
import {
  databaseSql,
  partViewSql,
  statementsFor,
  type Topology,
  topologySettings,
} from '../../../sql/topology.ts';

const CLUSTER: Topology = { kind: 'cluster', name: 'province' };
const SHARDS: Topology = { kind: 'shards', name: 'pair' };
const SINGLE: Topology = { kind: 'single' };

const flat = (statements: readonly string[]) =>
  statements.map((sql) => sql.replace(/\s+/g, ' ').trim());
const onCluster = (sql: string) => flat(statementsFor(sql, CLUSTER, 'tongda'));
const onShards = (sql: string) => flat(statementsFor(sql, SHARDS, 'tongda'));

const PATH = "'/clickhouse/tables/{shard}/tongda/edition_local', '{replica}'";
const OVER = `CREATE TABLE IF NOT EXISTS \`tongda\`.edition ON CLUSTER \`province\` AS \`tongda\`.edition_local ENGINE = Distributed('province', 'tongda', 'edition_local', cityHash64(month))`;

describe('one ClickHouse', () => {
  it('is told what the file says, to the letter', () => {
    for (const { sql } of listMigrations()) expect(statementsFor(sql, SINGLE, 'x')).toEqual([sql]);
  });

  it('is asked for nothing more', () => {
    expect(topologySettings(SINGLE)).toEqual({});
  });
});

describe('CREATE TABLE', () => {
  it.each([
    ['MergeTree', `ReplicatedMergeTree(${PATH})`],
    ['MergeTree()', `ReplicatedMergeTree(${PATH})`],
    ['ReplacingMergeTree(version)', `ReplicatedReplacingMergeTree(${PATH}, version)`],
    [
      'ReplacingMergeTree ( greatest(a, b) , c )',
      `ReplicatedReplacingMergeTree(${PATH}, greatest(a, b) , c )`,
    ],
  ])('ENGINE = %s becomes %s and a table over it', (engine, replicated) => {
    const tail = 'PARTITION BY toYYYYMM(d) ORDER BY (month, edition) SETTINGS a = 1';
    expect(
      onCluster(
        `-- Head; with 'a quote.\nCREATE TABLE IF NOT EXISTS edition\n(\n  month String, -- engine = MergeTree\n  d Date DEFAULT '-- no comment'\n)\nENGINE = ${engine}\n${tail}`,
      ),
    ).toEqual([
      `CREATE TABLE IF NOT EXISTS \`tongda\`.edition_local ON CLUSTER \`province\` ( month String, d Date DEFAULT '-- no comment' ) ENGINE = ${replicated} ${tail}`,
      OVER,
    ]);
  });

  it('keeps its own engine where there are no replicas', () => {
    const engine = 'ENGINE = ReplacingMergeTree(v) ORDER BY month SETTINGS x = 1';
    expect(onShards(`CREATE TABLE IF NOT EXISTS edition (month String) ${engine}`)).toEqual([
      `CREATE TABLE IF NOT EXISTS \`tongda\`.edition_local (month String) ${engine}`,
      OVER.replace(' ON CLUSTER `province`', '').replace('province', 'pair'),
    ]);
  });

  it.each([
    ['CREATE TABLE IF NOT EXISTS stranger (x UInt8) ENGINE = MergeTree ORDER BY x', 'stranger'],
    ['CREATE TABLE IF NOT EXISTS edition (x UInt8) ENGINE = Log', 'MergeTree family'],
    [
      'CREATE TABLE IF NOT EXISTS edition (x UInt8) ENGINE = ReplicatedMergeTree ORDER BY x',
      'MergeTree family',
    ],
    [
      'CREATE TABLE IF NOT EXISTS edition ENGINE = MergeTree ORDER BY x AS SELECT 1 AS x',
      'columns',
    ],
    ['CREATE MATERIALIZED VIEW IF NOT EXISTS edition TO place AS SELECT 1', 'not for shards'],
    ['INSERT INTO edition SELECT 1', 'not for shards'],
  ])('refuses what it would get wrong: %s', (sql, message) => {
    expect(() => statementsFor(sql, CLUSTER, 'tongda')).toThrow(message);
  });

  it.each(listMigrations())(
    '$file is made of what lies on a shard and what sees all',
    ({ sql }) => {
      const statement = /(CREATE|ALTER) TABLE (?:IF NOT EXISTS )?(\w+)/.exec(sql);
      if (statement?.[1] !== 'CREATE') return;
      const [local, over] = onCluster(sql);
      expect(local).toContain(`.${statement[2]}_local ON CLUSTER`);
      expect(local).toContain(`/tongda/${statement[2]}_local'`);
      const column = /cityHash64\((\w+)\)\)$/.exec(over ?? '')?.[1] ?? '?';
      // Copies meet on one shard only when what says where they lie is part of what makes them copies.
      expect(/ORDER BY \(?([\w, ]+)/.exec(sql)?.[1]?.split(', ')).toContain(column);
      const stated = /^-- shard: (.+)$/m.exec(sql)?.[1];
      if (stated) expect(stated).toBe(`cityHash64(${column})`);
      expect(Object.keys(tables)).toContain(statement[2]);
    },
  );
});

describe('ALTER TABLE', () => {
  const LOCAL = 'ALTER TABLE `tongda`.measurement_local ON CLUSTER `province`';
  const WHOLE = 'ALTER TABLE `tongda`.measurement ON CLUSTER `province`';

  it.each([
    ['ADD INDEX IF NOT EXISTS byLine (line, place) TYPE set(100) GRANULARITY 4', null],
    ['MODIFY COLUMN v0 CODEC(T64, ZSTD(3))', null],
    ['MODIFY COLUMN v0 REMOVE CODEC', null],
    ['MODIFY COLUMN v0 MODIFY SETTING a = 1, b = 2', null],
    ['MODIFY SETTING a = 1, b = 2', null],
    ['MODIFY TTL start + INTERVAL 1 YEAR', null],
    ['DROP PARTITION 20261124', null],
    ['DELETE WHERE probe IN (1, 2)', null],
    ['MATERIALIZE COLUMN v0', null],
    ['ADD PROJECTION p (SELECT a, b ORDER BY c)', null],
    ['MODIFY COLUMN v0 Nullable(Int64) CODEC(T64, ZSTD(3))', 'MODIFY COLUMN v0 Nullable(Int64)'],
    [
      "ADD COLUMN IF NOT EXISTS a String DEFAULT ', CODEC(' CODEC(ZSTD(1)) AFTER v0",
      "ADD COLUMN IF NOT EXISTS a String DEFAULT ', CODEC(' AFTER v0",
    ],
    ['ADD COLUMN a Date TTL a + INTERVAL 1 DAY', 'ADD COLUMN a Date'],
    [
      "ADD COLUMN a Enum8('x' = 1, 'y' = 2), ADD INDEX i a TYPE minmax, COMMENT COLUMN a 'it is'",
      "ADD COLUMN a Enum8('x' = 1, 'y' = 2), COMMENT COLUMN a 'it is'",
    ],
    [
      'ADD COLUMN IF NOT EXISTS import String, MODIFY ORDER BY (code, validFrom, import)',
      'ADD COLUMN IF NOT EXISTS import String',
    ],
  ])('%s', (commands, forWhole) => {
    expect(onCluster(`ALTER TABLE measurement\n    ${commands}`)).toEqual([
      `${LOCAL} ${commands}`,
      ...(forWhole === null ? [] : [`${WHOLE} ${forWhole}`]),
    ]);
  });
});

it('views, and what empties or drops a table', () => {
  expect(onCluster('CREATE OR REPLACE VIEW metric_x AS\nSELECT 1 FROM measurement FINAL')).toEqual([
    'CREATE OR REPLACE VIEW `tongda`.metric_x ON CLUSTER `province` AS SELECT 1 FROM measurement FINAL',
  ]);
  expect(onCluster('OPTIMIZE TABLE place FINAL')).toEqual([
    'OPTIMIZE TABLE `tongda`.place_local ON CLUSTER `province` FINAL',
  ]);
  expect(onShards('TRUNCATE TABLE IF EXISTS place')).toEqual([
    'TRUNCATE TABLE IF EXISTS `tongda`.place_local',
  ]);
  expect(onShards('DROP TABLE IF EXISTS place SYNC')).toEqual([
    'DROP TABLE IF EXISTS `tongda`.place SYNC',
    'DROP TABLE IF EXISTS `tongda`.place_local SYNC',
  ]);
  expect(databaseSql(CLUSTER, 'a`b')).toBe(
    'CREATE DATABASE IF NOT EXISTS `a\\`b` ON CLUSTER `province`',
  );
});

it('the view of parts looks where the tables lie', () => {
  expect(partViewSql(SINGLE, 'tongda')).toContain('FROM system.parts\n');
  expect(partViewSql(CLUSTER, 'tongda')).toContain("FROM cluster('province', system.parts)\n");
});

it('replicas are asked for a quorum, shards without replicas are not', () => {
  expect(topologySettings(CLUSTER)).toMatchObject({
    insert_quorum: 'auto',
    skip_unavailable_shards: 0,
  });
  expect(topologySettings(SHARDS)).not.toHaveProperty('insert_quorum');
});
