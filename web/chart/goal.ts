/** Which target's goal belongs on a chart. Pure. */
import type { Target } from '../../api/contract/target.ts';

export interface ChartGoal {
  readonly value: number;
  readonly title: Target['title'];
}

/**
 * A goal is drawn only over values it speaks of: rates of the same direction — a download goal has no place
 * over uploads. Delays and shares are of too many kinds for one goal to speak of them all.
 */
export function goalFor(
  chosen: { readonly value: string; readonly unit: string },
  targets: readonly Target[],
): ChartGoal | null {
  const upward = /up/i.test(chosen.value);
  const found = targets.find(
    ({ unit, indicator }) =>
      unit === 'bit/s' && unit === chosen.unit && /upload/.test(indicator) === upward,
  );
  return found ? { value: found.goal.value, title: found.title } : null;
}
