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
  const { texts } = rows;
  const names = Object.keys(columns);
  const cellsOf = (name: string) => rows.cells.subarray(names.indexOf(name) * rows.capacity);
  const [metrics, starts, sequences] = [cellsOf('metric'), cellsOf('start'), cellsOf('sequence')];
  const byMetric = new Map<number, number[]>();
  for (let row = 0; row < rows.count; row++) {
    const place = metrics[row] as number;
    const found = byMetric.get(place);
    if (found) found.push(row);
    else byMetric.set(place, [row]);
  }
  const after = (one: number, other: number) =>
    (starts[one] as number) - (starts[other] as number) ||
    (sequences[one] as number) - (sequences[other] as number);
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
      startMs: starts[order[0] as number] as number,
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
