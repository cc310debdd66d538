/**
 * The rollups on the real engine: what they say equals what the measurements say, however the rows
 * came, and a run that was killed is never read.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LinePage } from '../../api/contract/measurement.ts';
import type { Progress } from '../../api/contract/target.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import { areaFigures } from '../../api/figure.ts';
import { spanOf, spanParameters } from '../../api/judgement.ts';
import { planOf } from '../../api/plan-source.ts';
import { rollUp } from '../../api/rollup-keeper.ts';
import { lines } from '../../api/routes/lines.ts';
import { progress } from '../../api/routes/progress.ts';
import { importBuiltInRegister, loadRegister } from '../../ingest/register.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { isMeasured } from '../../sql/indicator.ts';
import { judgedTogether } from '../../sql/judgement.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { precedenceOf } from '../../sql/precedence.ts';
import type { QueryRow } from '../../sql/questions.ts';
import { monthsToPack, packMonth, rollUpMonth, sweepRollups } from '../../sql/rollup.ts';
import type { InsertOf } from '../../sql/rows.ts';
import type { Store } from '../../sql/store.ts';
import { chance } from '../chance.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { boundStore } from './bound-store.ts';
import { startTestStore, type TestStore } from './engine-fixture.ts';
import { measurementsOf, registerLines } from './rollup-world.ts';

type Row = InsertOf<'measurement'>;

const NOW = new Date('2026-11-20T04:00:00Z');
const WHOLE = { carrier: null, within: '32', level: 'province' } as const;
/** Nanjing. */
const CITY = '3201';
const random = chance(20261125);

let test: TestStore;
let store: Store;
let reader: () => EvidenceReader;
let rows: Row[];
/** Of the row last made. */
let sequence = 0;

beforeAll(async () => {
  test = await startTestStore();
  store = test.store;
  await importBuiltInRegister(store);
  await defineMetricViews(store, METRICS);
  const plan = planOf('jiangsu-2013', await loadRegister(store, '2026-11-20'));
  // A reader of its own each time: answers are kept for seconds.
  reader = () => new EvidenceReader(store, plan, () => NOW);
  rows = measurementsOf(await registerLines(store, random), random);
  sequence = rows.length;
  await store.insert('measurement', rows);
});
afterAll(() => test.stop());

/** Figures of both months: of all carriers in the whole province, of some in one city. */
async function figures(asked = reader()) {
  const levels = ['province', 'city', 'county', 'township', 'village'] as const;
  const answers: unknown[] = [];
  for (const month of ['2026-10', '2026-11'])
    for (const target of asked.plan.targets.filter((each) => isMeasured(asked.indicatorOf(each))))
      for (const carrier of [null, 'unicom', 'cable'])
        for (const level of levels) {
          const within = carrier === null || level === 'province' ? '32' : CITY;
          const found = await asked.figures(target, month, { carrier, within, level });
          answers.push(found.filter(({ figure }) => figure.observed + figure.registered > 0));
        }
  const holdings = [await asked.holdings('2026-10'), await asked.holdings('2026-11')];
  return { answers, holdings };
}

/** Every line of both months with what was measured on it. */
async function linePages() {
  const pages: LinePage[] = [];
  for (const month of ['2026-10', '2026-11']) {
    const answer = await lines(reader()).request(`/v1/lines?month=${month}&limit=1000`);
    pages.push((await answer.json()) as LinePage);
  }
  return pages;
}

/** All that the rollups hold and readers see, freed of the run it came from. */
async function contents() {
  const tables = ['line_day', 'area_step', 'line_month', 'area_month'];
  const sums: unknown[] = [];
  for (const table of tables)
    sums.push(
      ...(await store.read(
        `SELECT count() AS rows, sum(cityHash64(* EXCEPT run)) AS hash FROM ${table}
         WHERE (${table.endsWith('month') ? 'month' : 'toString(day)'}, run) IN (SELECT period, run FROM rollup_done FINAL)`,
      )),
    );
  return sums;
}

