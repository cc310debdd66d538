/**
 * Figures and times as they are read. Pure.
 * Ratios are never clipped, and rounding never carries a value across its goal.
 */

import type { Goal } from '../api/contract/target.ts';

/** What a value is printed as: numbers in one unit, so that a column or an axis can share it. */
export interface Scale {
  readonly factor: number;
  readonly unit: string;
}

const DECIMAL_STEPS: readonly [atLeast: number, prefix: string][] = [
  [1e9, 'G'],
  [1e6, 'M'],
  [1e3, 'k'],
  [0, ''],
];

/** `1` is a share of a figure, and of a value when its name says so; else it is a bare count. */
function isRatio(unit: string, name: string): boolean {
  return unit === '1' && /ratio$|^(quotient|standing|median|p\d\d)$/i.test(name);
}

/**
 * The scale on which `largest` reads well: bit/s and B by thousands, ms up to s, ratios as %.
 *
 * @param name of the value, or the kind of a figure: without a unit that is a share
 */
export function scaleFor(unit: string, name: string, largest: number): Scale {
  if (isRatio(unit, name)) return { factor: 100, unit: '%' };
  if (unit === '1') return { factor: 1, unit: '' };
  if (unit === 'ms' && Math.abs(largest) >= 10_000) return { factor: 1e-3, unit: 's' };
  if (unit === 'bit/s' || unit === 'B' || unit === 'B/s') {
    const [step, prefix] = DECIMAL_STEPS.find(([atLeast]) => Math.abs(largest) >= atLeast) ?? [
      0,
      '',
    ];
    return { factor: 1 / (step || 1), unit: `${prefix}${unit}` };
  }
  return { factor: 1, unit };
}

/** At most three significant digits below 1,000, whole numbers above; `−` for minus. */
export function number(value: number): string {
  const magnitude = Math.abs(value);
  const decimals = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3;
  return plain(value, decimals);
}

function plain(value: number, decimals: number, atLeast = 0): string {
  return new Intl.NumberFormat('en-US', {
    maximumFractionDigits: decimals,
    minimumFractionDigits: atLeast,
  })
    .format(value)
    .replace('-', '−');
}

/** `95.0`, so that a column of shares lines up; but `100` and `0`, which are exact. */
function fixed(value: number, decimals: number): string {
  return plain(value, decimals, value === 0 || value === 100 ? 0 : decimals);
}

/** Number with its unit: `95.2%`, `23.4 Mbit/s`, `0 ms`. */
export function quantity(value: number, unit: string, name = ''): string {
  const scale = scaleFor(unit, name, value);
  return withUnit(number(value * scale.factor), scale.unit);
}

/**
 * A figure beside its goal. 0.9496 against 0.95 reads 94.96%, not 95%: decimals are added until
 * the print stands on the same side of the goal as the figure.
 */
export function figure(
  value: number,
  unit: string,
  name: string,
  goal: number,
  bound: Goal['bound'] = 'atLeast',
): string {
  const reaches = (figure: number, edge: number) =>
    bound === 'atLeast' ? figure >= edge : figure <= edge;
  const scale = scaleFor(unit, name, Math.max(value, goal));
  for (let decimals = fine(value * scale.factor); decimals <= 6; decimals++) {
    const rounded = Number((value * scale.factor).toFixed(decimals));
    const edge = Number((goal * scale.factor).toFixed(9));
    if (reaches(rounded, edge) === reaches(value, goal))
      return withUnit(fixed(rounded, decimals), scale.unit);
  }
  return withUnit(String(value * scale.factor), scale.unit);
}

/** Both ends with one unit: `86.5–98.9%`. */
export function interval(low: number, high: number, unit: string, name: string): string {
  const scale = scaleFor(unit, name, high);
  let decimals = fine(high * scale.factor);
  // A share just short of the whole is not the whole, nor is a small one none.
  const feigned = (value: number) => {
    const rounded = Number((value * 100).toFixed(decimals)) / 100;
    return scale.unit === '%' && rounded !== value && (rounded === 0 || rounded === 1);
  };
  while (decimals < 6 && (feigned(low) || feigned(high))) decimals++;
  const print = (value: number) =>
    fixed(Number((value * scale.factor).toFixed(decimals)), decimals);
  return withUnit(`${print(low)}${low < 0 ? ' … ' : '–'}${print(high)}`, scale.unit);
}

/** Decimals that leave something of a value: losses are often below 1 %. */
function fine(value: number): number {
  return value !== 0 && Math.abs(value) < 1 ? 2 : 1;
}

export function withUnit(text: string, unit: string): string {
  return unit === '' ? text : unit === '%' ? `${text}%` : `${text} ${unit}`;
}

export function count(value: number): string {
  return plain(value, 0);
}

const ZONE = 'Asia/Shanghai';
const parts = new Intl.DateTimeFormat('en-GB', {
  timeZone: ZONE,
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
});

/** Fields of an instant on Chinese clocks, two digits each, the year four. */
export function clockParts(
  instant: Date,
): Record<'year' | 'month' | 'day' | 'hour' | 'minute' | 'second', string> {
  return Object.fromEntries(
    parts.formatToParts(instant).map(({ type, value }) => [type, value]),
  ) as ReturnType<typeof clockParts>;
}

/** `2026-11-24 18:03`, Asia/Shanghai. */
export function dateTime(instant: string | number): string {
  const { year, month, day, hour, minute } = clockParts(new Date(instant));
  return `${year}-${month}-${day} ${hour}:${minute}`;
}

/** `18:03:07`, Asia/Shanghai. */
export function timeOfDay(instant: string | number): string {
  const { hour, minute, second } = clockParts(new Date(instant));
  return `${hour}:${minute}:${second}`;
}

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** `2026 年 11 月` or `November 2026`. */
export function monthName(month: string, language: 'zh' | 'en'): string {
  const [year = '', number = ''] = month.split('-');
  return language === 'zh'
    ? `${year} 年 ${Number(number)} 月`
    : `${MONTHS[Number(number) - 1] ?? number} ${year}`;
}
