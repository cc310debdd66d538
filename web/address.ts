/**
 * What the reader looks at, as a query string: every view can be sent to a colleague. Pure.
 * An absent parameter means the default, so addresses stay short.
 */
import type { Level } from '../api/contract/place.ts';

export type Language = 'zh' | 'en';
export type Tab = 'places' | 'lines' | 'measurements' | 'filings';
export type Range = '1h' | '6h' | '24h' | '7d' | 'month';

export interface View {
  language: Language | null;
  /** `YYYY-MM`; null: the running month. */
  month: string | null;
  /** null: all carriers. */
  carrier: string | null;
  target: string | null;
  /** Code of the place looked at; null: the plan's whole area. */
  area: string | null;
  level: Level | null;
  tab: Tab | null;
  /** `METRIC/VALUE` of the chart. */
  value: string | null;
  range: Range | null;
  /** Line of the chart; null: the area. */
  line: string | null;
}

/** Parameters in the order they are written, with what each accepts. */
const PARAMETERS: readonly [key: keyof View, name: string, pattern: RegExp][] = [
  ['month', 'month', /^\d{4}-(0[1-9]|1[0-2])$/],
  ['carrier', 'carrier', /^[a-z0-9-]{1,63}$/],
  ['target', 'target', /^[a-z0-9-]{1,63}$/],
  ['area', 'area', /^\d{2,12}$/],
  ['level', 'level', /^(city|county|township|village)$/],
  ['tab', 'tab', /^(places|lines|measurements|filings)$/],
  ['value', 'value', /^[a-z0-9-]{1,63}\/[A-Za-z0-9]{1,48}$/],
  ['range', 'range', /^(1h|6h|24h|7d|month)$/],
  ['line', 'line', /^[\w.:-]{1,80}$/],
  ['language', 'lang', /^(zh|en)$/],
];

/** Unknown or malformed parameters are ignored: an old link still opens. */
export function readView(search: string): View {
  const query = new URLSearchParams(search);
  const entries = PARAMETERS.map(([key, name, pattern]) => {
    const text = query.get(name);
    return [key, text !== null && pattern.test(text) ? text : null];
  });
  return Object.fromEntries(entries) as View;
}

/** `''`, or a query string that begins with `?`. */
export function writeView(view: View): string {
  const query = new URLSearchParams();
  for (const [key, name] of PARAMETERS) {
    const value = view[key];
    if (value !== null) query.set(name, value);
  }
  const text = query.toString().replaceAll('%2F', '/');
  return text && `?${text}`;
}

/** Path and query of an API question; parameters that are null are left out. */
export function question(path: string, parameters: Record<string, string | number | null>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters))
    if (value !== null) query.set(name, String(value));
  const text = query.toString();
  return text ? `${path}?${text}` : path;
}
