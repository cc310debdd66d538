/**
 * `rows.ts` and `questions.ts` against the real engine, letter by letter: every table, every query, every indicator.
 * A newcomer among them is tested on arrival.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../probes/catalogue.ts';
import { INDICATORS } from '../../sql/indicator.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import {
  measured,
  type QueryName,
  queries,
  quotient,
  type RollupName,
  rollups,
  standing,
} from '../../sql/questions.ts';
import { textOf } from '../../sql/rollup.ts';
import { defaulted, tables } from '../../sql/rows.ts';
import { startTestStore, type TestStore } from './engine-fixture.ts';

const FOLDER = new URL('../../sql/', import.meta.url);

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
  await defineMetricViews(test.store, METRICS);
});
afterAll(() => test.stop());

/** `{name:Type}` of a text, comments left out. */
function parametersIn(sql: string): Record<string, string> {
  const found = sql.replace(/--.*$/gm, '').matchAll(/\{(\w+):([^}]+)\}/g);
  return Object.fromEntries([...found].map(([, name = '', type = '']) => [name, type]));
}

/** `{name:Type}` of a text's head. */
function parametersListed(sql: string): Record<string, string> {
  const head = /^(--.*\n)*/.exec(sql)?.[0] ?? '';
  const found = head.matchAll(/\{(\w+):([^}]+)\}/g);
  return Object.fromEntries([...found].map(([, name = '', type = '']) => [name, type]));
}

function sampleOf(type: string): unknown {
  if (type.startsWith('Array(')) return [];
  if (type.startsWith('Date')) return type === 'Date' ? '2026-11-24' : '2026-11-24 00:00:00';
  if (type === 'Identifier') return 'v0';
  return type === 'String' ? '' : 1;
}

async function describeQuestion(sql: string, params: Readonly<Record<string, string>>) {
  const samples = Object.entries(params).map(([name, type]) => [name, sampleOf(type)]);
  const rows = await test.store.read<{ name: string; type: string }>(
    `DESCRIBE (\n${sql}\n)`,
    Object.fromEntries(samples),
  );
  return rows.map(({ name, type }) => [name, type]);
}

function filesIn(folder: string): string[] {
  return readdirSync(new URL(folder, FOLDER))
    .filter((file) => file.endsWith('.sql'))
    .map((file) => file.slice(0, -'.sql'.length))
    .sort();
}

describe('tables', () => {
  it.each(Object.entries(tables))('%s', async (table, columns) => {
    const found = await test.store.read<{ name: string; type: string; kind: string }>(
      `SELECT name, type, default_kind AS kind FROM system.columns
       WHERE database = currentDatabase() AND table = {table:String} AND default_kind != 'ALIAS'
       ORDER BY position`,
      { table },
    );
    expect(found.map(({ name, type }) => [name, type])).toEqual(Object.entries(columns));
    // `precedence` has a default for strangers alone: whoever inserts by `store.ts` states it.
    // `import` is a part of keys, which takes no DEFAULT.
    const left = found.filter(({ kind, name }) => kind === 'DEFAULT' && name !== 'precedence');
    const named: readonly string[] = defaulted[table as keyof typeof defaulted] ?? [];
    expect(left.map(({ name }) => name)).toEqual(named.filter((name) => name !== 'import'));
  });

  it('are all there', async () => {
    const found = await test.store.read<{ name: string }>(
      `SELECT name FROM system.tables
       WHERE database = currentDatabase() AND engine NOT LIKE '%View' AND name != 'schema_migration'`,
    );
    expect(found.map(({ name }) => name).sort()).toEqual(Object.keys(tables).sort());
  });
});

describe('queries', () => {
  it('have one file and one entry each', () => {
    expect(filesIn('queries/')).toEqual(Object.keys(queries).sort());
  });

  it.each(Object.keys(queries) as QueryName[])('%s', async (name) => {
    const sql = readFileSync(new URL(`queries/${name}.sql`, FOLDER), 'utf8');
    const { params, columns } = queries[name];
    expect(parametersIn(sql)).toEqual(params);
    expect(parametersListed(sql)).toEqual(params);
    expect(await describeQuestion(sql, params)).toEqual(Object.entries(columns));
  });
});

describe('rollups', () => {
  it('have one file and one entry each', () => {
    expect(filesIn('rollups/')).toEqual(Object.keys(rollups).sort());
  });

  it.each(Object.keys(rollups) as RollupName[])('%s', async (name) => {
    const sql = textOf(name);
    const { params, into } = rollups[name];
    expect(parametersIn(sql)).toEqual(params);
    expect(parametersListed(sql)).toEqual(params);
    const names = (await describeQuestion(sql, params)).map(([column]) => column);
    expect(names).toEqual(Object.keys(tables[into]));
  });
});

describe('indicators', () => {
  it('are all listed', () => {
    expect(filesIn('indicators/')).toEqual([...INDICATORS.keys()]);
  });

  it.each([...INDICATORS])('%s', async (_name, { kind, line, sql }) => {
    const { params, columns } =
      kind === 'quotient' ? quotient : kind === 'standing' ? standing : measured;
    const asked = parametersIn(sql);
    expect(params).toMatchObject(asked);
    if (!line) expect(parametersListed(sql)).toEqual(asked);
    expect(await describeQuestion(sql, asked)).toEqual(Object.entries(columns));
  });
});