describe('rollups', () => {
  it('say what the measurements say, of every area, carrier, level and month', async () => {
    const raw = await figures();
    const rawLines = await linePages();
    expect(
      rawLines[1]?.items.filter(({ measurements }) => measurements > 0).length,
    ).toBeGreaterThan(700);
    expect(await rollUp(store, reader().plan)).toBe(3 + 2);
    const rolled = await figures();
    expect(rolled).toEqual(raw);
    expect(await linePages()).toEqual(rawLines);
    expect(JSON.stringify(raw)).toContain('order-statistic');
    expect(raw.holdings[1]?.measurements).toBeGreaterThan(1_000);
    expect((await reader().runsBetween('2026-10-01', '2026-11-30'))?.days).toHaveLength(3);
  });

  it('give a target’s months, with the gap of the last to its goal', async () => {
    const asked = reader();
    const answer = await progress(asked).request('/v1/progress?target=access-rate&month=2026-11');
    const { months, gap, goal, monthsLeft, forecast } = (await answer.json()) as Progress;
    const figures = await Promise.all(
      ['2026-10', '2026-11'].map(async (month) => {
        const [target] = asked.plan.targets.filter(({ id }) => id === 'access-rate');
        if (!target) throw new Error('the plan has no such target');
        return (await asked.figures(target, month, WHOLE))[0];
      }),
    );
    expect(months).toEqual([
      { month: '2026-10', figure: figures[0], over: true },
      { month: '2026-11', figure: figures[1], over: false },
    ]);
    expect(gap).toBe(goal.value - (figures[1]?.figure.value ?? Number.NaN));
    // The plan ended in 2015.
    expect({ monthsLeft, forecast }).toEqual({ monthsLeft: -131, forecast: null });
  });

  it('say the same of a plan that asks apart of towns and of the countryside', async () => {
    const plan = planOf('broadband-china-2015', await loadRegister(store, '2026-11-20'));
    const asked = () => new EvidenceReader(store, plan, () => NOW);
    const raw = await figures(asked());
    expect(await rollUp(store, plan)).toBe(2);
    expect(await figures(asked())).toEqual(raw);
    const [town, country, all] = await Promise.all([
      asked().figures(plan.targets[0] as never, '2026-11', WHOLE),
      asked().figures(plan.targets[1] as never, '2026-11', WHOLE),
      reader().figures(reader().plan.targets[1] as never, '2026-11', WHOLE),
    ]).then((found) => found.map(([whole]) => whole?.figure));
    if (!town || !country || !all) throw new Error('a figure of the whole is missing');
    for (const count of ['observed', 'registered', 'placesRegistered'] as const) {
      expect(Math.min(town[count], country[count])).toBeGreaterThan(0);
      // What is left belongs to neither kind: villages of other kinds.
      expect(town[count] + country[count]).toBeLessThanOrEqual(all[count]);
    }
    expect(town.placesRegistered + country.placesRegistered).toBe(8383 + 200 + 13263 + 112);
    await rollUp(store, reader().plan);
  });

  it('leave out what is served from outside, and draw anew what a village’s kind decides', async () => {
    const plan = planOf('broadband-china-2015', await loadRegister(store, '2026-11-20'));
    const asked = () => new EvidenceReader(store, plan, () => NOW);
    await rollUp(store, plan);
    const rural = async () => {
      const [, target] = plan.targets;
      if (!target) throw new Error('the plan has two targets');
      return (await asked().figures(target, '2026-11', WHOLE))[0]?.figure;
    };
    const before = await rural();
    const [village] = await store.read<InsertOf<'place'>>(
      `SELECT * FROM place_version
       WHERE kind = 'village_committee' AND code IN (SELECT substring(place, 1, 12) FROM line WHERE line LIKE 'l-3_-0')
       ORDER BY code LIMIT 1`,
    );
    if (!before || !village) throw new Error('no village with lines');
    const [counted] = await store.read<{ lines: number }>(
      'SELECT count() AS lines FROM line WHERE startsWith(place, {code:String})',
      { code: village.code },
    );
    const lines = counted?.lines ?? 0;
    const turned = async (its: Partial<InsertOf<'place'>>, updated: string) => {
      await store.insert('place', [{ ...village, ...its, updated }]);
      // Both months have lines there, and their figures are other ones now.
      expect(await rollUp(store, plan)).toBe(2);
      for (const month of ['2026-10', '2026-11'])
        for (const target of plan.targets) {
          const reader = asked();
          const [evidence, register] = await Promise.all([
            reader.evidence(target, month),
            reader.register(month),
          ]);
          const raw = areaFigures(
            target,
            reader.indicatorOf(target),
            evidence,
            register,
            '32',
            'village',
          );
          const scope = { ...WHOLE, level: 'village' } as const;
          expect(await reader.figures(target, month, scope)).toEqual(raw);
        }
      return rural();
    };
    const outside = await turned({ outside: true }, '2030-01-01T00:00:00.000000Z');
    expect(outside).toMatchObject({
      registered: before.registered - lines,
      placesRegistered: before.placesRegistered - 1,
      placesObserved: before.placesObserved - 1,
    });
    expect(outside?.observed).toBeLessThan(before.observed);
    const town = await turned({ kind: 'residents_committee' }, '2030-01-02T00:00:00.000000Z');
    expect(town).toEqual(outside);
    expect(await turned({}, '2030-01-03T00:00:00.000000Z')).toEqual(before);
    await rollUp(store, reader().plan);
  });

  it('answer the same of targets that are asked at once as of each by itself', async () => {
    // Of one indicator with three rules, and beside those that are taken of a subscribed rate.
    const evidence = { minimumRuns: 1, minimumDays: 1, passRatio: 1 };
    const asked = [
      ['median-download-rate', {}],
      ['median-download-rate', { minimumRuns: 4 }],
      ['median-download-rate', { minimumRuns: 0, minimumDays: 2 }],
      ['median-upload-rate', {}],
      ['download-rate-of-subscribed', { minimumRuns: 2 }],
      ['consistent-download-rate', {}],
      ['busy-hour-download-rate', {}],
      ['availability', { passRatio: 0.9 }],
      ['availability', { passRatio: 0.5, minimumRuns: 2 }],
    ] as const;
    const judgements = asked.map(([indicator, its], nth) => ({
      ...{ target: `t${nth}`, indicator, villageKinds: [], evidence: { ...evidence, ...its } },
    }));
    expect(judgedTogether(judgements).map(({ length }) => length)).toEqual([7, 2]);
    const span = spanOf('2026-11');
    await rollUpMonth(store, { period: '2026-11', signature: '' }, span, judgements, []);
    for (const { target, indicator, evidence } of judgements) {
      const alone = await store.indicator(indicator, { ...spanParameters('2026-11'), ...evidence });
      expect(alone.length, `${target} ${indicator}`).toBeGreaterThan(100);
      const together = await store.read(
        `SELECT line AS subject, place, carrier, value, passed, runs, newest FROM line_month
         WHERE target = {target:String} AND run = (SELECT max(run) FROM line_month WHERE target = {target:String}) ORDER BY line`,
        { target },
      );
      expect(together).toEqual(alone.map(({ days, ...row }) => row));
    }
    await rollUp(store, reader().plan);
  });

  it('hold every line’s day: runs, failures, and exact quantiles of every slot', async () => {
    const kept = await store.read<{
      day: string;
      line: string;
      metric: string;
      family: number;
      runs: number;
      failed: number;
      skipped: number;
      valued: number[];
      p10Tenths: number[];
      medianTenths: number[];
      p90Tenths: number[];
    }>(
      'SELECT * FROM line_day WHERE (toString(day), run) IN (SELECT period, run FROM rollup_done FINAL)',
    );
    const groups = groupedBy(rows, (row) =>
      [shanghaiDay(row.start), row.line, row.metric, row.family].join(' '),
    );
    expect(kept).toHaveLength(groups.size);
    for (const day of kept) {
      const own = groups.get([day.day, day.line, day.metric, day.family].join(' ')) ?? [];
      const count = (outcome: Row['outcome']) =>
        own.filter((row) => row.outcome === outcome).length;
      expect(day.runs).toBe(count('ok') + count('failed'));
      expect([day.failed, day.skipped]).toEqual([count('failed'), count('skipped')]);
      for (const slot of ['v0', 'v1', 'v2'] as const) {
        const index = Number(slot.slice(1));
        const values = own.flatMap((row) => row[slot] ?? []).sort((a, b) => a - b);
        expect(day.valued[index] ?? 0).toBe(values.length);
        if (values.length > 0)
          expect([day.p10Tenths, day.medianTenths, day.p90Tenths].map((q) => q[index])).toEqual(
            [0.1, 0.5, 0.9].map((p) => Math.round(quantile(values, p) * 10)),
          );
      }
    }
  });

  it('answer charts by day over lines, by hour over runs, as counted by hand', async () => {
    const area = rows.find(({ metric }) => metric === 'throughput')?.place.slice(0, 6) ?? '';
    const span = { start: '2026-10-30T16:00:00Z', end: '2026-11-02T16:00:00Z' };
    const mine = rows.filter(
      (row) =>
        row.place.startsWith(area) && row.metric === 'throughput' && row.outcome !== 'skipped',
    );
    const counting = await reader().runsBetween('2026-10-31', '2026-11-02');
    if (!counting) throw new Error('not rolled up');
    const question = { metric: 'throughput', slotNumber: 0, area, ...span, ...counting };

    const hours = await store.query('series_area', { ...question, step: 'hour' });
    expect(hours).toEqual(
      bucketed(mine, ({ start }) => Math.floor(Date.parse(start) / 3_600_000) * 3_600, 'v0'),
    );

    const days = await store.query('series_area', { ...question, step: 'day' });
    const byLine = groupedBy(mine, ({ start, line, family }) =>
      [shanghaiDay(start), line, family].join(' '),
    );
    const expected = [...groupedBy([...byLine.values()], ([row]) => dayAndFamily(row)).values()];
    expect(days.map(({ n, quantiles }) => ({ n, quantiles }))).toEqual(
      expected
        .map((lines) => {
          const medians = lines
            .map((runs) => runs.flatMap((row) => row.v0 ?? []).sort((a, b) => a - b))
            .filter((values) => values.length > 0)
            .map((values) => quantile(values, 0.5))
            .sort((a, b) => a - b);
          return { key: dayAndFamily(lines[0]?.[0]), medians };
        })
        .sort((a, b) => (a.key < b.key ? -1 : 1))
        .map(({ medians }) => ({ n: medians.length, quantiles: quantilesOf(medians) })),
    );
  });

  it('do not change when everything is sent again, and only then is anything drawn', async () => {
    const before = await contents();
    expect(await rollUp(store, reader().plan)).toBe(0);
    await store.insert('measurement', random.shuffled(rows).slice(0, 500));
    expect(await rollUp(store, reader().plan)).toBeGreaterThan(0);
    expect(await contents()).toEqual(before);
  });

  it('take in a row that comes weeks late, and draw that day and its month alone', async () => {
    const late = aMeasurementRow({
      metric: 'throughput',
      probe: 'l-39-0',
      line: 'l-39-0',
      place: rows.find(({ line }) => line === 'l-39-0')?.place ?? '',
      sequence: ++sequence,
      start: '2026-10-05T02:00:00.000Z',
      precedence: precedenceOf('2026-11-20T03:00:00.000001Z', 1),
    });
    await store.insert('measurement', [late]);
    const drawn: string[] = [];
    await rollUp(store, reader().plan, { progress: (_done, _total, period) => drawn.push(period) });
    expect(drawn).toEqual(['2026-10-05', '2026-10']);
    expect((await reader().holdings('2026-10')).newest).toBe('2026-11-20T03:00:00.000001Z');
  });

  it('follow a line that is registered later, without any measurement', async () => {
    const fresh = { place: '320102002001', carrier: 'cable', technology: 'ftth' };
    const rest = { subscribedDownBps: null, subscribedUpBps: null, validFrom: '2026-01-01' };
    await store.insert('line', [{ line: 'fresh', ...fresh, ...rest }]);
    expect(await rollUp(store, reader().plan)).toBe(2);
    const [target] = reader().plan.targets;
    if (!target) throw new Error('no target');
    const [figure] = await reader().figures(target, '2026-11', {
      carrier: 'cable',
      within: '320102002001',
      level: 'village',
    });
    expect(figure?.figure).toMatchObject({ observed: 0, registered: 1, value: null });
  });

  it('are never read half-drawn, and are swept away', async () => {
    const before = await contents();
    await store.insert('measurement', [aMeasurementRow({ start: '2026-11-01T05:00:00.000Z' })]);
    const dying: Store = {
      ...boundStore(store),
      insert: () => Promise.reject(new Error('killed')),
    };
    await expect(rollUp(dying, reader().plan)).rejects.toThrow('killed');
    expect(await contents()).toEqual(before);
    expect(await rollUp(store, reader().plan)).toBe(2);
    const after = await contents();
    expect(after).not.toEqual(before);

    const runs = () =>
      store.read<{ run: number; counts: boolean }>(
        'SELECT DISTINCT run, run IN (SELECT run FROM rollup_done FINAL) AS counts FROM line_day ORDER BY run',
      );
    expect((await runs()).some(({ counts }) => !counts)).toBe(true);
    await sweepRollups(store, new Date());
    expect((await runs()).some(({ counts }) => !counts)).toBe(true);
    await sweepRollups(store, new Date(Date.now() + 2 * 3_600_000));
    expect((await runs()).every(({ counts }) => counts)).toBe(true);
    expect(await contents()).toEqual(after);
  });
});

