/** What an accuracy bench is: it holds our figures against a referee's, in one run on one machine. */
import { median, percentile } from '../bench.ts';

export interface AccuracyRow {
  /** What was measured, with its parameters. */
  readonly what: string;
  readonly ours: number;
  readonly referee: number;
  /** Who the referee is. */
  readonly against: string;
  readonly unit: string;
  /** ours − referee, in `unit`; of rates and bytes as a share of the referee's. */
  readonly difference: number;
  /** The most that the difference may be; in its own unit. */
  readonly goal: number;
  readonly met: boolean;
}

/** The same packets' round trips as we tell them and as a referee saw them, ms. */
export interface Seen {
  readonly oursMs: readonly number[];
  readonly wireMs: readonly number[];
}

const P95_GOAL_MS = 0.5;

/** Median and 95th percentile of both. */
export function roundTripRows(
  what: string,
  { oursMs, wireMs }: Seen,
  against: string,
  medianGoalMs: number,
): AccuracyRow[] {
  const row = (name: string, ours: number, referee: number, goal: number): AccuracyRow => ({
    ...{ what: `${what}: ${name}`, ours, referee, against, unit: 'ms' },
    ...{ difference: ours - referee, goal, met: Math.abs(ours - referee) <= goal },
  });
  return [
    row('median', median(oursMs), median(wireMs), medianGoalMs),
    row('p95', percentile(oursMs, 0.95), percentile(wireMs, 0.95), P95_GOAL_MS),
  ];
}

export interface Accuracy {
  readonly name: string;
  run(context: { progress(text: string): void; quick: boolean }): Promise<AccuracyRow[]>;
}
