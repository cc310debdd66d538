/** Which lines a standing rests on: those that moved, changed hands, are phones, or were heard at midnight. */
import { Hono } from 'hono';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { StandingEvidence, StandingPage } from '../../api/contract/filing.ts';
import type { Problem } from '../../api/contract/problem.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import type { Plan } from '../../api/plan.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { problemHandler } from '../../api/problem.ts';
import { standings } from '../../api/routes/standings.ts';
import { FOREVER } from '../../ingest/days.ts';
import { file } from '../../ingest/filing-store.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const V = (number: number) => `32010200100${number}`;
const WEEK = ['03', '04', '05'].map((day) => `2026-10-${day}T04:00:00.000Z`);
const EDGES = [
  '2026-09-30T15:59:59.999Z',
  '2026-09-30T16:00:00.000Z',
  '2026-10-10T00:00:00.000Z',
  '2026-10-31T15:59:59.999Z',
  '2026-10-31T16:00:00.000Z',
];
const HALF = { validFrom: '2020-01-01', validTo: '2026-10-15' };
const REST = { validFrom: '2026-10-16', validTo: FOREVER };
const WHOLE = { validFrom: '2020-01-01', validTo: FOREVER };

/** As the register has them, a row for each time. */
const LINES = [
  ['moved', V(1), 'telecom', 'ftth', HALF],
  ['moved', V(2), 'telecom', 'ftth', REST],
  ['switched', V(3), 'telecom', 'ftth', HALF],
  ['switched', V(3), 'mobile', 'ftth', REST],
  ['quiet', V(4), 'telecom', 'ftth', WHOLE],
  ['edge', V(5), 'telecom', 'ftth', WHOLE],
  ['kerb', V(6), 'telecom', 'fttn', WHOLE],
  ['phone-1', V(1), 'telecom', 'nr', WHOLE],
  ['phone-2', V(2), 'telecom', 'lte', WHOLE],
  ['phone-3', V(3), 'telecom', 'lte', WHOLE],
  ['phone-4', V(4), 'telecom', 'lte', WHOLE],
] as const;

/** As they were measured: line, place and carrier of that day, and its rates. */
const RUNS = [
  ['moved', V(1), WEEK, [50e6, 50e6, 50e6]],
  ['switched', V(3), WEEK, [5e6, 5e6, 5e6]],
  ['edge', V(5), EDGES, [1e6, 20e6, 30e6, 40e6, 99e6]],
  ['kerb', V(6), WEEK, [50e6, 50e6, 50e6]],
  ['phone-1', V(1), WEEK, [50e6, 50e6, 50e6]],
  ['phone-2', V(2), WEEK, [50e6, 50e6, 50e6]],
  ['phone-3', V(3), WEEK, [50e6, 50e6, 50e6]],
  ['phone-4', V(4), WEEK, [5e6, 5e6, 5e6]],
] as const;

const FILED = ['nr', 'none', '', 'lte', '', ''].map(
  (mobile, index) => `${V(index + 1)},yes,ftth,OLT-${index},2026-10-08,${mobile}`,
);

function planWithPhones(): Plan {
  const plan = uncheckedPlanOf('jiangsu-2013');
  const fibre = plan.targets.find(({ id }) => id === 'fibre-villages');
  if (!fibre) throw new Error('the plan has no fibre-villages');
  return {
    ...plan,
    targets: [fibre, { ...fibre, id: 'phone-rate', indicator: 'mobile-coverage' }],
  };
}

let test: TestStore;
let api: Hono;

async function ask<T>(path: string, status = 200): Promise<T> {
  const response = await api.request(`/v1/standings${path}`);
  expect(response.status).toBe(status);
  return (await response.json()) as T;
}
const evidence = (code: string, carrier = 'telecom') =>
  ask<StandingEvidence>(`/${code}?target=fibre-villages&month=2026-10&carrier=${carrier}`);
const told = ({ standing, remarks, lines }: StandingEvidence) => [
  standing,
  remarks,
  lines.map(({ line, runs }) => [line, runs]),
];

