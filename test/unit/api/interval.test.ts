import { describe, expect, it } from 'vitest';
import { median, medianInterval, wilson } from '../../../api/interval.ts';

describe('wilson', () => {
  it('has no interval for silence', () => {
    expect(wilson(0, 0)).toBeNull();
  });

  // Reference values: R, binom::binom.confint(method = "wilson").
  it.each([
    [48, 50, 0.8654, 0.989],
    [0, 10, 0, 0.2775],
    [10, 10, 0.7225, 1],
    [1, 2, 0.0945, 0.9055],
  ])('%i of %i', (passed, n, low, high) => {
    const interval = wilson(passed, n);
    expect(interval?.low).toBeCloseTo(low, 3);
    expect(interval?.high).toBeCloseTo(high, 3);
  });

  it('claims 95 % without a failure only from 73 lines on', () => {
    expect(wilson(72, 72)?.low).toBeLessThan(0.95);
    expect(wilson(73, 73)?.low).toBeGreaterThanOrEqual(0.95);
  });

  it('never leaves 0…1 and always holds the point', () => {
    for (let n = 1; n <= 60; n++)
      for (let passed = 0; passed <= n; passed++) {
        const interval = wilson(passed, n);
        if (!interval) throw new Error('no interval');
        expect(interval.low).toBeGreaterThanOrEqual(0);
        expect(interval.high).toBeLessThanOrEqual(1);
        expect(interval.low).toBeLessThanOrEqual(passed / n);
        expect(interval.high).toBeGreaterThanOrEqual(passed / n);
      }
  });
});

describe('medianInterval', () => {
  it.each([0, 1, 5])('does not exist for %i values', (n) => {
    expect(medianInterval(Array.from({ length: n }, (_, index) => index))).toBeNull();
  });

  // Ranks from the binomial table: n = 6 → (1, 6), 10 → (2, 9), 20 → (6, 15), 100 → (40, 61).
  it.each([
    [6, 1, 6],
    [10, 2, 9],
    [20, 6, 15],
    [100, 40, 61],
  ])('of %i values lies between ranks %i and %i', (n, low, high) => {
    const ranks = Array.from({ length: n }, (_, index) => index + 1);
    expect(medianInterval(ranks)).toMatchObject({ low, high, method: 'order-statistic' });
  });

  it('stands for many thousand lines, where ½ⁿ is no longer a number', () => {
    const interval = medianInterval(Array.from({ length: 66_000 }, (_, index) => index + 1));
    // Normal approximation: n/2 ± 1.96·√n/2.
    expect(interval?.low).toBeCloseTo(33_000 - 0.98 * Math.sqrt(66_000), -1);
    expect(interval?.high).toBeCloseTo(33_000 + 0.98 * Math.sqrt(66_000), -1);
  });
});

describe('median', () => {
  it.each([
    [[], null],
    [[7], 7],
    [[1, 3], 2],
    [[1, 2, 9], 2],
  ])('of %j is %j', (values, expected) => {
    expect(median(values)).toBe(expected);
  });
});
