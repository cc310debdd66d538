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
 * Wilson's interval of a share of a finite population: the variance is less by (N − n)/(N − 1), as for
 * every sample drawn without replacement (Cochran, Sampling Techniques, §2.6), and what is known of the
 * n stays known of the N. When all are observed it is the share itself.
 *
 * @param size N, at least n
 * @returns null for n = 0
 */
export function finiteWilson(passed: number, n: number, size: number): Interval | null {
  if (n === 0) return null;
  const p = passed / n;
  const rest = size - n;
  const z2 = size > 1 ? (Z * Z * rest) / (size - 1) : 0;
  const centre = (p + z2 / (2 * n)) / (1 + z2 / n);
  const half = (1 / (1 + z2 / n)) * Math.sqrt(((p * (1 - p)) / n + z2 / (4 * n * n)) * z2);
  return {
    low: passed === 0 ? 0 : Math.max(centre - half, passed / size),
    high: passed === n ? 1 : Math.min(centre + half, (passed + rest) / size),
    level: LEVEL,
    method: 'wilson-finite',
  };
}

/** The interval of what is counted whole: nothing is estimated. */
export function census(value: number): Interval {
  return { low: value, high: value, level: LEVEL, method: 'census' };
}

/** An interval put together from those of strata, each weighted by its size. */
export function stratified(low: number, high: number): Interval {
  return { low, high, level: LEVEL, method: 'stratified' };
}

/**
 * Distribution-free interval of a quantile by order statistics (David & Nagaraja, Order Statistics,
 * §7.1): `[x_(r), x_(s)]` with the largest r and the smallest s for which less than 2.5 % lies beyond
 * either, B ~ Binomial(n, p). A median needs n ≥ 6, a tenth or nine tenths n ≥ 36.
 *
 * @param sorted values in ascending order
 * @param p 0…1
 * @returns null for fewer values: no such interval exists.
 */
export function quantileInterval(sorted: readonly number[], p: number): Interval | null {
  const n = sorted.length;
  const [below, above] = [tailRank(n, p), tailRank(n, 1 - p)];
  return orderStatistics(sorted[below - 1] ?? null, sorted[n - above] ?? null);
}

/** The largest r with 1 − 2·P(B < r) ≥ 95 %, B ~ Binomial(n, p); 0 for none. */
function tailRank(n: number, p: number): number {
  let tail = 0;
  let rank = 0;
  // P(B = k) by logarithms: (1 − p)ⁿ underflows beyond n ≈ 1,074 for p = ½.
  let logTerm = n * Math.log(1 - p);
  const logOdds = Math.log(p) - Math.log(1 - p);
  for (let k = 0; k < n; k++) {
    tail += Math.exp(logTerm);
    if (1 - 2 * tail < LEVEL) break;
    rank = k + 1;
    logTerm += Math.log((n - k) / (k + 1)) + logOdds;
  }
  return rank;
}

/** An interval whose bounds are two of the values; null where there are none. */
export function orderStatistics(low: number | null, high: number | null): Interval | null {
  if (low === null || high === null) return null;
  return { low, high, level: LEVEL, method: 'order-statistic' };
}

/**
 * A quantile by linear interpolation between the two values around it, both ends included (type 7 of
 * Hyndman & Fan 1996); null for none.
 *
 * @param sorted values in ascending order
 * @param p 0…1
 */
export function quantile(sorted: readonly number[], p: number): number | null {
  const at = (sorted.length - 1) * p;
  const below = sorted[Math.floor(at)];
  if (below === undefined) return null;
  const above = sorted[Math.floor(at) + 1] ?? below;
  return below + (above - below) * (at - Math.floor(at));
}

export function median(sorted: readonly number[]): number | null {
  return quantile(sorted, 0.5);
}
