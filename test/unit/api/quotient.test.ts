import { describe, expect, it } from 'vitest';
import type { PlanTarget } from '../../../api/plan.ts';
import { quotientFigures } from '../../../api/quotient.ts';
import { type Level, Register } from '../../../ingest/register.ts';
import { INDICATORS, type Indicator } from '../../../sql/indicator.ts';
import type { QuotientRow } from '../../../sql/questions.ts';
import { chance } from '../../chance.ts';

const LEVELS = ['province', 'city', 'county', 'township'] as const;

const place = (code: string, level: Level, parent: string) => ({
  ...{ code, name: code, level, parent, kind: '' },
});
const TOWNSHIPS = ['320102001', '320102002', '320115101', '320583100'];

/** Two cities; the first has two counties and three townships; two villages a township. */
const register = new Register([
  place('32', 'province', ''),
  place('3201', 'city', '32'),
  place('320102', 'county', '3201'),
  place('320115', 'county', '3201'),
  place('3205', 'city', '32'),
  place('320583', 'county', '3205'),
  ...TOWNSHIPS.map((code) => place(code, 'township', code.slice(0, 6))),
  ...TOWNSHIPS.flatMap((code) => [1, 2].map((nth) => place(`${code}00${nth}`, 'village', code))),
]);

const terminals = INDICATORS.get('ipv6-terminals') as Indicator;
const residents = INDICATORS.get('broadband-per-resident') as Indicator;
const target = {
  ...{ goal: { bound: 'atLeast', value: 0.5 }, minimumObserved: 1 },
} as unknown as PlanTarget;

let rowNumber = 1;
const row = (carrier: string, area: string, amount: number, base: number): QuotientRow => ({
  ...{ carrier, area, amount, base, row: ++rowNumber },
});
const CARRIERS = ['telecom', 'mobile'];
const RECEIVED = new Map([
  ['telecom', '2026-11-03'],
  ['mobile', '2026-11-05'],
]);

function ask(
  indicator: Indicator,
  rows: readonly QuotientRow[],
  carrier: string | null,
  within: string,
  level: 'village' | (typeof LEVELS)[number],
) {
  const stated = { carriers: CARRIERS, rows, received: RECEIVED };
  return quotientFigures(target, indicator, stated, register)({ carrier, within, level });
}

function one(
  indicator: Indicator,
  rows: readonly QuotientRow[],
  carrier: string | null,
  area: string,
) {
  const level = register.find(area)?.level as (typeof LEVELS)[number];
  const [found] = ask(indicator, rows, carrier, area, level);
  if (!found) throw new Error('no figure');
  return { ...found.figure, verdict: found.verdict };
}

describe('a sum over a sum', () => {
  it('is what a carrier states of the area, whatever it states of its parts', () => {
    const rows = [
      row('telecom', '3201', 60, 100),
      row('telecom', '320102', 10, 20),
      row('telecom', '320115', 10, 20),
    ];
    expect(one(terminals, rows, 'telecom', '3201')).toMatchObject({
      ...{ value: 60 / 100, passed: 60, base: 100, observed: 1, registered: 1, verdict: 'met' },
      interval: { low: 0.6, high: 0.6, method: 'census' },
      ...{ placesObserved: 6, placesRegistered: 6, asOf: '2026-11-03', standings: null },
    });
  });

  it('sums up the parts where the area itself is not stated, level by level', () => {
    const rows = [
      row('telecom', '320102001', 5, 10),
      row('telecom', '320102002', 7, 30),
      row('telecom', '320115', 8, 10),
    ];
    // Townships make the county, and that with the other one the city.
    expect(one(terminals, rows, 'telecom', '320102')).toMatchObject({
      ...{ passed: 5 + 7, base: 10 + 30, observed: 2, registered: 2 },
    });
    expect(one(terminals, rows, 'telecom', '3201')).toMatchObject({
      ...{ value: (5 + 7 + 8) / (10 + 30 + 10), passed: 20, base: 50, observed: 3, registered: 3 },
    });
  });

  it('has no interval, so no verdict, while a part is missing', () => {
    const rows = [row('telecom', '320102001', 5, 10), row('telecom', '320115', 8, 10)];
    expect(one(terminals, rows, 'telecom', '3201')).toMatchObject({
      ...{ value: 13 / 20, observed: 2, registered: 3, interval: null, verdict: 'insufficient' },
      ...{ placesObserved: 4, placesRegistered: 6 },
    });
    // Suzhou with all its parts is one statement that is missing.
    expect(one(terminals, rows, 'telecom', '32')).toMatchObject({ observed: 2, registered: 4 });
    expect(one(terminals, rows, 'telecom', '3205')).toMatchObject({
      ...{ value: null, passed: null, base: null, observed: 0, registered: 1, interval: null },
      ...{ asOf: null, placesObserved: 0, placesRegistered: 2 },
    });
  });

  it('has none while a carrier is missing', () => {
    const rows = [row('telecom', '320583', 5, 10)];
    expect(one(terminals, rows, null, '320583')).toMatchObject({
      ...{ value: 5 / 10, observed: 1, registered: 2, interval: null },
    });
  });

  it('sums amounts and own bases of carriers', () => {
    const rows = [row('telecom', '320583', 5, 10), row('mobile', '320583', 6, 30)];
    expect(one(terminals, rows, null, '320583')).toMatchObject({
      ...{ value: 11 / 40, passed: 11, base: 40, observed: 2, registered: 2 },
      ...{ interval: { low: 11 / 40, high: 11 / 40 }, asOf: '2026-11-05' },
    });
  });

  it('takes a shared base once, not once a carrier', () => {
    const rows = [row('telecom', '320583', 50, 100), row('mobile', '320583', 20, 100)];
    expect(one(residents, rows, null, '320583')).toMatchObject({ value: 70 / 100, base: 100 });
  });

  it('takes a shared base of every part that any carrier states', () => {
    const rows = [row('telecom', '320102', 30, 100), row('mobile', '320115', 40, 300)];
    expect(one(residents, rows, null, '3201')).toMatchObject({
      ...{ value: (30 + 40) / (100 + 300), passed: 70, base: 400, observed: 2, registered: 4 },
      interval: null,
    });
    // One states the whole: its base is that of the whole.
    const whole = [...rows.slice(0, 1), row('mobile', '3201', 40, 390)];
    expect(one(residents, whole, null, '3201')).toMatchObject({ value: 70 / 390, base: 390 });
  });

  it('is not clipped beyond 100 %', () => {
    const rows = [row('telecom', '320583', 80, 100), row('mobile', '320583', 70, 100)];
    expect(one(residents, rows, null, '320583')).toMatchObject({
      ...{ value: 1.5, interval: { low: 1.5, high: 1.5 }, verdict: 'met' },
    });
  });

  it('says nothing of villages, which nobody files', () => {
    const villages = ask(terminals, [row('telecom', '32', 1, 2)], 'telecom', '32', 'village');
    expect(villages).toHaveLength(8);
    expect(villages[0]?.figure).toMatchObject({ value: null, observed: 0, interval: null });
  });

  it('does not count who the target is not asked of', () => {
    const rows = [row('telecom', '320583', 5, 10), row('cable', '320583', 6, 30)];
    expect(one(terminals, rows, null, '320583')).toMatchObject({ passed: 5, registered: 2 });
  });
});

