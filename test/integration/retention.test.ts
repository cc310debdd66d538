/** Retention on the real engine: what goes, what stays, and nothing in silence; cut off at any point. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startEngine } from '../../sql/engine.ts';
import { migrate } from '../../sql/migrate.ts';
import { isTwin } from '../../sql/partition.ts';
import { retire, retiredDays } from '../../sql/retention.ts';
import type { InsertOf } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { enrolProbe, quietStation, withEngine } from '../faults/quiet-station.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { eventually, scratch, startStation, tongda } from '../tongda.ts';
import { boundStore } from './bound-store.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const RETENTION = { successDays: 62, failureDays: 100 };
const TODAY = '2026-11-25';
const now = () => new Date('2026-11-25T04:00:00.000Z');

/** Of each day: the first and the last moment in Shanghai, and one between. */
const HOURS = ['00:00:00.000', '12:00:00.000', '23:59:59.999'];
const OUTCOMES = ['ok', 'ok', 'failed', 'skipped'] as const;
const FRESH = '2026-11-20';
/** 62 days old: not older than that. */
const EVE = '2026-09-24';
const TRIMMED = '2026-09-23';
const TRIMMED_TOO = '2026-09-01';
const DROPPED = '2026-08-16';
const UNSEALED = '2026-07-15';
const DAYS = [FRESH, EVE, TRIMMED, TRIMMED_TOO, DROPPED, UNSEALED];

function rowsOf(day: string, outcomes: readonly (typeof OUTCOMES)[number][] = OUTCOMES) {
  return HOURS.flatMap((hour, index) =>
    outcomes.map((outcome, place) =>
      aMeasurementRow({
        start: new Date(`${day}T${hour}+08:00`).toISOString(),
        sequence: Date.parse(day) + index * 10 + place,
        outcome,
      }),
    ),
  );
}

const samplesOf = (rows: readonly InsertOf<'measurement'>[]): InsertOf<'sample'>[] =>
  rows.map(({ probe, sequence, metric, start }) => ({
    ...{ probe, sequence, metric, start },
    samples: [1, 2],
  }));

async function seal(store: Store, month: string) {
  await store.insert('edition', [
    { month, edition: 1, sealed: '2026-10-03T03:00:00Z', sha256: '0'.repeat(64), document: '{}' },
  ]);
}

async function fill(store: Store, days = DAYS) {
  for (const day of days) {
    const rows = rowsOf(day);
    await store.insert('measurement', rows);
    // Copies, which are one row for whoever asks.
    await store.insert('measurement', rows.slice(3));
    await store.insert('sample', samplesOf(rows));
  }
  // A day without a failure has nothing to keep.
  await store.insert('measurement', rowsOf('2026-09-02', ['ok']));
  for (const month of ['2026-08', '2026-09', '2026-10']) await seal(store, month);
}

/** Rows by day and outcome, samples by day, and the notes, as everybody sees them. */
async function content(store: Store) {
  const day = "toString(toDate(toTimeZone(start, 'Asia/Shanghai')))";
  return {
    rows: await store.read<{ day: string; outcome: string; n: number }>(
      `SELECT ${day} AS day, outcome, count() AS n FROM measurement FINAL GROUP BY day, outcome ORDER BY day, outcome`,
    ),
    hash: await store.read(`SELECT sum(cityHash64(*)) AS hash FROM measurement FINAL`),
    samples: await store.read<{ day: string; n: number }>(
      `SELECT ${day} AS day, count() AS n FROM sample FINAL GROUP BY day ORDER BY day`,
    ),
    notes: (await store.query('retired_days', {})).map(({ at, ...note }) => note),
  };
}

const run = (store: Store) => retire(store, RETENTION, { now, today: TODAY });

let test: TestStore;
let count = 0;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

/** A database of its own with everything in it. */
async function filled(): Promise<Store> {
  const store = await openStore({
    ...test.engine,
    database: `retention_${++count}`,
    log: silent,
  });
  await migrate(store);
  await fill(store);
  return store;
}