it('of a month that is over are packed into one run, which changes nothing', async () => {
  const before = { contents: await contents(), figures: await figures() };
  const runs = async () =>
    (await reader().runsBetween('2026-11-01', '2026-11-30'))?.runs.length ?? 0;
  const done = () => store.query('rollups_done', {});
  const stale = [{ period: '2026-11-02', signature: '' }];
  expect(monthsToPack(await done(), stale, '2026-12')).toEqual([]);
  expect(monthsToPack(await done(), [], '2026-11')).not.toContain('2026-11');
  await packMonth(store, '2026-11', await done());
  expect(new Set((await reader().runsBetween('2026-11-01', '2026-11-30'))?.runs).size).toBe(1);
  expect(await runs()).toBeGreaterThan(1);
  await sweepRollups(store, new Date(Date.now() + 2 * 3_600_000));
  expect({ contents: await contents(), figures: await figures() }).toEqual(before);

  // A day that is drawn anew leaves its old rows in the packed run, where nobody reads them.
  await store.insert('measurement', [
    aMeasurementRow({ start: '2026-11-01T06:00:00.000Z', sequence: ++sequence }),
  ]);
  await rollUp(store, reader().plan);
  const again = await contents();
  expect(again).not.toEqual(before.contents);
  await rollUp(store, reader().plan, { anew: true });
  expect(await contents()).toEqual(again);
});

