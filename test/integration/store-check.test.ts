/** `tongda store check`: nothing to say of a sound store; of each fault made on purpose, that fault alone. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { judgementsOf, spanOf } from '../../api/judgement.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { rollUp } from '../../api/rollup-keeper.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { CHECKS } from '../../sql/checks/catalogue.ts';
import { type CheckContext, type CheckResult, runChecks } from '../../sql/checks/check.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { listMigrations, migrate } from '../../sql/migrate.ts';
import { makeTwin } from '../../sql/partition.ts';
import { retire } from '../../sql/retention.ts';
import type { InsertOf } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { enrolProbe, quietStation, sendReport, withEngine } from '../faults/quiet-station.ts';
import { aMeasurement } from '../measurement.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { scratch, startStation, tongda, tongdaProcess } from '../tongda.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

let test: TestStore;
let count = 0;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

const open = (database: string) => openStore({ ...test.engine, database, log: silent });
const PLAN = uncheckedPlanOf('jiangsu-2013');
const now = () => new Date('2026-11-25T04:00:00.000Z');

/** A row whose larger half is `detail`, which no check but the checksums reads. */
const measured = (sequence: number, changes: Partial<InsertOf<'measurement'>> = {}) =>
  aMeasurementRow({
    sequence,
    outcome: 'failed',
    detail: Array.from({ length: 300 }, (_, index) =>
      String.fromCharCode(33 + ((index * index * 7 + sequence * 31) % 90)),
    ).join(''),
    ...changes,
  });

async function sound(): Promise<Store> {
  const store = await open(`check_${++count}`);
  await migrate(store);
  await defineMetricViews(store, METRICS);
  await store.insert('place', [
    {
      ...{ code: '320106001001', name: '村', level: 'village', parent: '320106001', kind: '' },
      ...{ validFrom: '2013-06-15', source: 'test' },
    },
  ]);
  await store.insert('line', [
    {
      ...{ line: 'line-1', place: '320106001001', carrier: 'telecom', technology: 'ftth' },
      ...{ subscribedDownBps: null, subscribedUpBps: null, validFrom: '2026-01-01' },
    },
  ]);
  const rows = Array.from({ length: 200 }, (_, sequence) => measured(sequence));
  await store.command('SYSTEM STOP MERGES measurement');
  await store.insert('measurement', rows);
  await store.insert('measurement', rows.slice(150));
  await store.insert('quarantine', [
    {
      ...{ probe: 'p1', sha256: 'a'.repeat(64), sequence: null, line: 2, code: 'malformed-json' },
      ...{ reason: '', original: '{', source: '::1', received: '2026-11-24T00:00:00.000000Z' },
    },
  ]);
  await rollUp(store, PLAN);
  return store;
}

const asked = (store: Store) => ({
  ...{ store, now, spanOf, judgements: judgementsOf(PLAN) },
  openScratch: () => open(`${store.database}_fresh`),
});
const look = (store: Store, changes: Partial<CheckContext> = {}): Promise<CheckResult[]> =>
  runChecks(CHECKS, { ...asked(store), ...changes }, () => {});
const findingsOf = (results: readonly CheckResult[]) =>
  results.flatMap(({ findings }) => findings.map(({ code, subject }) => [code, subject]));

describe('a sound store', () => {
  it('gives no finding, its counts, and is left as it was', async () => {
    const store = await sound();
    // Somebody is trimming a day just now.
    await makeTwin(store, 'measurement');
    const progress: [string, number][] = [];
    const results = await runChecks(CHECKS, asked(store), ({ name }, done) =>
      progress.push([name, done]),
    );
    expect(findingsOf(results)).toEqual([]);
    expect(results.map(({ name, unfinished }) => [name, unfinished])).toEqual(
      CHECKS.map(({ name }) => [name, null]),
    );
    const figures = results.flatMap((result) => result.figures);
    const figure = (name: string, subject: string) =>
      figures.find((found) => found.name === name && found.subject === subject)?.value;
    expect(figure('rows', 'measurement')).toBe(200);
    expect(figure('copies', 'measurement')).toBe(50);
    expect(figure('parts', 'measurement')).toBe(2);
    expect(figure('quarantined', 'malformed-json')).toBe(1);
    for (const { name } of CHECKS) expect(progress).toContainEqual([name, 1]);
    const left = await store.read(
      "SELECT name FROM system.databases WHERE name LIKE '%\\_fresh' ORDER BY name",
    );
    expect(left).toEqual([]);
    await store.close();
  });
});

