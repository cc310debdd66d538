/**
 * Confidence intervals at 95 %, as pure functions. A figure without one is not published.
 */
import type { Interval } from './contract/figure.ts';

const LEVEL = 0.95;
/** Two-sided 95 % point of the standard normal distribution. */
const Z = 1.959963984540054;

/**
 * Wilson score interval of a proportion (Wilson 1927, JASA 22:209; recommended for small n by
 * Brown, Cai & DasGupta 2001). 48 of 50 gives 0.865…0.989. Never reaches outside 0…1.
 *
 * @returns null for n = 0: silence is not evidence.
 */
export function wilson(passed: number, n: number): Interval | null {
  if (n === 0) return null;
  const p = passed / n;
  const centre = (p + (Z * Z) / (2 * n)) / (1 + (Z * Z) / n);
  const half = (Z / (1 + (Z * Z) / n)) * Math.sqrt((p * (1 - p)) / n + (Z * Z) / (4 * n * n));
  return {
    // At the ends the formula meets 0 and 1 exactly; floating point does not.
    low: passed === 0 ? 0 : centre - half,
    high: passed === n ? 1 : centre + half,
    level: LEVEL,
    method: 'wilson',
  };
}

/**
 * Distribution-free interval of the median by order statistics (David & Nagaraja, Order
 * Statistics, §7.1): `[x_(r), x_(n+1−r)]` with the largest r whose coverage 1 − 2·P(B < r),
 * B ~ Binomial(n, ½), is at least 95 %. Needs n ≥ 6.
 *
 * @param sorted values in ascending order
 * @returns null below six values: no such interval exists.
 */
export function medianInterval(sorted: readonly number[]): Interval | null {
  const n = sorted.length;
  let tail = 0;
  let rank = 0;
  // P(B = k) by logarithms: ½ⁿ underflows beyond n ≈ 1,074.
  let logTerm = -n * Math.LN2;
  for (let k = 0; k < n / 2; k++) {
    tail += Math.exp(logTerm);
    if (1 - 2 * tail < LEVEL) break;
    rank = k + 1;
    logTerm += Math.log((n - k) / (k + 1));
  }
  return orderStatistics(sorted[rank - 1] ?? null, sorted[n - rank] ?? null);
}

/** An interval whose bounds are two of the values; null where there are none. */
export function orderStatistics(low: number | null, high: number | null): Interval | null {
  if (low === null || high === null) return null;
  return { low, high, level: LEVEL, method: 'order-statistic' };
}

/** Middle value, or the mean of the two middle ones; null for none. */
export function median(sorted: readonly number[]): number | null {
  const middle = sorted.length / 2;
  const [below, above] = [sorted[Math.ceil(middle) - 1], sorted[Math.floor(middle)]];
  return below === undefined || above === undefined ? null : (below + above) / 2;
}
