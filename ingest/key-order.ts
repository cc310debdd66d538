/**
 * Rows in the order of the tables' key, `(metric, probe, start, sequence)`: what comes sorted, the
 * engine need not sort. It looks, and sorts what is not, so this is for speed alone. Pure.
 */
import type { Rows } from '../sql/cells.ts';
import type { Segment } from '../sql/native.ts';
import type { tables } from '../sql/rows.ts';

/** Rows of one metric of one report and day, in order. */
export interface Run extends Segment {
  readonly metric: string;
  readonly probe: string;
  /** Of the first. */
  readonly startMs: number;
}

/** The rows of one report and day, of `measurement` or `sample`, as runs. */
export function runsOf(
  rows: Rows,
  columns: typeof tables.measurement | typeof tables.sample,
  probe: string,
): Run[] {
  const { cells, width, texts } = rows;
  const [metric, start, sequence] = ['metric', 'start', 'sequence'].map((name) =>
    Object.keys(columns).indexOf(name),
  ) as [number, number, number];
  const byMetric = new Map<number, number[]>();
  for (let row = 0; row < rows.count; row++) {
    const place = cells[row * width + metric] as number;
    const found = byMetric.get(place);
    if (found) found.push(row);
    else byMetric.set(place, [row]);
  }
  const after = (one: number, other: number) =>
    (cells[one * width + start] as number) - (cells[other * width + start] as number) ||
    (cells[one * width + sequence] as number) - (cells[other * width + sequence] as number);
  return [...byMetric].map(([place, found]) => {
    // As probes send them, newest first, that is nearly all of the sorting.
    const order = Uint32Array.from(found.reverse());
    if (order.some((row, index) => index > 0 && after(order[index - 1] as number, row) > 0))
      order.sort(after);
    return {
      rows,
      order,
      metric: texts.all[place] as string,
      probe,
      startMs: cells[(order[0] as number) * width + start] as number,
    };
  });
}

/** Runs of many reports, one behind the other. */
export function inKeyOrder(runs: readonly Run[]): Run[] {
  return runs.toSorted(
    (one, other) =>
      compare(one.metric, other.metric) ||
      compare(one.probe, other.probe) ||
      one.startMs - other.startMs,
  );
}

/** Both are ASCII, which ClickHouse orders the same way. */
function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}