describe('retention', () => {
  it('keeps all of young days, failures of older ones, nothing of the oldest, and unsealed months whole', async () => {
    const store = await filled();
    const { done, waiting } = await run(store);
    const whole = [
      { outcome: 'ok', n: 6 },
      { outcome: 'failed', n: 3 },
      { outcome: 'skipped', n: 3 },
    ];
    const failures = whole.slice(1);
    const { rows, samples, notes } = await content(store);
    expect(rows).toEqual(
      [
        [UNSEALED, whole] as const,
        [TRIMMED_TOO, failures] as const,
        [TRIMMED, failures] as const,
        [EVE, whole] as const,
        [FRESH, whole] as const,
      ].flatMap(([day, parts]) => parts.map((part) => ({ day, ...part }))),
    );
    expect(samples).toEqual([UNSEALED, EVE, FRESH].map((day) => ({ day, n: 12 })));
    const note = (day: string, table: string, rule: string, before: number, kept: number) => ({
      ...{ day, table, rule, rowsBefore: before, rowsKept: kept, done: true },
      limitDays: rule === 'dropped' && day === DROPPED ? 100 : 62,
    });
    expect(notes).toEqual([
      note(DROPPED, 'measurement', 'dropped', 12, 0),
      note(DROPPED, 'sample', 'dropped', 12, 0),
      note(TRIMMED_TOO, 'measurement', 'failures-kept', 12, 6),
      note(TRIMMED_TOO, 'sample', 'dropped', 12, 0),
      note('2026-09-02', 'measurement', 'failures-kept', 3, 0),
      note(TRIMMED, 'measurement', 'failures-kept', 12, 6),
      note(TRIMMED, 'sample', 'dropped', 12, 0),
    ]);
    expect(done).toMatchObject(notes.map(({ done: _, ...counts }) => counts));
    expect(waiting).toEqual([{ month: '2026-07', days: 1 }]);
    expect([...(await retiredDays(store))].sort()).toEqual([
      DROPPED,
      TRIMMED_TOO,
      '2026-09-02',
      TRIMMED,
    ]);

    // Again: there is nothing to do. Then the last month is sealed, and its day goes.
    const before = await content(store);
    expect(await run(store)).toEqual({ done: [], waiting });
    expect(await content(store)).toEqual(before);
    await seal(store, '2026-07');
    expect((await run(store)).done).toMatchObject([
      { day: UNSEALED, table: 'measurement', rule: 'dropped' },
      { day: UNSEALED, table: 'sample', rule: 'dropped' },
    ]);
    await store.close();
  });

  it('drops the failures too when they are old enough', async () => {
    const store = await filled();
    await run(store);
    const later = { now, today: '2027-01-10' };
    const { done } = await retire(store, RETENTION, later);
    expect(done.filter(({ day }) => day === TRIMMED)).toMatchObject([
      { table: 'measurement', rule: 'dropped', rowsBefore: 6, rowsKept: 0, limitDays: 100 },
    ]);
    await store.close();
  });

  it('trims a day again that got rows since, and notes it beside the first time', async () => {
    const store = await filled();
    await run(store);
    const kept = await content(store);
    await store.insert('measurement', rowsOf(TRIMMED, ['ok']));
    const later = { now: () => new Date('2026-11-26T04:00:00.000Z'), today: TODAY };
    const { done } = await retire(store, RETENTION, later);
    expect(done).toMatchObject([{ day: TRIMMED, rule: 'failures-kept', rowsBefore: 9 }]);
    const { rows, hash, notes } = await content(store);
    expect({ rows, hash }).toEqual({ rows: kept.rows, hash: kept.hash });
    const ofDay = notes.filter(({ table, day }) => table === 'measurement' && day === TRIMMED);
    expect(ofDay).toMatchObject([
      { rowsBefore: 12, rowsKept: 6, done: true },
      { rowsBefore: 9, rowsKept: 6, done: true },
    ]);
    await store.close();
  });
});

/** A store that dies at its `after`-th write: this and all that follows is never sent. */
function dying(store: Store, after: number) {
  let writes = 0;
  const write = <T>(send: () => Promise<T>): Promise<T> =>
    writes++ < after ? send() : Promise.reject(new Error('killed'));
  const mortal: Store = {
    ...boundStore(store),
    define: (sql) => write(() => store.define(sql)),
    insert: (table, rows) => write(() => store.insert(table, rows)),
    command: (sql, params) => write(() => store.command(sql, params)),
  };
  return { mortal, writes: () => writes };
}