/** Flips one bit in the middle of a part's data, which is the `detail` of its rows. */
async function damage(store: Store) {
  const [part] = await store.read<{ path: string }>(
    `SELECT path FROM system.parts WHERE database = currentDatabase() AND table = 'measurement'
       AND active ORDER BY rows DESC LIMIT 1`,
  );
  const file = join(part?.path ?? '', 'data.bin');
  const bytes = readFileSync(file);
  const at = bytes.length >> 1;
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

const note = (day: string, rowsKept: number, done: boolean): InsertOf<'retired_day'> => ({
  ...{ table: 'measurement', day, at: '2026-11-24T20:30:00.000000Z', rule: 'failures-kept' },
  ...{ limitDays: 400, rowsBefore: 300, rowsKept, done },
});
const last = listMigrations().at(-1)?.file ?? '';

type Made = readonly [
  spoil: (store: Store) => Promise<unknown>,
  code: string,
  subject: string | RegExp,
];
/** Faults of which none hides another; each group is made in one store. */
const FAULTS: Readonly<Record<string, readonly Made[]>> = {
  'of tables, and a rollup that counts a line too many': [
    [
      (store) => store.command('ALTER TABLE sample DROP COLUMN samples'),
      ...(['table-differs', 'sample'] as const),
    ],
    [
      (store) => store.command('ALTER TABLE line MODIFY COLUMN subscribedUpBps Nullable(UInt32)'),
      ...(['table-differs', 'line'] as const),
    ],
    [
      (store) => store.command('ALTER TABLE edition MODIFY SETTING fsync_after_insert = 0'),
      ...(['table-differs', 'edition'] as const),
    ],
    [
      (store) => store.command('DROP TABLE quarantine_log'),
      ...(['table-missing', 'quarantine_log'] as const),
    ],
    [
      (store) => store.command('CREATE TABLE mine (x UInt8) ENGINE = MergeTree ORDER BY x'),
      ...(['table-unknown', 'mine'] as const),
    ],
    [
      (store) =>
        store.command(
          "INSERT INTO area_step SELECT * REPLACE (lines + 1 AS lines) FROM area_step WHERE step = 'hour' LIMIT 1",
        ),
      ...(['rollup-differs', 'area_step/2026-11-24'] as const),
    ],
  ],
  'of a schema file not applied yet, and a flipped bit': [
    [
      (store) => store.command('DELETE FROM schema_migration WHERE file = {last:String}', { last }),
      ...(['schema-pending', last] as const),
    ],
    [damage, 'part-damaged', /^measurement\/20261124_/],
  ],
  'of an edited schema file, and of rows': [
    [
      (store) =>
        store.command(
          "INSERT INTO schema_migration (file, sha256, applied) VALUES ('003_probe.sql', {sha256:String}, now64(3) + 1)",
          { sha256: 'b'.repeat(64) },
        ),
      ...(['schema-drift', 'schema_migration'] as const),
    ],
    [
      (store) => store.insert('measurement', [measured(900, { line: 'line-9' })]),
      ...(['line-unknown', 'line-9'] as const),
    ],
    [
      (store) => store.insert('measurement', [measured(901, { place: '999' })]),
      ...(['place-unknown', '999'] as const),
    ],
    [
      (store) => store.insert('measurement', [measured(7, { start: '2026-11-24T05:00:00.000Z' })]),
      ...(['sequence-twice', 'p1'] as const),
    ],
  ],
  'of a newer program’s schema file, of days retained, and a thousand parts': [
    [
      (store) =>
        store.command(
          "INSERT INTO schema_migration (file, sha256) VALUES ('999_tomorrow.sql', {sha256:String})",
          { sha256: 'b'.repeat(64) },
        ),
      ...(['schema-newer', 'schema_migration'] as const),
    ],
    [
      (store) => store.insert('retired_day', [note('2026-11-24', 100, true)]),
      ...(['retired-day-grew', 'measurement/2026-11-24'] as const),
    ],
    [
      (store) => store.insert('retired_day', [note('2026-11-23', 0, false)]),
      ...(['retention-unfinished', 'measurement/2026-11-23'] as const),
    ],
    [
      async (store) => {
        await store.command('SYSTEM STOP MERGES probe');
        await store.command(
          `INSERT INTO probe (probe, line) SELECT toString(number), '' FROM numbers(1000)
           SETTINGS max_block_size = 1, min_insert_block_size_rows = 1, min_insert_block_size_bytes = 1, max_insert_threads = 1`,
        );
      },
      ...(['parts-too-many', 'probe/tuple()'] as const),
    ],
  ],
};

describe('faults', () => {
  it.each(Object.entries(FAULTS))('%s are found, and nothing else', async (_, made) => {
    const store = await sound();
    for (const [spoil] of made) await spoil(store);
    const results = await look(store);
    const isPending = made.some(([, code]) => code === 'schema-pending');
    // A file that is not noted but has run has left what it alters as nobody expects it yet.
    const found = findingsOf(results).filter(([code]) => !isPending || code !== 'table-differs');
    for (const [, code, subject] of made)
      expect(found).toContainEqual([
        code,
        typeof subject === 'string' ? subject : expect.stringMatching(subject),
      ]);
    expect(found, JSON.stringify(found)).toHaveLength(made.length);
    for (const { what, cure } of results.flatMap(({ findings }) => findings))
      for (const text of [what, cure])
        expect(text).toEqual({ zh: expect.stringMatching(/\p{sc=Han}/u), en: expect.any(String) });
    await store.command('DROP DATABASE {database:Identifier}', { database: store.database });
    await store.close();
  });

  it('of the way to look are told as such, and the other checks are made', async () => {
    const store = await sound();
    const results = await look(store, { openScratch: () => Promise.reject(new Error('no room')) });
    expect(findingsOf(results)).toEqual([['check-failed', 'schema']]);
    expect(results.filter(({ unfinished }) => unfinished === null)).toHaveLength(CHECKS.length - 1);
    await store.close();
  });

  it('that retention finds too is cured by it', async () => {
    const store = await sound();
    await store.insert('edition', [
      {
        ...{ month: '2026-11', edition: 1, sealed: '2026-12-03T03:00:00Z' },
        sha256: '0'.repeat(64),
        document: '{}',
      },
    ]);
    await store.insert('retired_day', [note('2026-11-24', 200, false)]);
    const retention = { successDays: 62, failureDays: 400 };
    await retire(store, retention, { now, today: '2027-06-01' });
    expect(findingsOf(await look(store))).toEqual([]);
    await store.close();
  });
});

describe('tongda store check', () => {
  const directory = scratch();
  const settings = quietStation(directory.path);
  afterAll(directory.remove);

  it('ends with 0 beside a running station, and with 1 on a store no station would serve', async () => {
    const station = await startStation(settings);
    const token = await enrolProbe(settings, 'xuanwu-1');
    const start = new Date(Date.now() - 60_000).toISOString();
    await sendReport(station.url, token, [aMeasurement({ start })]);
    const well = await tongdaProcess(['store', 'check'], settings);
    expect([well.code, well.stdout]).toEqual([0, expect.stringContaining('all is well')]);
    for (const { title } of CHECKS) expect(well.stderr).toContain(`${title.en} 100%`);
    const path = await withEngine(settings, async (store) => {
      const [part] = await store.read<{ path: string }>(
        "SELECT path FROM system.parts WHERE table = 'measurement' AND active LIMIT 1",
      );
      return part?.path ?? '';
    });
    await station.stop();
    rmSync(join(path, 'count.txt'));
    for (const _ of [1, 2]) {
      const { code, stdout } = await tongda(['store', 'check', '--json'], settings);
      expect(code).toBe(1);
      const { well: is, checks } = JSON.parse(stdout) as { well: boolean; checks: CheckResult[] };
      expect(is).toBe(false);
      const [first, ...others] = findingsOf(checks);
      expect(first).toEqual(['part-broken', expect.stringMatching(/^measurement\/.*2026/)]);
      // What was drawn from the part is still there, and says more than the rows that are left.
      for (const [code] of others) expect(code).toBe('rollup-differs');
    }
  });

  it('says so where there is no store', async () => {
    const { code, stderr } = await tongda(['store', 'check'], {
      TONGDA_DATA: join(directory.path, 'nothing'),
    });
    expect([code, stderr]).toEqual([1, expect.stringContaining('[store-missing]')]);
  });
});