describe('whatever is filed', () => {
  const areas = LEVELS.flatMap((level) => register.below('32', level).map(({ code }) => code));
  /** Some state all townships, most state this and that. */
  const filings = Array.from({ length: 60 }, (_, seed) => {
    const { coin, below } = chance(seed);
    return CARRIERS.flatMap((carrier) => {
      const all = coin(0.4);
      return areas
        .filter((area) => (all ? area.length === 9 : coin(0.4)))
        .map((area) => row(carrier, area, below(150), 1 + below(100)));
    });
  });
  const figures = (indicator: Indicator, rows: readonly QuotientRow[], carrier: string | null) =>
    LEVELS.map((level) => ask(indicator, rows, carrier, '32', level));

  it('an area of which only parts are stated is the sum of those', () => {
    let summed = 0;
    for (const rows of filings)
      for (const carrier of CARRIERS) {
        const levels = figures(terminals, rows, carrier);
        const own = new Set(
          rows.filter((each) => each.carrier === carrier).map(({ area }) => area),
        );
        for (const [nth, level] of levels.entries())
          for (const { area, figure } of level) {
            const parts = (levels[nth + 1] ?? []).filter(
              (part) => register.find(part.area.code)?.parent === area.code,
            );
            if (own.has(area.code) || parts.every((part) => part.figure.observed === 0)) continue;
            summed++;
            const sum = (count: (of: typeof figure) => number | null) =>
              parts.reduce((whole, part) => whole + (count(part.figure) ?? 0), 0);
            expect(figure.passed).toBe(sum((of) => of.passed));
            expect(figure.base).toBe(sum((of) => of.base));
            expect(figure.observed).toBe(sum((of) => of.observed));
            expect(figure.registered).toBe(sum((of) => of.registered));
            expect(figure.placesObserved).toBe(sum((of) => of.placesObserved));
          }
      }
    expect(summed).toBeGreaterThan(200);
  });

  it('the value is all of the interval, and there is one when nothing is missing', () => {
    for (const rows of filings)
      for (const carrier of [null, ...CARRIERS])
        for (const { figure } of figures(residents, rows, carrier).flat()) {
          const { value, interval, observed, registered } = figure;
          expect(interval !== null).toBe(observed === registered);
          if (interval) expect([interval.low, interval.high]).toEqual([value, value]);
        }
  });

  it('order changes nothing, nor does a row told twice', () => {
    for (const [seed, rows] of filings.entries()) {
      const { shuffled, coin } = chance(seed + 1_000);
      const mixed = shuffled([...rows, ...rows.filter(() => coin(0.3))]);
      for (const indicator of [terminals, residents])
        for (const carrier of [null, ...CARRIERS])
          expect(figures(indicator, mixed, carrier)).toEqual(figures(indicator, rows, carrier));
    }
  });
});