beforeAll(async () => {
  test = await startTestStore();
  const { store } = test;
  await defineMetricViews(store, METRICS);
  const places = [
    ['32', 'province', ''],
    ['3201', 'city', '32'],
    ['320102', 'county', '3201'],
    ['320102001', 'township', '320102'],
    ...[1, 2, 3, 4, 5, 6].map((number) => [V(number), 'village', '320102001'] as const),
  ] as const;
  await store.insert(
    'place',
    places.map(([code, level, parent]) => ({
      ...{ code, name: code, level, parent, kind: '', validFrom: '2013-06-15', source: 'test' },
    })),
  );
  await store.insert(
    'line',
    LINES.map(([line, place, carrier, technology, days]) => ({
      ...{ line, place, carrier, technology, ...days },
      ...{ subscribedDownBps: null, subscribedUpBps: null },
    })),
  );
  await store.insert(
    'measurement',
    RUNS.flatMap(([line, place, starts, rates]) =>
      starts.map((start, sequence) =>
        aMeasurementRow({
          ...{ line, place, carrier: 'telecom', probe: line, sequence, start, family: 6 },
          ...{ metric: 'throughput', method: 'throughput/1', v0: rates[sequence] ?? null },
        }),
      ),
    ),
  );
  const head = 'code,reached,technology,optical node,date reached,mobile';
  const filed = await file(
    store,
    {
      ...{ carrier: 'telecom', month: '2026-10', dryRun: false },
      files: [
        { file: 'p.csv', bytes: Buffer.from([head, ...FILED].join('\n')), by: 'wang', note: '' },
      ],
    },
    ['telecom'],
    new Date('2026-11-03T02:00:00Z'),
  );
  expect(filed.version).toBe(1);
  const now = () => new Date('2026-11-25T00:00:00Z');
  const reader = new EvidenceReader(store, planWithPhones(), now);
  api = new Hono().route('/', standings(reader)).onError(problemHandler(silent));
}, 60_000);
afterAll(() => test?.stop());

it('lets a line that moved vote where it was measured, and nowhere else', async () => {
  expect(told(await evidence(V(1)))).toEqual(['confirmed', [], [['moved', 3]]]);
  expect(told(await evidence(V(2)))).toEqual(['declared', [], []]);
});

it('lets a line that changed hands vote on the carrier it was measured for', async () => {
  expect(told(await evidence(V(3)))).toEqual(['contradicted', ['lines-fail'], [['switched', 3]]]);
  expect(told(await evidence(V(3), 'mobile'))).toEqual(['no evidence', [], []]);
});

it('shows a line nobody measured where the register has it', async () => {
  expect(told(await evidence(V(4)))).toEqual(['declared', [], [['quiet', 0]]]);
});

it('begins and ends a month at midnight in Shanghai', async () => {
  const { lines } = await evidence(V(5));
  expect(lines).toMatchObject([{ line: 'edge', runs: 3, days: 3, value: 30e6, passed: true }]);
});

it('holds a declared ftth contradicted where fibre ends at the kerb', async () => {
  expect(told(await evidence(V(6)))).toEqual([
    'contradicted',
    ['technology-contradicts'],
    [['kerb', 3]],
  ]);
});

it('judges what is declared of mobile by lte and nr lines alone', async () => {
  const page = await ask<StandingPage>('?target=phone-rate&month=2026-10&carrier=telecom');
  expect(
    page.items.map(({ place, standing, remarks, lines }) => [
      place.code,
      standing,
      remarks,
      lines.registered,
    ]),
  ).toEqual([
    [V(1), 'confirmed', [], 1],
    [V(2), 'unserved', ['measured-not-declared'], 1],
    [V(3), 'no evidence', ['measured-not-declared'], 1],
    [V(4), 'contradicted', ['lines-fail'], 1],
    [V(5), 'no evidence', [], 0],
    [V(6), 'no evidence', [], 0],
  ]);
});

it('is judged once for those who turn pages', async () => {
  const asked: string[] = [];
  const counting = new EvidenceReader(
    new Proxy(test.store, {
      get(store, name) {
        const value = Reflect.get(store, name);
        if (typeof value !== 'function') return value;
        return (...args: unknown[]) => {
          if (['query', 'indicator', 'declared'].includes(String(name)))
            asked.push(String(args[0]));
          return value.apply(store, args);
        };
      },
    }),
    planWithPhones(),
    () => new Date('2026-11-25T00:00:00Z'),
  );
  const pages = new Hono().route('/', standings(counting));
  for (const cursor of ['', V(1), V(2), V(3)])
    await pages.request(
      `/v1/standings?target=fibre-villages&month=2026-10&carrier=telecom&limit=1&cursor=${cursor}`,
    );
  const times = (name: string) => asked.filter((one) => one === name).length;
  expect([times('filing_versions'), times('fibre-reach-villages'), times('lines_between')]).toEqual(
    [4, 1, 1],
  );
  expect(times('median-download-rate')).toBe(1);
});

it('tells nothing of a month whose measurements are trimmed', async () => {
  const query = 'target=fibre-villages&month=2025-03&carrier=telecom';
  await test.store.insert('retired_day', [
    {
      ...{ table: 'measurement', day: '2025-03-31', at: '2026-11-01T20:30:00.000000Z' },
      ...{ rule: 'failures-kept', limitDays: 400, rowsBefore: 9, rowsKept: 0, done: true },
    },
  ]);
  const reader = new EvidenceReader(test.store, planWithPhones(), () => new Date('2026-11-25'));
  api = new Hono().route('/', standings(reader)).onError(problemHandler(silent));
  for (const path of [`?${query}`, `/${V(1)}?${query}`])
    expect(await ask<Problem>(path, 410)).toMatchObject({ code: 'month-retired' });
  await ask<StandingPage>(`?${query.replace('2025-03', '2025-04')}`);
});
