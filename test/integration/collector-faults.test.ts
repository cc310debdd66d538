/**
 * A collector whose way to the store breaks: between the inserts that one report is stored by, where
 * each day is one of its own, and within one.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../probes/measurement.ts';
import { acknowledgementSchema } from '../../probes/report.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { type FaultName, type FaultyProxy, startFaultyProxy } from '../faults/proxy.ts';
import { aMeasurement } from '../measurement.ts';
import { startTestCollector, type TestCollector } from './collector-fixture.ts';
import { BRISK, silent } from './engine-fixture.ts';

const NOW = new Date('2026-11-10T05:00:00.000Z');
const DAY_MS = 86_400_000;
const DAYS = 3;
const ROWS = 60;

let test: TestCollector;
let proxy: FaultyProxy;
let store: Store;
beforeAll(async () => {
  test = await startTestCollector({ probes: ['village-1'], now: NOW });
  proxy = await startFaultyProxy(test.engine.url);
  store = await openStore({ ...test.engine, url: proxy.url, pausesMs: BRISK, log: silent });
  test.insert = (table, encoded) => store.insertEncoded(table, encoded);
});
afterAll(async () => {
  await store?.close();
  await proxy?.stop();
  await test?.stop();
});
beforeEach(async () => {
  proxy.reset();
  test.clock = NOW;
  for (const table of ['measurement', 'sample'])
    await test.store.command(`TRUNCATE TABLE ${table}`);
});

/** Rows of several days in turn, each with a value of its own. */
const rows: Measurement[] = Array.from({ length: ROWS }, (_, sequence) =>
  aMeasurement({
    probe: 'village-1',
    sequence,
    start: new Date(NOW.getTime() - (sequence % DAYS) * DAY_MS - sequence * 1000).toISOString(),
    values: { rttMedianMs: sequence + 0.125 },
    samples: [sequence, sequence / 8],
  }),
);

const effect = async () => ({
  rows: await test.store.read(
    'SELECT * EXCEPT precedence FROM measurement FINAL ORDER BY sequence',
  ),
  samples: await test.store.read('SELECT * FROM sample FINAL ORDER BY sequence'),
  figures: await test.store.read(
    `SELECT toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai')) AS day, count() AS n,
            quantilesExact(0.5, 0.95)(v0) AS medians
     FROM measurement FINAL GROUP BY day ORDER BY day`,
  ),
});

describe('a report of several days', () => {
  // Of each day the samples, then the measurements.
  const cuts: [stored: number, fault: FaultName][] = Array.from(
    { length: 2 * DAYS - 1 },
    (_, index) => [
      index + 1,
      (['reset-within', 'reset-before', 'reset-after'] as const)[index % 3] ?? 'reset-within',
    ],
  );

  it.each(cuts)(
    'cut for good after %i inserts (%s) counts once when it is sent again',
    async (stored, fault) => {
      expect((await test.send('village-1', rows)).status).toBe(200);
      const once = await effect();
      expect(once.rows).toHaveLength(ROWS);
      expect(once.figures).toHaveLength(DAYS);
      for (const table of ['measurement', 'sample'])
        await test.store.command(`TRUNCATE TABLE ${table}`);

      proxy.order(fault, 'INSERT INTO', Number.POSITIVE_INFINITY, stored);
      const refused = await test.send('village-1', rows);
      expect(refused.status).toBe(503);
      expect(refused.headers.get('retry-after')).toMatch(/^\d+$/);
      expect(await refused.json()).toMatchObject({ code: 'store-away' });
      const half = await effect();
      // The test aims at the middle: something is there and something is not, and no row lacks samples.
      expect(half.samples.length).toBeGreaterThan(0);
      expect(half.rows.length).toBeLessThan(ROWS);
      expect(half.samples.length).toBeGreaterThanOrEqual(half.rows.length);
      expect(half.figures).not.toEqual(once.figures);

      proxy.reset();
      // Later, and cut anew: some of it is there, some is not, and some is new.
      test.clock = new Date(NOW.getTime() + 60_000);
      const parts = [rows.slice(0, ROWS / 2), rows.slice(ROWS / 4)];
      for (const part of parts) expect((await test.send('village-1', part)).status).toBe(200);
      expect(await effect()).toEqual(once);
      await test.store.command('OPTIMIZE TABLE measurement FINAL');
      expect(await effect()).toEqual(once);
    },
  );
});

describe('an insert of unknown outcome', () => {
  it('is sent again by the store, and counts once', async () => {
    proxy.order('reset-after', 'INSERT INTO measurement', 2);
    const response = await test.send('village-1', rows.slice(0, 1));
    expect(acknowledgementSchema.parse(await response.json()).stored).toBe(1);
    expect(proxy.seen).toBe(3);
    expect((await effect()).rows).toHaveLength(1);
  });
});
