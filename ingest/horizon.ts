/**
 * How far back measurements are taken. Of a day that retention has trimmed a late row would stand
 * alone and be counted alone, so it is refused, some days before the day is trimmed: a row that was
 * just admitted may still be on its way to the store.
 */
import type { Retention } from '../sql/retention.ts';
import { dayNumber, instantOf } from './row-layout.ts';

/** Between what is refused and what is trimmed; a batch is on its way for minutes. */
const MARGIN_DAYS = 2;

/**
 * The earliest start that is taken, ms: the first instant of a day in Asia/Shanghai. Pure.
 *
 * @param newestRetired the latest day trimmed already, `YYYY-MM-DD`: where a plan now keeps rows
 *   longer than it did, what is trimmed stays trimmed
 */
export function horizonOf(
  { successDays }: Pick<Retention, 'successDays'>,
  newestRetired: string | null,
  now: Date,
): number {
  const byAge = dayNumber(now.getTime()) - (successDays - MARGIN_DAYS);
  const byNotes = newestRetired
    ? dayNumber(Date.parse(`${newestRetired}T00:00:00+08:00`)) + 1
    : byAge;
  return instantOf(Math.max(byAge, byNotes)).getTime();
}
