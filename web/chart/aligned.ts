/** A series as uPlot wants it, and what of it can be said in words. Pure. */
import type { Band, Series } from '../../api/contract/measurement.ts';

export type Family = 4 | 6;
export const FAMILIES: readonly Family[] = [6, 4];

/** null is a gap; undefined is a bucket in which nothing was due, drawn over. */
type Column = (number | null | undefined)[];

/** Columns of one family in uPlot's data: the upper edge of a band stands before the lower. */
export const COLUMNS = ['p90', 'p10', 'median'] as const;

/**
 * `[at, p90₆, p10₆, median₆, p90₄, p10₄, median₄]`. Buckets nobody measured are null, so that a gap
 * is drawn as a gap; only those that lie between two runs of a slower schedule are drawn over.
 */
export function aligned(series: Series): [number[], ...Column[]] {
  const columns = FAMILIES.flatMap((family) => {
    const band = series.families[family];
    if (!band) return COLUMNS.map((): Column => series.at.map(() => null));
    const idle = idleBuckets(band);
    return COLUMNS.map(
      (name): Column => band[name].map((value, index) => (idle.has(index) ? undefined : value)),
    );
  });
  return [series.at, ...columns];
}

/** A wait is ordinary up to this many times the usual one: jitter, not a missed run. */
const ORDINARY = 1.5;

/** Empty buckets between runs no farther apart than usual. */
function idleBuckets(band: Band): Set<number> {
  const runs = band.n.flatMap((n, index) =>
    n > 0 || (band.failed[index] ?? 0) > 0 ? [index] : [],
  );
  const waits = runs.slice(1).map((run, index) => run - (runs[index] ?? run));
  const usual = [...waits].sort((a, b) => a - b)[Math.floor(waits.length / 2)] ?? 1;
  const idle = new Set<number>();
  waits.forEach((wait, index) => {
    if (wait > usual * ORDINARY) return;
    for (let offset = 1; offset < wait; offset++) idle.add((runs[index] ?? 0) + offset);
  });
  return idle;
}

/** One bucket of one family, for the legend and the table. */
export interface Reading {
  readonly at: number;
  readonly p10: number | null;
  readonly median: number | null;
  readonly p90: number | null;
  readonly n: number;
  readonly failed: number;
}

export function readingAt(series: Series, family: Family, index: number): Reading | null {
  const band = series.families[family];
  const at = series.at[index];
  if (!band || at === undefined) return null;
  return {
    at,
    p10: band.p10[index] ?? null,
    median: band.median[index] ?? null,
    p90: band.p90[index] ?? null,
    n: band.n[index] ?? 0,
    failed: band.failed[index] ?? 0,
  };
}

/** The newest bucket in which anything was measured or failed; −1 for none. */
export function newestIndex(series: Series): number {
  return series.at.findLastIndex((_, index) => hasAny(series, index));
}

/** Indices, newest first, of buckets in which anything happened. */
export function heard(series: Series): number[] {
  return series.at
    .map((_, index) => index)
    .filter((index) => hasAny(series, index))
    .reverse();
}

function hasAny(series: Series, index: number): boolean {
  return FAMILIES.some((family) => {
    const band = series.families[family];
    return band !== null && ((band.n[index] ?? 0) > 0 || (band.failed[index] ?? 0) > 0);
  });
}

/** Largest number that is drawn; 0 for an empty series. */
export function largest(series: Series): number {
  return maximum(FAMILIES.map((family) => series.families[family]));
}

function maximum(bands: readonly (Band | null)[]): number {
  let most = 0;
  for (const band of bands)
    for (const value of [...(band?.p90 ?? []), ...(band?.median ?? [])])
      if (value !== null && value > most) most = value;
  return most;
}

/** Without the emptiness before the first bucket heard, but at least `leastS` long. */
export function fromFirst(series: Series, leastS: number): Series {
  const end = (series.at.at(-1) ?? 0) + series.bucketSeconds;
  const first = series.at[heard(series).at(-1) ?? 0] ?? end;
  return clip(series, Math.min(first, end - leastS), end);
}

/** From the first bucket at or after `from` (Unix seconds) to before `to`. */
export function clip(series: Series, from: number, to: number): Series {
  const start = series.at.findIndex((time) => time >= from);
  if (start < 0) return series;
  const found = series.at.findIndex((time) => time >= to);
  const end = found < 0 ? series.at.length : found;
  const cut = (band: Band | null): Band | null =>
    band && {
      p10: band.p10.slice(start, end),
      median: band.median.slice(start, end),
      p90: band.p90.slice(start, end),
      n: band.n.slice(start, end),
      failed: band.failed.slice(start, end),
    };
  return {
    ...series,
    at: series.at.slice(start, end),
    families: { 4: cut(series.families[4]), 6: cut(series.families[6]) },
  };
}
