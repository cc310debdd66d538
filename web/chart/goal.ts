/** Which target's goal belongs on a chart. Pure. */
import type { Target } from '../../api/contract/target.ts';

export interface ChartGoal {
  readonly atLeast: number;
  readonly title: Target['title'];
}

/**
 * A goal is drawn only over values it speaks of: the same unit (a bare ratio fits anything and so
 * nothing) and, for rates, the same direction — a download goal has no place over uploads.
 */
export function goalFor(
  chosen: { readonly value: string; readonly unit: string },
  targets: readonly Target[],
): ChartGoal | null {
  const upward = /up/i.test(chosen.value);
  const found = targets.find(
    ({ unit, indicator }) =>
      unit !== '1' && unit === chosen.unit && /upload/.test(indicator) === upward,
  );
  return found ? { atLeast: found.goal.atLeast, title: found.title } : null;
}
