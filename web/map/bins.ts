/** The five classes of the map, cut exactly at the goal. Pure. */

/** Half-open `[from, to)`; the last is open upward: ratios above 100% are legitimate. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly reachesGoal: boolean;
}

/** Shares of the goal at which the classes below it are cut. */
const BELOW = [0.5, 0.8] as const;

/**
 * Three classes below the goal and two from it on; where nothing can lie above the goal (100 % of
 * something) four below and one at it. Other cuts are rounded to a readable step; the goal is not.
 */
export function binsFor(goal: number, kind: 'ratio' | 'median'): Bin[] {
  const step = kind === 'ratio' ? 0.05 : 10 ** Math.floor(Math.log10(goal)) / 2;
  const readable = (value: number) => Number((Math.round(value / step) * step).toPrecision(6));
  const below = BELOW.map((share) => readable(share * goal));
  const cuts =
    kind === 'ratio' && goal >= 1
      ? [...below, readable(0.95 * goal), goal]
      : [
          ...below,
          goal,
          kind === 'ratio' ? Number(((1 + goal) / 2).toPrecision(6)) : readable(1.5 * goal),
        ];
  const edges = [0, ...cuts, Number.POSITIVE_INFINITY];
  return edges.slice(0, -1).map((from, index) => ({
    from,
    to: edges[index + 1] ?? Number.POSITIVE_INFINITY,
    reachesGoal: from >= goal,
  }));
}

export function binOf(value: number, bins: readonly Bin[]): number {
  return bins.findIndex(({ from, to }) => value >= from && value < to);
}
