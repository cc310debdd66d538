import { describe, expect, it } from 'vitest';
import type { Standing } from '../../../api/contract/filing.ts';
import type { PlanTarget } from '../../../api/plan.ts';
import { reachFigures, type StandingAt, standingsOfAny } from '../../../api/reach.ts';
import { STANDINGS } from '../../../api/standing.ts';
import { Register } from '../../../ingest/register.ts';
import { INDICATORS, type Indicator } from '../../../sql/indicator.ts';
import { chance } from '../../chance.ts';

const LEVELS = ['province', 'city', 'county', 'township', 'village'] as const;

const place = (code: string, level: (typeof LEVELS)[number], parent: string) => ({
  ...{ code, name: code, level, parent, kind: '' },
});
const TOWNSHIPS = ['320102001', '320102002', '320583100'];
const VILLAGES = TOWNSHIPS.flatMap((township) =>
  Array.from({ length: 10 }, (_, nth) => `${township}0${String(nth).padStart(2, '0')}`),
);
const [FIRST = ''] = TOWNSHIPS;

/** Three townships of two cities, of ten villages each. */
const register = new Register([
  place('32', 'province', ''),
  place('3201', 'city', '32'),
  place('320102', 'county', '3201'),
  place('3205', 'city', '32'),
  place('320583', 'county', '3205'),
  ...TOWNSHIPS.map((code) => place(code, 'township', code.slice(0, 6))),
  ...VILLAGES.map((code) => place(code, 'village', code.slice(0, 9))),
]);

const reach = INDICATORS.get('fibre-reach-villages') as Indicator;
const target = {
  ...{ goal: { bound: 'atLeast', value: 0.5 }, minimumObserved: 1, villageKinds: [] as string[] },
} as unknown as PlanTarget;

const at = (code: string, standing: Standing, asOf: string | null = null): StandingAt => ({
  ...{ place: code, standing, asOf },
});

/** The first villages of the first township, so many of each. */
function township(counts: Partial<Record<Standing, number>>): StandingAt[] {
  const standings = STANDINGS.flatMap((standing) =>
    Array.from({ length: counts[standing] ?? 0 }, () => standing),
  );
  return standings.map((standing, nth) => at(VILLAGES[nth] ?? '', standing));
}

function figureOf(standings: readonly StandingAt[]) {
  const scope = { carrier: null, within: FIRST, level: 'township' } as const;
  const [found] = reachFigures(target, reach, standings, register, scope);
  if (!found) throw new Error('no figure');
  return { ...found.figure, verdict: found.verdict };
}

const MIXED = { confirmed: 3, contradicted: 1, declared: 2, unserved: 2, 'no evidence': 2 };

describe('the share of places that are reached', () => {
  it('takes of what is declared the part that lines bear out', () => {
    // Filed as reached are 3 + 1 + 2, of which lines bear out 3 of 4; filed are 8 of 10.
    expect(figureOf(township(MIXED))).toMatchObject({
      ...{ value: (6 * (3 / 4)) / 8, passed: 3, base: null, observed: 3 + 1 + 2, registered: 10 },
      ...{ placesObserved: 3 + 1 + 2, placesRegistered: 10 },
      standings: { places: 10, ...MIXED },
    });
  });

  it('reaches from what is proven to what is not excluded', () => {
    // Wilson would reach further; three confirmed of six and one contradicted of six end it.
    const { interval } = figureOf(township(MIXED));
    expect(interval?.method).toBe('stratified');
    expect(interval?.low).toBeCloseTo(3 / 10, 12);
    expect(interval?.high).toBeCloseTo((6 - 1 + 2) / 10, 12);
  });

  it('knows without a probe that nothing is reached where all is filed so', () => {
    const all = figureOf(township({ unserved: 10 }));
    expect(all).toMatchObject({ value: 0, passed: 0, observed: 10, interval: { low: 0, high: 0 } });
    expect(all.verdict).toBe('missed');
    // Three are silent: they may be reached.
    const some = figureOf(township({ unserved: 7, 'no evidence': 3 }));
    expect(some).toMatchObject({ value: 0, observed: 7, interval: { low: 0, high: 3 / 10 } });
  });

  it('says nothing of declarations that no line bears on', () => {
    expect(figureOf(township({ declared: 10 }))).toMatchObject({
      ...{ value: null, passed: null, observed: 0, interval: null, verdict: 'insufficient' },
    });
    // What is filed as not reached is known; of the five others anything may be true.
    const half = figureOf(township({ declared: 5, unserved: 5 }));
    expect(half).toMatchObject({ value: null, observed: 5, interval: { low: 0, high: 5 / 10 } });
  });

  it('says nothing of silence', () => {
    expect(figureOf(township({ 'no evidence': 10 }))).toMatchObject({
      ...{ value: null, passed: null, observed: 0, registered: 10, interval: null },
    });
  });

  it('is counted whole where lines bear on every place', () => {
    const { value, interval } = figureOf(township({ confirmed: 8, contradicted: 2 }));
    expect([value, interval?.low, interval?.high]).toEqual([0.8, 0.8, 0.8]);
  });

  it('is the same with silent places, and less certain', () => {
    const heard = { confirmed: 3, contradicted: 1, declared: 1, unserved: 1 };
    const known = figureOf(township(heard));
    const silent = figureOf(township({ ...heard, 'no evidence': 4 }));
    expect(silent.value).toBe(known.value);
    expect(silent.interval?.low).toBeLessThan(known.interval?.low ?? 0);
    // Six with four silent ones are ten.
    expect(silent.interval?.high).toBeCloseTo((6 * (known.interval?.high ?? 0) + 4) / 10, 12);
  });

  it('is as of the newest thing behind it', () => {
    const newest = '2026-11-03T00:00:00Z';
    const [a = '', b = '', c = ''] = VILLAGES;
    const standings = [at(a, 'confirmed', '2026-10-01T00:00:00Z'), at(b, 'unserved', newest)];
    expect(figureOf([...standings, at(c, 'no evidence')]).asOf).toBe(newest);
  });
});

