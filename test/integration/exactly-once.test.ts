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

const PLANS = Number(process.env.TONGDA_TEST_PLANS ?? 2);
const PROBES = ['village-1', 'village-2', 'village-3'];
const PER_PROBE = 120;
const NOW = new Date('2026-11-20T05:00:00.000Z');

let test: TestCollector;
beforeAll(async () => {
  test = await startTestCollector({ probes: PROBES, now: NOW });
  await defineMetricViews(test.store, METRICS);
  await storeLibrary();
});
afterAll(() => test.stop());

const SERVICES = ['province', 'city', 'county', 'township', 'village'];
const V4 = { family: 4, address: '61.155.1.1' } as const;
const V6 = { family: 6, address: '2001:db8::1' } as const;

/** Another carrier's address, and a service of each level. */
async function storeLibrary(): Promise<void> {
  const dated = { validFrom: '2026-01-01', validTo: '2149-06-06', source: 'test' };
  await test.store.insert('library_prefix', [
    {
      ...{ import: 'library', prefix: '61.155.0.0/16', holder: 'mobile', carrier: 'mobile' },
      ...{ area: '32', purpose: 'access', partOf: '', ...dated },
    },
  ]);
  await test.store.insert(
    'library_service',
    SERVICES.map((level) => ({
      ...{ import: 'library', name: `${level}.cn`, original: '', holder: level },
      kind: level === 'province' ? 'platform' : 'agency',
      ...{ level, area: '32', url: `https://${level}.cn/`, families: [4, 6], lines: [], ...dated },
    })),
  );
  await test.store.insert('import', [
    {
      ...{ import: 'library', kind: 'library-prefixes', file: '', sha256: 'a'.repeat(64) },
      ...{ sizeB: 1, rows: 6, by: 'wang', note: '', at: '2026-01-01T00:00:00Z' },
    },
  ]);
}

/** One of each kind of run that an indicator is drawn from; each probe's values its own. */
function kindsOf({ below, oneOf }: Chance): Partial<Measurement>[] {
  const service = `${oneOf(SERVICES)}.cn`;
  const rttMedianMs = 10 + below(1000) / 10;
  const loadedRttMs = rttMedianMs + below(500) / 10;
  const packetsReceived = 8 + below(3);
  const echo = { rttMedianMs, jitterMs: below(100) / 10, packetsSent: 10, packetsReceived };
  return [
    { metric: 'throughput', ...V4, values: { rateDownBps: 50e6 + below(100e6), loadedRttMs } },
    { metric: 'throughput', ...V4, values: { rateUpBps: 5e6 + below(10e6) } },
    { metric: 'icmp-rtt', target: 'peer.cn', ...V4, values: echo },
    { metric: 'icmp-rtt', target: 'peer.cn', ...V6, values: echo },
    { metric: 'icmp-rtt', target: 'peer.cn', ...V4, values: echo, conflicts: ['speed'] },
    { metric: 'tcp-connect', target: `${service}:443`, ...V6, values: { rttMedianMs } },
    { metric: 'http-fetch', target: `https://${service}/`, ...V6, values: {} },
    { metric: 'dns-resolve', target: service, ...V4, values: {} },
  ];
}

/** Four days of tests; each probe's own distinct values, so that a wrong row shows in a median. */
function measurementsOf(probe: string, seed: number): Measurement[] {
  const random = chance(seed);
  const { below, coin } = random;
  return Array.from({ length: PER_PROBE }, (_, index) => {
    const kinds = kindsOf(random);
    const kind = kinds[index % kinds.length] as Partial<Measurement>;
    const start = new Date(NOW.getTime() - (index + 1) * 3_000_000).toISOString();
    const failed = coin(0.1);
    return aMeasurement({
      probe,
      sequence: 1_000 + PER_PROBE - index,
      start,
      ...kind,
      method: `${kind.metric}/1`,
      outcome: failed ? { status: 'failed', stage: 'connect', code: 'timeout' } : { status: 'ok' },
      ...(failed ? { values: {} } : {}),
      ...(coin(0.3) ? { samples: [below(10), below(10)] } : {}),
    });
  });
}

/** Heartbeats begin with the enrolment, which is now: they have nothing to say yet. */
const ANSWERING = [...INDICATORS.values()]
  .filter((indicator) => isMeasured(indicator) && indicator.name !== 'probe-heartbeats')
  .map(({ name }) => name);

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
      ANSWERING.map(async (name) =>
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
    const silent = ANSWERING.filter((_, nth) => once.indicators[nth]?.length === 0);
    expect(silent).toEqual([]);

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
