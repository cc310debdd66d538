/**
 * How far a target is from its goal, what each month would have to bring, and where the months so far
 * lead. Pure. Nothing is clipped: a share beyond 100 % is said as it is.
 */
import { nextMonth } from '../ingest/month.ts';
import type { AreaFigure } from './contract/figure.ts';
import type { Forecast, Goal, Progress } from './contract/target.ts';
import { median } from './interval.ts';

/** One month of one area under one target. */
export interface MonthOf {
  readonly month: string;
  readonly figure: AreaFigure;
  /** Whether the month is over; of one that is not the figure may still move, and no trend uses it. */
  readonly over: boolean;
}

/** Fewer months make no trend. */
const TREND_FROM = 3;
/** Two-sided 95 % point of the standard normal distribution. */
const Z = 1.959963984540054;
/** Further ahead a straight line is no forecast. */
const HORIZON_MONTHS = 60;

/**
 * @param history earliest first; the last is the month asked about
 * @param goal in the figure's unit, to be reached by the end of the month of `due` (`YYYY-MM-DD`)
 */
export function progressOf(
  history: readonly MonthOf[],
  goal: Pick<Goal, 'bound' | 'value'>,
  due: string,
): Pick<Progress, 'gap' | 'monthsLeft' | 'pacePerMonth' | 'forecast'> {
  const now = history.at(-1);
  const value = now?.figure.figure.value ?? null;
  const gap = value === null ? null : wanting(goal, value);
  const monthsLeft = now ? monthsBetween(now.month, due.slice(0, 7)) : 0;
  return {
    gap,
    monthsLeft,
    pacePerMonth: gap !== null && gap > 0 && monthsLeft > 0 ? gap / monthsLeft : null,
    forecast: now ? forecastOf(history, now.month, goal, due.slice(0, 7)) : null,
  };
}

/** What lacks to the goal, negative beyond it. */
function wanting({ bound, value: goal }: Pick<Goal, 'bound' | 'value'>, value: number): number {
  return bound === 'atLeast' ? goal - value : value - goal;
}

function forecastOf(
  history: readonly MonthOf[],
  now: string,
  goal: Pick<Goal, 'bound' | 'value'>,
  due: string,
): Forecast | null {
  const points = history.flatMap(({ month, figure: { figure }, over }) =>
    over && figure.value !== null ? [{ x: monthsBetween(now, month), y: figure.value }] : [],
  );
  const trend = theilSen(points);
  if (!trend) return null;
  const at = (slope: number, x: number) =>
    (median(points.map((point) => point.y - slope * point.x).sort(ascending)) as number) +
    slope * x;
  const dueX = monthsBetween(now, due);
  const { slope, low, high } = trend;
  const bounds = low === null || high === null ? null : [at(low, dueX), at(high, dueX)];
  let reaches: string | null = null;
  for (
    let x = 0, month = now;
    x <= HORIZON_MONTHS && reaches === null;
    x++, month = nextMonth(month)
  )
    if (wanting(goal, at(slope, x)) <= 0) reaches = month;
  return {
    method: 'theil-sen/1',
    months: points.length,
    slopePerMonth: slope,
    atDue: dueX > 0 ? at(slope, dueX) : null,
    low: bounds && dueX > 0 ? Math.min(...bounds) : null,
    high: bounds && dueX > 0 ? Math.max(...bounds) : null,
    reaches,
  };
}

/**
 * The median of the slopes of all pairs, which one odd month cannot bend, and its 95 % bounds (Sen 1968,
 * JASA 63:1379; ranks as in Gilbert 1987, §16.5).
 *
 * @returns null below three points; bounds are null below six, where no such ranks exist
 */
export function theilSen(
  points: readonly { readonly x: number; readonly y: number }[],
): { slope: number; low: number | null; high: number | null } | null {
  const n = points.length;
  if (n < TREND_FROM) return null;
  const slopes = points
    .flatMap((one, index) =>
      points.slice(index + 1).map((other) => (other.y - one.y) / (other.x - one.x)),
    )
    .sort(ascending);
  const spread = Z * Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  const below = Math.floor((slopes.length - spread) / 2);
  const above = Math.ceil((slopes.length + spread) / 2) + 1;
  return {
    slope: median(slopes) as number,
    low: slopes[below - 1] ?? null,
    high: slopes[above - 1] ?? null,
  };
}

/** Months from one `YYYY-MM` to another; negative backwards. */
export function monthsBetween(from: string, to: string): number {
  const count = (month: string) => Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7));
  return count(to) - count(from);
}

function ascending(one: number, other: number): number {
  return one - other;
}
