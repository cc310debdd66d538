/**
 * Exactly once in effect: whatever probes and networks do between a measurement and its
 * acknowledgement, raw rows and figures are those of every measurement sent once. Random plans on the
 * real engine; TONGDA_TEST_PLANS=1000 runs the long version.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { METRICS } from '../../probes/catalogue.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { acknowledgementSchema } from '../../probes/report.ts';
import { INDICATORS, isMeasured } from '../../sql/indicator.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { type Chance, chance } from '../chance.ts';
import { aMeasurement } from '../measurement.ts';
import { startTestCollector, type TestCollector } from './collector-fixture.ts';

const PLANS = Number(process.env.TONGDA_TEST_PLANS ?? 3);
const PROBES = ['village-1', 'village-2', 'village-3'];
const PER_PROBE = 120;
const NOW = new Date('2026-11-20T05:00:00.000Z');

let test: TestCollector;
beforeAll(async () => {
  test = await startTestCollector({ probes: PROBES, now: NOW });
  await defineMetricViews(test.store, METRICS);
});
afterAll(() => test.stop());

/** Four days of tests; each probe's own distinct values, so that a wrong row shows in a median. */
function measurementsOf(probe: string, seed: number): Measurement[] {
  const { below, coin } = chance(seed);
  return Array.from({ length: PER_PROBE }, (_, index) => {
    const throughput = index % 3 === 0;
    const start = new Date(NOW.getTime() - (index + 1) * 3_000_000).toISOString();
    const failed = coin(0.1);
    return aMeasurement({
      probe,
      sequence: 1_000 + PER_PROBE - index,
      start,
      metric: throughput ? 'throughput' : index % 3 === 1 ? 'tcp-connect' : 'http-fetch',
      method: throughput ? 'throughput/1' : index % 3 === 1 ? 'tcp-connect/1' : 'http-fetch/1',
      outcome: failed ? { status: 'failed', stage: 'connect', code: 'timeout' } : { status: 'ok' },
      values: failed
        ? {}
        : throughput
          ? { rateDownBps: 50e6 + below(100e6) }
          : index % 3 === 1
            ? { rttMedianMs: 10 + below(1000) / 10 }
            : {},
      ...(coin(0.3) ? { samples: [below(10), below(10)] } : {}),
    });
  });
}

/** Everything a reader could ask: every row but when it came, every sample, every indicator. */
async function effect() {
  const span = {
    start: '2026-11-01T00:00:00.000Z',
    end: '2026-12-01T00:00:00.000Z',
    minimumRuns: 1,
    minimumDays: 1,
    passRatio: 0.5,
  };
  return {
    rows: await test.store.read(
      'SELECT * EXCEPT precedence FROM measurement FINAL ORDER BY probe, sequence',
    ),
    samples: await test.store.read('SELECT * FROM sample FINAL ORDER BY probe, sequence'),
    quarantine: await test.store.read('SELECT code, probe, original FROM quarantine FINAL'),
    indicators: await Promise.all(
      [...INDICATORS.values()]
        .filter(isMeasured)
        .map(async ({ name }) =>
          (await test.store.indicator(name, span)).map(({ newest: _, ...row }) => row),
        ),
    ),
  };
}

async function forget(): Promise<void> {
  for (const table of ['measurement', 'sample', 'quarantine'])
    await test.store.command(`TRUNCATE TABLE ${table}`);
}

/** A probe that keeps what is not acknowledged, on a network that does as it likes. */
async function deliver(probe: string, spool: readonly Measurement[], random: Chance) {
  const { below, coin, shuffled } = random;
  const left = new Map(spool.map((measurement) => [measurement.sequence, measurement]));
  const sent: (readonly Measurement[])[] = [];
  while (left.size > 0) {
    const rest = [...left.values()];
    const from = below(rest.length);
    const cut = rest.slice(from, from + 1 + below(60));
    const again = coin(0.3) && sent.length > 0 ? (sent[below(sent.length)] ?? []) : [];
    const report = coin(0.5) ? shuffled([...cut, ...again]) : [...cut, ...again];
    sent.push(report);
    const twins = coin(0.2) ? 2 : 1;
    const responses = await Promise.all(
      Array.from({ length: twins }, () => test.send(probe, report)),
    );
    for (const response of responses) {
      const body = await response.json();
      // The answer is lost on the way: the probe knows nothing and keeps everything.
      if (!response.ok || coin(0.2)) continue;
      for (const [first, last] of acknowledgementSchema.parse(body).covers)
        for (let sequence = first; sequence <= last; sequence++) left.delete(sequence);
    }
    if (coin(0.1)) await sleep(below(8));
  }
  return sent;
}

it.each(Array.from({ length: PLANS }, (_, index) => index + 1))(
  'plan %i changes no figure and no row',
  async (seed) => {
    const spools = new Map(PROBES.map((probe, index) => [probe, measurementsOf(probe, index)]));
    const random = chance(seed);

    await forget();
    test.clock = NOW;
    test.insert = (table, encoded) => test.store.insertEncoded(table, encoded);
    for (const [probe, spool] of spools) expect((await test.send(probe, spool)).status).toBe(200);
    const once = await effect();
    expect(once.rows).toHaveLength(PROBES.length * PER_PROBE);
    expect(once.indicators.every((rows) => rows.length === PROBES.length)).toBe(true);

    await forget();
    // Before the insert or after it: either way nobody hears that it was done.
    test.insert = async (table, encoded) => {
      const fate = random.next();
      if (fate < 0.1) throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
      await test.store.insertEncoded(table, encoded);
      if (fate < 0.2) throw Object.assign(new Error('read'), { code: 'ECONNRESET' });
      // Not of the passing kind: the report is refused though some of it is stored.
      if (fate < 0.3) throw new Error('the disk said no');
    };
    const sent = await Promise.all(
      [...spools].map(([probe, spool], index) => deliver(probe, spool, chance(seed * 10 + index))),
    );
    expect(await effect()).toEqual(once);

    // Weeks later a spool comes back from a backup; the month is over by then.
    test.clock = new Date('2026-12-20T05:00:00.000Z');
    test.insert = (table, encoded) => test.store.insertEncoded(table, encoded);
    const received = await test.store.read('SELECT received FROM measurement FINAL ORDER BY ALL');
    for (const [index, probe] of PROBES.entries())
      for (const report of random.shuffled(sent[index] ?? []).slice(0, 5))
        expect((await test.send(probe, report)).status).toBe(200);
    expect(await effect()).toEqual(once);
    expect(await test.store.read('SELECT received FROM measurement FINAL ORDER BY ALL')).toEqual(
      received,
    );
    await test.store.command('OPTIMIZE TABLE measurement FINAL');
    expect(await effect()).toEqual(once);
  },
);
