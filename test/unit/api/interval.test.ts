import { describe, expect, it } from 'vitest';
import { finiteWilson, median, quantile, quantileInterval, wilson } from '../../../api/interval.ts';

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

describe('finiteWilson', () => {
  it("is the share itself when all are observed, and Wilson's where they are few of many", () => {
    expect(finiteWilson(3, 4, 4)).toMatchObject({ low: 0.75, high: 0.75 });
    expect(finiteWilson(1, 1, 1)).toMatchObject({ low: 1, high: 1 });
    const [few, endless] = [finiteWilson(48, 50, 1e9), wilson(48, 50)];
    expect(few?.low).toBeCloseTo(endless?.low ?? 0, 6);
    expect(few?.high).toBeCloseTo(endless?.high ?? 0, 6);
    expect(finiteWilson(0, 0, 9)).toBeNull();
  });

  it('never claims what the observed ones already rule out, holds the point, and narrows with n', () => {
    const size = 40;
    for (let n = 1; n <= size; n++)
      for (let passed = 0; passed <= n; passed++) {
        const interval = finiteWilson(passed, n, size);
        if (!interval) throw new Error('no interval');
        expect(interval.low).toBeGreaterThanOrEqual(passed / size - 1e-12);
        expect(interval.high).toBeLessThanOrEqual(
          (size - n + passed) / size + (passed === n ? 1 : 0),
        );
        expect(interval.low).toBeLessThanOrEqual(passed / n + 1e-12);
        expect(interval.high).toBeGreaterThanOrEqual(passed / n - 1e-12);
        const endless = wilson(passed, n);
        expect(interval.low).toBeGreaterThanOrEqual((endless?.low ?? 1) - 1e-12);
        expect(interval.high).toBeLessThanOrEqual((endless?.high ?? 0) + 1e-12);
      }
  });
});

describe('quantileInterval', () => {
  it.each([0, 1, 5])('does not exist for %i values', (n) => {
    expect(
      quantileInterval(
        Array.from({ length: n }, (_, index) => index),
        0.5,
      ),
    ).toBeNull();
  });

  // Ranks from the binomial table: n = 6 → (1, 6), 10 → (2, 9), 20 → (6, 15), 100 → (40, 61).
  it.each([
    [6, 1, 6],
    [10, 2, 9],
    [20, 6, 15],
    [100, 40, 61],
  ])('of %i values lies between ranks %i and %i', (n, low, high) => {
    const ranks = Array.from({ length: n }, (_, index) => index + 1);
    expect(quantileInterval(ranks, 0.5)).toMatchObject({ low, high, method: 'order-statistic' });
  });

  it.each([0.1, 0.2, 0.8, 0.9])(
    'of the quantile %d covers it in 95 of 100 samples or more',
    (p) => {
      const binomial = (n: number) => {
        const terms = [(1 - p) ** n];
        for (let k = 0; k < n; k++)
          terms.push(((terms[k] as number) * ((n - k) / (k + 1)) * p) / (1 - p));
        return terms;
      };
      const first = Math.ceil(Math.log(0.025) / Math.log(1 - Math.min(p, 1 - p)));
      for (let n = 1; n <= 300; n++) {
        const ranks = Array.from({ length: n }, (_, index) => index + 1);
        const interval = quantileInterval(ranks, p);
        expect(interval !== null).toBe(n >= first);
        if (!interval) continue;
        // P(r <= B < s) of the definition, and no narrower pair of ranks does: one more on either side is too many.
        const terms = binomial(n);
        const sum = (from: number, to: number) =>
          terms.slice(from, to).reduce((whole, term) => whole + term, 0);
        expect(sum(interval.low, interval.high)).toBeGreaterThanOrEqual(0.95 - 1e-9);
        expect(sum(0, interval.low + 1)).toBeGreaterThan(0.025 - 1e-9);
        expect(sum(interval.high - 1, n + 1)).toBeGreaterThan(0.025 - 1e-9);
      }
    },
  );

  it('stands for many thousand lines, where ½ⁿ is no longer a number', () => {
    const interval = quantileInterval(
      Array.from({ length: 66_000 }, (_, index) => index + 1),
      0.5,
    );
    // Normal approximation: n/2 ± 1.96·√n/2.
    expect(interval?.low).toBeCloseTo(33_000 - 0.98 * Math.sqrt(66_000), -1);
    expect(interval?.high).toBeCloseTo(33_000 + 0.98 * Math.sqrt(66_000), -1);
  });
});

describe('quantile', () => {
  // R: quantile(c(1, 2, 4, 8, 16), p, type = 7).
  it.each([
    [0, 1],
    [0.1, 1.4],
    [0.2, 1.8],
    [0.5, 4],
    [0.9, 12.8],
    [1, 16],
  ])('%d of five', (p, expected) => {
    expect(quantile([1, 2, 4, 8, 16], p)).toBeCloseTo(expected, 12);
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
