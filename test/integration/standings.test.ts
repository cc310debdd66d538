/** Standings over the API on the real engine: four villages and a hamlet, counted by hand. */
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FilingList, StandingEvidence, StandingPage } from '../../api/contract/filing.ts';
import type { Problem } from '../../api/contract/problem.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { problemHandler } from '../../api/problem.ts';
import { filings } from '../../api/routes/filings.ts';
import { standings } from '../../api/routes/standings.ts';
import { file } from '../../ingest/filing-store.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const V = (number: number) => `32010200100${number}`;
const HAMLET = `${V(4)}-001`;
const SILENT_HAMLET = `${V(4)}-002`;
const HEAD = 'code,reached,technology,optical node,date reached';
const FIRST = [HEAD, `${V(1)},yes,ftth,OLT-1,2026-10-08`, `${V(2)},yes,ftth,OLT-2,2026-10-08`];
/** The second version takes back the claim that the lines contradict. */
const SECOND = [HEAD, FIRST[1], `${V(2)},no,,,`, `${HAMLET},yes,ftth,OLT-4,2026-10-08`];
const BEFORE = 'receivedBy=2026-11-03T12:00:00Z';
const ASKED = 'target=fibre-villages&month=2026-10&carrier=telecom';

let test: TestStore;
let api: Hono;

async function ask<T>(path: string, status = 200): Promise<T> {
  const response = await api.request(path);
  expect(response.status).toBe(status);
  return (await response.json()) as T;
}

beforeAll(async () => {
  test = await startTestStore();
  const { store } = test;
  await defineMetricViews(store, METRICS);
  const places = [
    ['32', '江苏省', 'province', ''],
    ['3201', '南京市', 'city', '32'],
    ['320102', '玄武区', 'county', '3201'],
    ['320102001', '甲街道', 'township', '320102'],
    ...[1, 2, 3, 4, 5].map((number) => [V(number), `村${number}`, 'village', '320102001'] as const),
    [HAMLET, '自然村', 'hamlet', V(4)],
    [SILENT_HAMLET, '无人填报的自然村', 'hamlet', V(4)],
  ] as const;
  await store.insert(
    'place',
    places.map(([code, name, level, parent]) => ({
      ...{ code, name, level, parent, kind: '', validFrom: '2013-06-15', source: 'test' },
      outside: code === V(5),
    })),
  );
  const lines = [
    ['l1', V(1), 'telecom', 'ftth'],
    ['l1-short', V(1), 'telecom', 'ftth'],
    ['l1-phone', V(1), 'telecom', 'lte'],
    ['l2', V(2), 'telecom', 'ftth'],
    ['l2-other', V(2), 'mobile', 'ftth'],
    ['l3', V(3), 'telecom', 'ftth'],
    ['l4', HAMLET, 'telecom', 'ftth'],
  ] as const;
  await store.insert(
    'line',
    lines.map(([line, place, carrier, technology]) => ({
      ...{ line, place, carrier, technology, validFrom: '2020-01-01' },
      ...{ subscribedDownBps: null, subscribedUpBps: null },
    })),
  );
  const rates: Readonly<Record<string, readonly number[]>> = {
    ...{ l1: [10e6, 30e6, 50e6], 'l1-short': [1e6, 1e6], 'l1-phone': [1e6, 1e6, 1e6] },
    ...{ l2: [5e6, 5e6, 50e6], 'l2-other': [90e6, 90e6, 90e6], l3: [40e6, 40e6, 40e6] },
    l4: [20e6, 20e6, 20e6],
  };
  await store.insert(
    'measurement',
    lines.flatMap(([line, place, carrier]) =>
      (rates[line] ?? []).map((rate, sequence) =>
        aMeasurementRow({
          ...{ line, place, carrier, probe: line, sequence, metric: 'throughput' },
          ...{
            method: 'throughput/1',
            family: 6,
            v0: rate,
            start: `2026-10-0${sequence + 3}T04:00:00Z`,
          },
        }),
      ),
    ),
  );
  const send = (rows: readonly (string | undefined)[], at: string) =>
    file(
      store,
      {
        ...{ carrier: 'telecom', month: '2026-10', dryRun: false },
        files: [{ file: 'p.csv', bytes: Buffer.from(rows.join('\n')), by: 'wang', note: '' }],
      },
      ['telecom'],
      new Date(at),
    );
  expect((await send(FIRST, '2026-11-03T02:00:00Z')).version).toBe(1);
  expect((await send(SECOND, '2026-11-05T02:00:00Z')).version).toBe(2);
  const reader = new EvidenceReader(
    store,
    uncheckedPlanOf('jiangsu-2013'),
    () => new Date('2026-11-25T00:00:00Z'),
  );
  api = new Hono()
    .route('/', standings(reader))
    .route('/', filings(reader))
    .onError(problemHandler(silent));
}, 60_000);
afterAll(() => test?.stop());

const standingsOf = ({ items }: StandingPage) =>
  Object.fromEntries(items.map(({ place, standing }) => [place.code, standing]));