describe('how a place stands whatever the carrier', () => {
  it.each([
    ['confirmed', ['contradicted', 'confirmed', 'declared']],
    ['declared', ['contradicted', 'declared', 'unserved']],
    ['contradicted', ['unserved', 'contradicted', 'no evidence']],
    ['unserved', ['no evidence', 'unserved']],
    ['no evidence', ['no evidence', 'no evidence']],
  ] as const)('is %s of %j', (best, standings) => {
    const byCarrier = standings.map((standing, nth) => [at('x', standing, `2026-10-0${nth + 1}`)]);
    const asOf = `2026-10-0${standings.length}`;
    expect(standingsOfAny(byCarrier)).toEqual([at('x', best, asOf)]);
    expect(standingsOfAny(byCarrier.toReversed())).toEqual([at('x', best, asOf)]);
  });

  it('is of each place by itself', () => {
    expect(standingsOfAny([[at('x', 'declared')], [at('y', 'unserved')]])).toEqual([
      at('x', 'declared'),
      at('y', 'unserved'),
    ]);
    expect(standingsOfAny([])).toEqual([]);
  });
});

describe('whatever is filed and measured', () => {
  const filings = Array.from({ length: 60 }, (_, seed) => {
    const random = chance(seed);
    return [1, 2, 3].map(() =>
      VILLAGES.map((code) => {
        const asOf = random.coin(0.2) ? null : `2026-10-${10 + random.below(20)}`;
        return at(code, random.oneOf(STANDINGS), asOf);
      }),
    );
  });
  const figures = (standings: readonly StandingAt[]) =>
    LEVELS.map((level) =>
      reachFigures(target, reach, standings, register, { carrier: null, within: '32', level }),
    );

  it('the parts add up to the whole', () => {
    for (const byCarrier of filings) {
      const levels = figures(standingsOfAny(byCarrier));
      for (const [nth, areas] of levels.entries())
        for (const { area, figure } of areas) {
          const parts = (levels[nth + 1] ?? []).filter(
            (part) => register.find(part.area.code)?.parent === area.code,
          );
          if (parts.length === 0) continue;
          const sum = (count: (of: typeof figure) => number) =>
            parts.reduce((whole, part) => whole + count(part.figure), 0);
          for (const standing of [...STANDINGS, 'places'] as const)
            expect(figure.standings?.[standing]).toBe(sum((of) => of.standings?.[standing] ?? 0));
          expect(figure.observed).toBe(sum((of) => of.observed));
          expect(figure.registered).toBe(sum((of) => of.registered));
          expect(figure.placesObserved).toBe(sum((of) => of.placesObserved));
        }
    }
  });

  it('order changes nothing, nor does a carrier told twice', () => {
    for (const [seed, byCarrier] of filings.entries()) {
      const { shuffled, oneOf } = chance(seed + 1_000);
      const mixed = shuffled([...byCarrier, oneOf(byCarrier)]).map((own) => shuffled(own));
      expect(figures(standingsOfAny(mixed))).toEqual(figures(standingsOfAny(byCarrier)));
    }
  });

  it('the value lies inside the interval, and that inside 0…1', () => {
    let seen = 0;
    for (const byCarrier of filings)
      for (const own of byCarrier)
        for (const { figure } of figures(own).flat()) {
          const { value, interval } = figure;
          if (!interval) continue;
          expect(interval.low).toBeGreaterThanOrEqual(0);
          expect(interval.high).toBeLessThanOrEqual(1);
          if (value === null) continue;
          seen++;
          expect(value).toBeGreaterThanOrEqual(interval.low - 1e-12);
          expect(value).toBeLessThanOrEqual(interval.high + 1e-12);
        }
    expect(seen).toBeGreaterThan(1_000);
  });
});
