import { describe, expect, it } from 'vitest';
import type { AreaFigure } from '../../../api/contract/figure.ts';
import { monthsBetween, progressOf, theilSen } from '../../../api/progress.ts';

const HUNDRED = { bound: 'atLeast', value: 1 } as const;

const figureOf = (value: number | null) => ({ figure: { value } }) as AreaFigure;
const history = (first: string, values: readonly (number | null)[]) =>
  values.map((value, index) => {
    const count = Number(first.slice(0, 4)) * 12 + Number(first.slice(5)) - 1 + index;
    const month = `${Math.floor(count / 12)}-${String((count % 12) + 1).padStart(2, '0')}`;
    return { month, figure: figureOf(value), over: true };
  });

describe('progress towards a target', () => {
  it('says the gap, and the pace that each month left would have to bring', () => {
    const { gap, monthsLeft, pacePerMonth } = progressOf(
      history('2014-11', [0.5, 0.6]),
      HUNDRED,
      '2015-12-31',
    );
    expect(gap).toBeCloseTo(0.4);
    expect(monthsLeft).toBe(12);
    expect(pacePerMonth).toBeCloseTo(0.4 / 12);
  });

  it('knows no pace when nothing is wanting, and does not clip what goes beyond', () => {
    const { gap, pacePerMonth } = progressOf(history('2015-01', [1.14]), HUNDRED, '2015-12-31');
    expect(gap).toBeCloseTo(-0.14);
    expect(pacePerMonth).toBeNull();
  });

  it('turns round where less is better', () => {
    const goal = { bound: 'atMost', value: 0.01 } as const;
    const falling = progressOf(history('2015-01', [0.04, 0.03, 0.02]), goal, '2015-12-31');
    expect(falling.gap).toBeCloseTo(0.01);
    expect(falling.pacePerMonth).toBeCloseTo(0.01 / 9);
    expect(falling.forecast?.reaches).toBe('2015-04');
    expect(progressOf(history('2015-01', [0.004]), goal, '2015-12-31').gap).toBeCloseTo(-0.006);
  });

  it('knows no pace once the plan is over, but still the gap', () => {
    const late = progressOf(history('2016-03', [0.7]), HUNDRED, '2015-12-31');
    expect(late).toMatchObject({ monthsLeft: -3, pacePerMonth: null, forecast: null });
    expect(late.gap).toBeCloseTo(0.3);
  });

  it('makes nothing of silence: a month without a figure is neither 0 nor part of the trend', () => {
    expect(progressOf(history('2015-01', [null]), HUNDRED, '2015-12-31')).toMatchObject({
      gap: null,
      pacePerMonth: null,
    });
    const { forecast } = progressOf(
      history('2015-01', [0.1, null, 0.3, null, 0.5]),
      HUNDRED,
      '2015-12-31',
    );
    expect(forecast).toMatchObject({ months: 3 });
    expect(forecast?.slopePerMonth).toBeCloseTo(0.1);
    expect(forecast?.atDue).toBeCloseTo(1.2);
    expect(forecast?.reaches).toBe('2015-10');
  });

  it('leaves the running month out of the trend', () => {
    const months = history('2015-01', [0.1, 0.2, 0.3, 0.05]);
    const running = months.map((each, index) => ({ ...each, over: index < 3 }));
    expect(progressOf(running, HUNDRED, '2015-12-31').forecast?.slopePerMonth).toBeCloseTo(0.1);
  });

  it('says that a falling line never reaches the goal', () => {
    const { forecast } = progressOf(history('2015-01', [0.5, 0.4, 0.3]), HUNDRED, '2015-12-31');
    expect(forecast).toMatchObject({ reaches: null, low: null, high: null });
  });

  it('forecasts nothing from two months', () => {
    expect(progressOf(history('2015-01', [0.5, 0.6]), HUNDRED, '2015-12-31').forecast).toBeNull();
  });
});

describe('the trend', () => {
  // Slopes of the fifteen pairs, by hand: 1 1 1 4/3 3/2 7/4 2 2 2.2 2.5 2.5 3 3 3.5 4.
  const points = [0, 1, 2, 4, 7, 11].map((y, x) => ({ x, y }));

  it('is the median of the slopes of all pairs', () => {
    expect(theilSen(points)?.slope).toBe(2);
  });

  it('is bounded by the ranks of Sen: of fifteen slopes the second and the fourteenth', () => {
    expect(theilSen(points)).toMatchObject({ low: 1, high: 3.5 });
  });

  it('has no bounds below six months', () => {
    expect(theilSen(points.slice(0, 5))).toMatchObject({ low: null, high: null });
  });

  it('is not bent by one odd month', () => {
    const steady = Array.from({ length: 9 }, (_, x) => ({ x, y: x === 4 ? 100 : 2 * x }));
    expect(theilSen(steady)?.slope).toBeCloseTo(2);
  });

  it('does not depend on the order of the months', () => {
    expect(theilSen(points.toReversed())).toEqual(theilSen(points));
  });

  it('counts months over years', () => {
    expect(monthsBetween('2013-11', '2015-12')).toBe(25);
    expect(monthsBetween('2015-12', '2013-11')).toBe(-25);
  });
});
