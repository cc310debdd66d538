/**
 * The calendar of the plan: months and days are Asia/Shanghai, half-open, whatever the machine's
 * own zone. China has kept UTC+8 without daylight saving since 1992, so the offset is a constant.
 */

import { Fault } from '../probes/fault.ts';

const OFFSET_MS = 8 * 3_600_000;
const MONTH = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** Start and end of a span, as instants; the end is not part of it. */
export interface Span {
  readonly start: Date;
  readonly end: Date;
}

export function isMonth(text: string): boolean {
  return MONTH.test(text);
}

/** @throws Fault `month-malformed` for anything but a month */
export function requireMonth(text: string): string {
  if (isMonth(text)) return text;
  throw new Fault(
    'month-malformed',
    `“${text}” 不是月份:请写成 YYYY-MM`,
    `"${text}" is not a month: write YYYY-MM`,
  );
}

/** `YYYY-MM-DD` in Asia/Shanghai. */
export function dayOf(instant: Date): string {
  return new Date(instant.getTime() + OFFSET_MS).toISOString().slice(0, 10);
}

/** `YYYY-MM` in Asia/Shanghai. */
export function monthOf(instant: Date): string {
  return dayOf(instant).slice(0, 7);
}

/** The instants a month spans: `[1st 00:00+08:00, next 1st 00:00+08:00)`. Throws RangeError on anything but `YYYY-MM`. */
export function monthSpan(month: string): Span {
  const parts = MONTH.exec(month);
  if (!parts) throw new RangeError(`not a month: ${month}`);
  const [year, index] = [Number(parts[1]), Number(parts[2]) - 1];
  return {
    start: new Date(Date.UTC(year, index, 1) - OFFSET_MS),
    end: new Date(Date.UTC(year, index + 1, 1) - OFFSET_MS),
  };
}

export function nextMonth(month: string): string {
  return monthOf(monthSpan(month).end);
}

/** First and last day of a month, both inclusive, as `YYYY-MM-DD`. */
export function monthDays(month: string): { first: string; last: string } {
  const { start, end } = monthSpan(month);
  return { first: dayOf(start), last: dayOf(new Date(end.getTime() - 1)) };
}
