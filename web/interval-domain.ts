/** Which stretch of the scale an interval bar shows. Pure. */
import type { Figure } from '../api/contract/figure.ts';

/** Where a bar of a share may begin; its ends are always printed beside it. */
const BEGINNINGS = [0.9, 0.8, 0.5, 0] as const;

/**
 * Ends of the bar. Shares of a half and more: to 100%, or beyond where the figure passes it, and from the
 * closest beginning that leaves room on the left of everything shown. All others: from 0, or below what is
 * negative, to a readable number above everything shown.
 */
export function intervalDomain(figure: Figure, goal: number): [from: number, to: number] {
  const shown = [goal, figure.value, figure.interval?.low, figure.interval?.high].filter(
    (value) => value != null,
  );
  const [least, most] = [Math.min(...shown), Math.max(...shown)];
  if (figure.unit !== '1' || goal < 0.5)
    return [least < 0 ? -readableAbove(-least) : 0, readableAbove(Math.max(most, -least) * 1.05)];
  const from = figure.value === null ? 0 : (BEGINNINGS.find((begin) => begin + 0.01 <= least) ?? 0);
  return [from, most <= 1 ? 1 : readableAbove(most)];
}

/** The next of 1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10 × a power of ten. */
export function readableAbove(value: number): number {
  if (value <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8].find((factor) => factor * power >= value) ?? 10;
  return Number((step * power).toPrecision(6));
}
