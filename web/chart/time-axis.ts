/** The time axis on Chinese clocks, whatever clock the browser is on. Pure. */
import { clockParts } from '../format.ts';

/** Half-open span of a month in Asia/Shanghai (UTC+8 all year since 1992), Unix seconds. */
export function monthSpan(month: string): [from: number, to: number] {
  const [year = 0, number = 1] = month.split('-').map(Number);
  const start = (y: number, m: number) => Date.UTC(y, m - 1, 1, -8) / 1000;
  return [start(year, number), start(year, number + 1)];
}

/** Hours a question must reach back from `now` (ms) to hold a whole month. */
export function hoursSince(from: number, now: number): number {
  return Math.max(1, Math.ceil((now / 1000 - from) / 3600));
}

/**
 * Labels of an axis: the time of day, and the date wherever it changes; dates alone when ticks lie
 * a day or more apart.
 *
 * @param ticks Unix seconds, ascending
 * @param stepSeconds between ticks
 */
export function tickLabels(ticks: readonly number[], stepSeconds: number): string[] {
  let previous = '';
  return ticks.map((tick) => {
    const { month, day, hour, minute } = clockParts(new Date(tick * 1000));
    const date = `${month}-${day}`;
    const label =
      stepSeconds >= 86_400
        ? date
        : date === previous
          ? `${hour}:${minute}`
          : `${hour}:${minute}\n${date}`;
    previous = date;
    return label;
  });
}
