/** The five classes of the map, the worst first, cut exactly at the goal. Pure. */
import type { Goal } from '../../api/contract/target.ts';

/** Half-open on the side that is bad; those at the ends are open: shares above 100% are legitimate. */
export interface Bin {
  readonly from: number;
  readonly to: number;
  readonly reachesGoal: boolean;
}

/** Shares of a lower goal at which the classes below it are cut. */
const BELOW = [0.5, 0.8] as const;
/** Multiples of an upper goal at which the classes are cut, the goal among them. */
const ABOVE = [2, 1.25, 1, 0.5] as const;

/**
 * Three classes that miss the goal and two that reach it; where nothing can lie above the goal (100 % of
 * something) four below and one at it. Other cuts are rounded to a readable step; the goal is not.
 */
export function binsFor(
  { bound, value: goal }: Pick<Goal, 'bound' | 'value'>,
  unit: string,
): Bin[] {
  if (bound === 'atMost') {
    const cuts = ABOVE.map((share) => Number((share * goal).toPrecision(3)));
    return binsBetween([Number.POSITIVE_INFINITY, ...cuts, Number.NEGATIVE_INFINITY]).map(
      ({ from: to, to: from }) => ({ from, to, reachesGoal: to <= goal }),
    );
  }
  const step = unit === '1' ? 0.05 : 10 ** Math.floor(Math.log10(goal)) / 2;
  const readable = (value: number) => Number((Math.round(value / step) * step).toPrecision(6));
  const below = BELOW.map((share) => readable(share * goal));
  const cuts =
    unit === '1' && goal >= 1
      ? [...below, readable(0.95 * goal), goal]
      : [
          ...below,
          goal,
          unit === '1' ? Number(((1 + goal) / 2).toPrecision(6)) : readable(1.5 * goal),
        ];
  return binsBetween([Number.NEGATIVE_INFINITY, ...cuts, Number.POSITIVE_INFINITY]).map((bin) => ({
    ...bin,
    reachesGoal: bin.from >= goal,
  }));
}

export function binOf(value: number, bins: readonly Bin[]): number {
  const downward = (bins[0]?.from ?? 0) > (bins.at(-1)?.from ?? 0);
  return bins.findIndex(({ from, to }) =>
    downward ? value > from && value <= to : value >= from && value < to,
  );
}

function binsBetween(edges: readonly number[]): { from: number; to: number }[] {
  return edges.slice(0, -1).map((from, index) => ({ from, to: edges[index + 1] as number }));
}