function groupedBy<T>(items: readonly T[], keyOf: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) groups.set(keyOf(item), [...(groups.get(keyOf(item)) ?? []), item]);
  return groups;
}

function shanghaiDay(start: string): string {
  return new Date(Date.parse(start) + 8 * 3_600_000).toISOString().slice(0, 10);
}

/** Sorts as the query does: by family, then by day. */
function dayAndFamily(row: Row | undefined): string {
  return row ? `${row.family} ${shanghaiDay(row.start)}` : '';
}

/** By linear interpolation between the closest ranks (Hyndman & Fan 1996, type 7). */
function quantile(sorted: readonly number[], p: number): number {
  const at = p * (sorted.length - 1);
  const below = sorted[Math.floor(at)] ?? Number.NaN;
  const above = sorted[Math.ceil(at)] ?? Number.NaN;
  return below + (above - below) * (at - Math.floor(at));
}

function quantilesOf(sorted: readonly number[]): number[] {
  return [0.1, 0.5, 0.9].map((p) =>
    sorted.length === 0 ? 0 : Math.round(quantile(sorted, p) * 10) / 10,
  );
}

function bucketed(
  measured: readonly Row[],
  bucketOf: (row: Row) => number,
  slot: 'v0',
): QueryRow<'series_area'>[] {
  const groups = groupedBy(measured, (row) => `${row.family} ${bucketOf(row)}`);
  return [...groups]
    .map(([key, group]) => {
      const [family, at] = key.split(' ').map(Number) as [number, number];
      const values = group.flatMap((row) => row[slot] ?? []).sort((a, b) => a - b);
      return {
        family,
        at,
        quantiles: quantilesOf(values),
        n: values.length,
        failed: group.filter(({ outcome }) => outcome === 'failed').length,
        method: 'throughput/1',
      };
    })
    .sort((a, b) => a.family - b.family || a.at - b.at);
}
