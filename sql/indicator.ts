/**
 * The list of indicators: every file in `indicators/` is one. The head of the file says what it is,
 * so that an indicator is one `.sql` and a line in a plan, and nothing else.
 *
 * Each answers one row per line with enough evidence in the span: `line, place, carrier, value,
 * passed, runs, days, newest`. Areas are drawn from these rows, by line, never by measurement.
 */
import { readdirSync, readFileSync } from 'node:fs';

export interface Indicator {
  readonly name: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** `name/version` of the formula; raised by whatever alters a published figure. */
  readonly method: string;
  /** A share of lines that pass, or the median over lines of the line's value. */
  readonly kind: 'ratio' | 'median';
  readonly unit: string;
  readonly source: string;
  /** The question itself. */
  readonly sql: string;
}

const FOLDER = new URL('./indicators/', import.meta.url);

export const INDICATORS: ReadonlyMap<string, Indicator> = new Map(
  readdirSync(FOLDER)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const name = file.slice(0, -'.sql'.length);
      return [name, parseIndicator(name, readFileSync(new URL(file, FOLDER), 'utf8'))];
    }),
);

/** Reads the head of an indicator's file. Throws when a key is missing: a fault of the source, not of data. */
export function parseIndicator(name: string, sql: string): Indicator {
  const key = (word: string): string => {
    const value = new RegExp(`^-- ${word}: +(.+)$`, 'm').exec(sql)?.[1];
    if (!value) throw new Error(`indicators/${name}.sql: the head lacks "-- ${word}:"`);
    return value.trim();
  };
  const kind = key('kind');
  if (kind !== 'ratio' && kind !== 'median')
    throw new Error(`indicators/${name}.sql: kind is ratio or median, not ${kind}`);
  return {
    name,
    title: { zh: key('title.zh'), en: key('title.en') },
    method: key('method'),
    kind,
    unit: key('unit'),
    source: key('source'),
    sql,
  };
}
