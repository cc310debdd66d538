/**
 * What cannot run here, for want of Keeper and of an interserver port, is at least read: the engine's
 * own parser takes every statement a cluster with replicas would be given.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../probes/catalogue.ts';
import { metricViewSql } from '../../sql/metric-views.ts';
import { listMigrations, NOTES_SQL } from '../../sql/migrate.ts';
import {
  databaseSql,
  partViewSql,
  statementsFor,
  type Topology,
  topologySettings,
} from '../../sql/topology.ts';
import { startTestStore, type TestStore } from './engine-fixture.ts';

const PROVINCE: Topology = { kind: 'cluster', name: 'province-1' };

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

const SOURCES: readonly [string, string][] = [
  ['the notes', NOTES_SQL],
  ...listMigrations().map(({ file, sql }): [string, string] => [file, sql]),
  ['the view of parts', partViewSql(PROVINCE, 'tongda')],
  ...METRICS.map((metric): [string, string] => [metric.name, metricViewSql(metric)]),
  [
    'a change of columns and indices',
    `ALTER TABLE measurement MODIFY COLUMN v0 Nullable(Int64) CODEC(T64, ZSTD(3)), ADD COLUMN
     a String DEFAULT ',' CODEC(ZSTD(1)) AFTER v0, ADD INDEX i (line, place) TYPE set(9), MODIFY SETTING
     parts_to_throw_insert = 1, parts_to_delay_insert = 2`,
  ],
  ['the end of a day', 'ALTER TABLE measurement DROP PARTITION 20261124'],
  ['a merge', 'OPTIMIZE TABLE measurement FINAL'],
  ['an end', 'DROP TABLE IF EXISTS sample SYNC'],
  ['an emptying', 'TRUNCATE TABLE IF EXISTS sample'],
];

const STATEMENTS = [
  ['the database', databaseSql(PROVINCE, 'tongda')] as const,
  ...SOURCES.flatMap(([name, sql]) =>
    statementsFor(sql, PROVINCE, 'tongda').map((statement) => [name, statement] as const),
  ),
];

describe('the engine reads', () => {
  it.each(STATEMENTS)('%s, each for all servers: %#', async (_name, statement) => {
    await test.store.command(`EXPLAIN AST ${statement}`);
    const [formatted] = await test.store.read<{ sql: string }>(
      'SELECT formatQuery({statement:String}) AS sql',
      { statement },
    );
    expect(formatted?.sql).toContain('ON CLUSTER `province-1`');
  });

  it('every setting, by a name and with a value it knows', async () => {
    const settings = Object.entries(topologySettings(PROVINCE));
    const assigned = settings.map(([name, value]) => `${name} = '${value}'`).join(', ');
    expect(await test.store.read(`SELECT 1 AS one SETTINGS ${assigned}`)).toEqual([{ one: 1 }]);
    const known = await test.store.read<{ name: string }>(
      'SELECT name FROM system.settings WHERE name IN {names:Array(String)}',
      { names: settings.map(([name]) => name) },
    );
    expect(known).toHaveLength(settings.length);
  });
});

it('replicas have the engine the table has by itself, with nothing lost', async () => {
  for (const { file, sql } of listMigrations()) {
    const [local = ''] = statementsFor(sql, PROVINCE, 'tongda');
    const bare = local
      .replace(' ON CLUSTER `province-1`', '')
      .replace(/Replicated(\w+)\('[^']+', '\{replica\}'(?:, )?/, '$1(')
      .replace(/`tongda`\.(\w+?)(?:_local)?\b/, '$1');
    const format = async (statement: string) =>
      (await test.store.read('SELECT formatQuery({statement:String}) AS sql', { statement }))[0];
    const plain = sql.replace(/ENGINE = (\w+MergeTree)(?! *\()/, 'ENGINE = $1()');
    expect([file, await format(bare)]).toEqual([file, await format(plain)]);
  }
});
