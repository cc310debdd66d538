import { describe, expect, it } from 'vitest';
import {
  areaFigures,
  type Evidence,
  ofCarrier,
  type SubjectEvidence,
} from '../../../api/figure.ts';
import { median } from '../../../api/interval.ts';
import type { PlanTarget } from '../../../api/plan.ts';
import { Register } from '../../../ingest/register.ts';
import { INDICATORS, type Indicator } from '../../../sql/indicator.ts';
import { chance } from '../../chance.ts';

const place = (
  code: string,
  level: 'province' | 'city' | 'county' | 'township' | 'village',
  parent: string,
) => ({
  code,
  name: code,
  level,
  parent,
  kind: '',
});
const village = (code: string) => place(code, 'village', code.slice(0, 9));

/** Two counties of two cities, five villages. */
const register = new Register([
  place('32', 'province', ''),
  place('3201', 'city', '32'),
  place('3202', 'city', '32'),
  place('320102', 'county', '3201'),
  place('320205', 'county', '3202'),
  place('320102002', 'township', '320102'),
  place('320205100', 'township', '320205'),
  ...['320102002001', '320102002002', '320102002003', '320205100001', '320205100002'].map(village),
]);

const ratio = INDICATORS.get('ipv6-reach-lines') as Indicator;
const rate = INDICATORS.get('median-download-rate') as Indicator;
const target = {
  goal: { bound: 'atLeast', value: 0.9 },
  minimumObserved: 3,
} as PlanTarget;

const line = (
  name: string,
  at: string,
  carrier: string,
  value: number,
  passed: boolean,
): SubjectEvidence => ({
  subject: name,
  place: at,
  carrier,
  value,
  passed,
  newest: `2026-11-24 0${value}:00:00`,
});
const observed = [
  line('a', '320102002001', 'telecom', 1, true),
  line('b', '320102002001', 'mobile', 1, true),
  line('c', '320102002002', 'telecom', 0, false),
  line('d', '320205100001', 'mobile', 1, true),
];
const evidence: Evidence = {
  observed,
  registered: [...observed, { place: '320205100002', carrier: 'mobile' }],
};

describe('areaFigures', () => {
  const counties = areaFigures(target, ratio, evidence, register, '32', 'county');

  it('counts lines, places and what is registered', () => {
    expect(
      counties.map(({ area, figure }) => [
        area.code,
        figure.passed,
        figure.observed,
        figure.registered,
        figure.placesObserved,
        figure.placesRegistered,
      ]),
    ).toEqual([
      ['320102', 2, 3, 3, 2, 3],
      ['320205', 1, 1, 2, 1, 2],
    ]);
    expect(counties[0]?.figure.value).toBeCloseTo(2 / 3);
    expect(counties[0]?.figure.interval?.method).toBe('wilson');
    expect(counties[0]?.figure.asOf).toBe('2026-11-24 01:00:00');
  });

  it('judges only above the minimum of lines', () => {
    expect(counties.map(({ verdict }) => verdict)).toEqual(['undecided', 'insufficient']);
  });

  it('says no evidence, not zero, where nobody measured', () => {
    const [, silent] = areaFigures(
      target,
      ratio,
      { observed: observed.slice(0, 3), registered: evidence.registered },
      register,
      '32',
      'county',
    );
    expect(silent?.figure).toMatchObject({
      value: null,
      passed: null,
      observed: 0,
      registered: 2,
      interval: null,
      asOf: null,
    });
    expect(silent?.verdict).toBe('insufficient');
  });

  it('keeps carriers apart', () => {
    const [province] = areaFigures(
      target,
      ratio,
      ofCarrier(evidence, 'telecom', ratio),
      register,
      '32',
      'province',
    );
    expect(province?.figure).toMatchObject({ passed: 1, observed: 2, registered: 2 });
  });

  it('takes the median over lines, whatever their order', () => {
    const rates = [30, 10, 20].map((value, index) =>
      line(String(index), '320102002001', 'telecom', value, false),
    );
    for (const lines of [rates, [...rates].reverse()]) {
      const [county] = areaFigures(
        target,
        rate,
        { observed: lines, registered: lines },
        register,
        '320102',
        'county',
      );
      expect(county?.figure).toMatchObject({
        kind: 'median',
        value: 20,
        passed: null,
        interval: null,
      });
    }
    expect(median([10, 20, 30])).toBe(20);
  });

  it.each(['province', 'city', 'county', 'township', 'village'] as const)(
    'parts add up to the whole at the level of %s',
    (level) => {
      const figures = areaFigures(target, ratio, evidence, register, '32', level).map(
        ({ figure }) => figure,
      );
      const sum = (pick: (figure: (typeof figures)[number]) => number | null) =>
        figures.reduce((total, figure) => total + (pick(figure) ?? 0), 0);
      expect([
        sum((f) => f.passed),
        sum((f) => f.observed),
        sum((f) => f.registered),
        sum((f) => f.placesRegistered),
      ]).toEqual([3, 4, 5, 5]);
    },
  );
});

describe('whatever is measured', () => {
  const LEVELS = ['province', 'city', 'county', 'township', 'village'] as const;
  const worlds = Array.from({ length: 40 }, (_, seed) => {
    const { oneOf, below, coin } = chance(seed);
    const villages = register.below('32', 'village').map(({ code }) => code);
    const lines = Array.from({ length: below(60) }, (_, name) => {
      const [at, carrier] = [oneOf(villages), oneOf(['telecom', 'mobile'])];
      const hamlet = coin(0.2) ? `${at}-001` : at;
      return line(String(name), hamlet, carrier, below(10), coin(0.6));
    });
    return { observed: lines.filter(() => coin(0.7)), registered: lines };
  });
  const figures = (indicator: Indicator, { observed, registered }: Evidence) =>
    LEVELS.map((level) =>
      areaFigures(target, indicator, { observed, registered }, register, '32', level),
    );

  it('the counts of the parts add up to those of the whole', () => {
    for (const world of worlds) {
      const levels = figures(ratio, world);
      for (const [nth, areas] of levels.slice(0, -1).entries())
        for (const { area, figure } of areas) {
          const parts = (levels[nth + 1] ?? []).filter(
            (part) => register.find(part.area.code)?.parent === area.code,
          );
          for (const count of ['passed', 'observed', 'registered', 'placesObserved'] as const)
            expect([count, figure[count] ?? 0]).toEqual([
              count,
              parts.reduce((whole, part) => whole + (part.figure[count] ?? 0), 0),
            ]);
          if (figure.observed > 0)
            expect(figure.value).toBe((figure.passed ?? 0) / figure.observed);
        }
    }
  });

  it('order changes nothing', () => {
    for (const [seed, { observed, registered }] of worlds.entries()) {
      const { shuffled } = chance(seed + 1_000);
      const mixed = { observed: shuffled(observed), registered: shuffled(registered) };
      for (const indicator of [ratio, rate])
        expect(figures(indicator, mixed)).toEqual(figures(indicator, { observed, registered }));
    }
  });

  it('carriers add up to all lines', () => {
    for (const world of worlds) {
      const [all, ...each] = [null, 'telecom', 'mobile'].map((carrier) =>
        figures(ratio, ofCarrier(world, carrier, ratio)).flat(),
      );
      for (const [nth, { figure }] of (all ?? []).entries())
        for (const count of ['passed', 'observed', 'registered'] as const)
          expect(figure[count] ?? 0).toBe(
            each.reduce((whole, own) => whole + (own[nth]?.figure[count] ?? 0), 0),
          );
    }
  });
});