describe('a run that is cut off', () => {
  it('before any of its writes, and run again, comes to the same', async () => {
    const store = await filled();
    const refill = async () => {
      for (const table of ['measurement', 'sample', 'retired_day'])
        await store.command(`TRUNCATE TABLE ${table}`);
      await fill(store, [FRESH, TRIMMED, DROPPED]);
    };
    await refill();
    const { mortal, writes } = dying(store, Number.POSITIVE_INFINITY);
    await run(mortal);
    const expected = await content(store);
    // Of one day trimmed, one without failures, one dropped, and two days' samples.
    expect(writes()).toBe(6 + 4 * 3);
    for (let after = 0; after < writes(); after++) {
      await refill();
      await expect(run(dying(store, after).mortal)).rejects.toThrow('killed');
      await run(store);
      expect([after, await content(store)]).toEqual([after, expected]);
      expect((await run(store)).done).toEqual([]);
    }
    await store.close();
  });

  it('by a kill of the engine does not bring back what was removed', async () => {
    const own = await startTestStore();
    await fill(own.store);
    await run(own.store);
    const expected = await content(own.store);
    process.kill(own.engine.pid, 'SIGKILL');
    await own.engine.exited;
    await own.store.close();
    const engine = await startEngine({ directory: own.directory, log: silent });
    const store = await openStore({ ...engine, log: silent });
    expect(await content(store)).toEqual(expected);
    await store.close();
    await engine.stop();
    await own.stop();
  });

  it('leaves the day as it was when the copy of its failures is not whole', async () => {
    const store = await filled();
    const before = await content(store);
    const forgetful: Store = {
      ...dying(store, Number.POSITIVE_INFINITY).mortal,
      command: (sql, params) =>
        sql.startsWith('INSERT INTO') ? Promise.resolve() : store.command(sql, params),
    };
    await store.command('ALTER TABLE measurement DROP PARTITION 20260816');
    await store.command('ALTER TABLE sample DROP PARTITION 20260816');
    await expect(run(forgetful)).rejects.toMatchObject({ code: 'retention-miscounted' });
    const { rows, notes } = await content(store);
    expect(rows).toEqual(before.rows.filter(({ day }) => day !== DROPPED));
    expect(notes).toEqual([]);
    const names = await store.read<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    );
    expect(names.filter(({ name }) => isTwin(name))).toEqual([]);
    await store.close();
  });
});

describe('a station', () => {
  const directory = scratch();
  const settings = quietStation(directory.path);
  afterAll(directory.remove);

  /** Long ago by the plan's 400 and 1,100 days. */
  const ago = (days: number) => new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const retain = async (...args: string[]) => {
    const { stdout, stderr } = await tongda(['store', 'retain', '--json', ...args], settings);
    if (!stdout) throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const add = (day: string) =>
    withEngine(settings, (store) => store.insert('measurement', rowsOf(day)));
  const report = async (month: string) => {
    const { stdout, stderr } = await tongda(['report', month, '--json'], settings);
    if (!stdout) throw new Error(stderr);
    return JSON.parse(stdout);
  };
  const rows = (day: string) =>
    withEngine(settings, async (store) =>
      (await content(store)).rows.filter((row) => row.day === day),
    );

  it('says what would go, removes it by command, and by itself', async () => {
    let station = await startStation(settings);
    await enrolProbe(settings, 'xuanwu-1');
    await add(ago(500));
    const month = ago(500).slice(0, 7);
    expect(await retain()).toMatchObject({ days: [], waiting: [{ month, days: 1 }] });
    const sealed = await report(month);
    const step = { day: ago(500), table: 'measurement', rowsBefore: 12, rowsKept: 6 };
    expect(await retain('--dry-run')).toMatchObject({
      successDays: 400,
      failureDays: 1_100,
      dryRun: true,
      days: [step],
    });
    expect(await rows(ago(500))).toHaveLength(3);
    const { stdout } = await tongda(['store', 'retain', '--dry-run'], settings);
    expect(stdout).toContain(`${ago(500)}\tmeasurement\t12\t6`);
    expect(await retain()).toMatchObject({ dryRun: false, days: [step] });
    expect(await retain()).toMatchObject({ days: [] });
    expect(await rows(ago(500))).toHaveLength(2);

    // Starting, the station seals first what is not sealed, then removes what may go.
    await add(ago(1_200));
    await station.stop();
    station = await startStation(settings);
    await eventually(
      () => rows(ago(1_200)),
      (found) => found.length === 0,
    );
    // What was sealed stays the month's word: drawn anew, it would count the failures alone.
    expect(sealed).toMatchObject({ edition: 1, changed: true });
    expect(await report(month)).toMatchObject({ ...sealed, changed: false });
    await station.stop();
  });
});