describe('the page of standings', () => {
  it('holds the filing that counts against the lines', async () => {
    const page = await ask<StandingPage>(`/v1/standings?${ASKED}`);
    expect(standingsOf(page)).toEqual({
      [V(1)]: 'confirmed',
      [V(2)]: 'unserved',
      [V(3)]: 'no evidence',
      [V(4)]: 'no evidence',
    });
    expect(page).toMatchObject({
      ...{ method: 'standing/1', filing: { version: 2 }, next: null },
      counts: { places: 4, confirmed: 1, unserved: 1, 'no evidence': 2, contradicted: 0 },
    });
    expect(page.items[2]?.remarks).toEqual(['measured-not-declared']);
  });

  it('has the hamlets, filed or not, where the target is for those', async () => {
    const page = await ask<StandingPage>(
      '/v1/standings?target=fibre-hamlets&month=2026-10&carrier=telecom',
    );
    expect(standingsOf(page)).toEqual({ [HAMLET]: 'confirmed', [SILENT_HAMLET]: 'no evidence' });
  });

  it('can be made again as of a time', async () => {
    const then = await ask<StandingPage>(`/v1/standings?${ASKED}&${BEFORE}`);
    expect(then.filing?.version).toBe(1);
    expect(standingsOf(then)).toMatchObject({ [V(1)]: 'confirmed', [V(2)]: 'contradicted' });
    const early = await ask<StandingPage>(`/v1/standings?${ASKED}&receivedBy=2026-11-01T00:00:00Z`);
    expect(early.filing).toBeNull();
    expect(early.counts).toMatchObject({ places: 4, 'no evidence': 4 });
  });

  it('comes page by page, with the counts of the whole on each', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await ask<StandingPage>(`/v1/standings?${ASKED}&limit=2&cursor=${cursor}`);
      expect(page.counts.places).toBe(4);
      seen.push(...page.items.map(({ place }) => place.code));
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(seen).toEqual([V(1), V(2), V(3), V(4)]);
  });

  it.each([
    ['target=ipv6-network&month=2026-10&carrier=telecom', 404, 'target-declares-nothing'],
    ['target=fibre-villages&month=2026-10', 400, 'parameter-malformed'],
    [`${ASKED}&receivedBy=yesterday`, 400, 'parameter-malformed'],
    [`${ASKED}&cursor=%27`, 400, 'parameter-malformed'],
    [`${ASKED}&within=99`, 404, 'place-unknown'],
  ])('refuses %s', async (query, status, code) => {
    expect(await ask<Problem>(`/v1/standings?${query}`, status)).toMatchObject({ code });
  });
});

describe('the evidence of a place', () => {
  it('names version, row, lines, runs, days and values, and where the raw rows are', async () => {
    const one = await ask<StandingEvidence>(`/v1/standings/${V(1)}?${ASKED}`);
    expect(one).toMatchObject({
      ...{
        standing: 'confirmed',
        filing: { version: 2 },
        declared: {
          ...{ row: 2, opticalNode: 'OLT-1' },
          filed: `/v1/filings/telecom/2026-10/places?within=${V(1)}&receivedBy=2026-11-25T00:00:00.000Z`,
        },
      },
      ...{ rule: { minimumRuns: 3, atLeast: 20e6 }, proof: { unit: 'bit/s' } },
    });
    expect(one.lines).toEqual([
      {
        ...{ line: 'l1', technology: 'ftth', runs: 3, days: 3, value: 30e6, sufficient: true },
        ...{ passed: true, measurements: '/v1/measurements?line=l1' },
      },
      {
        ...{
          line: 'l1-short',
          technology: 'ftth',
          runs: 2,
          days: 2,
          value: 1e6,
          sufficient: false,
        },
        ...{ passed: null, measurements: '/v1/measurements?line=l1-short' },
      },
    ]);
  });

  it('is the same as on the page, as of the same time', async () => {
    const page = await ask<StandingPage>(`/v1/standings?${ASKED}&${BEFORE}`);
    for (const { place, standing, remarks } of page.items)
      expect(
        await ask<StandingEvidence>(`/v1/standings/${place.code}?${ASKED}&${BEFORE}`),
      ).toMatchObject({ standing, remarks });
  });

  it('says of a village that it is served from outside, and of what is no place that it is none', async () => {
    const outside = await ask<StandingEvidence>(`/v1/standings/${V(5)}?${ASKED}`);
    expect(outside.remarks).toEqual(['served-from-outside']);
    for (const code of ['320102', '320102001', '32', '320102001999'])
      expect(await ask<Problem>(`/v1/standings/${code}?${ASKED}`, 404)).toMatchObject({
        code: 'place-unknown',
      });
  });
});

describe('the list of filings', () => {
  it('tells of every carrier of the plan whether it has filed', async () => {
    const list = await ask<FilingList>('/v1/filings?month=2026-10');
    expect(list.due).toBe('2026-11-10T16:00:00.000Z');
    expect(
      list.items.map(({ carrier, state, versions, places }) => [carrier, state, versions, places]),
    ).toEqual([
      ['telecom', 'resubmitted', 2, 3],
      ['mobile', 'missing', 0, 0],
      ['unicom', 'missing', 0, 0],
      ['cable', 'missing', 0, 0],
    ]);
    const running = await ask<FilingList>('/v1/filings');
    expect(new Set(running.items.map(({ state }) => state))).toEqual(new Set(['awaited']));
    expect(await ask<Problem>('/v1/filings?month=2026-13', 400)).toMatchObject({
      code: 'parameter-malformed',
    });
  });
});
