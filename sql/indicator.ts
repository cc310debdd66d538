/**
 * The list of indicators: every file in `indicators/` is one. The head of the file says what it is,
 * so that an indicator is one `.sql` and a target in a plan, and nothing else.
 *
 * What a file answers follows from its kind: of measured kinds one row per subject with enough evidence
 * in the month, of a `quotient` what carriers filed of areas, of a `standing` what they filed of places
 * (`measured`, `quotient` and `standing` in `questions.ts`). Areas are drawn from these rows, by subject,
 * never by measurement. Most indicators of lines leave the question itself to `line-indicator.ts`.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { type LineIndicator, lineQuestion } from './line-indicator.ts';
import { measured } from './questions.ts';

/** Quantiles over subjects, each of its own value. */
export const QUANTILES = { p10: 0.1, p20: 0.2, median: 0.5, p80: 0.8, p90: 0.9 } as const;

/**
 * - `ratio`: the share of subjects that pass;
 * - a quantile over subjects of the subject's value;
 * - `quotient`: a sum that carriers filed, over another or over a count of the register;
 * - `standing`: the share of the register's places that carriers declare and lines bear out.
 */
export const KINDS = [
  'ratio',
  ...(Object.keys(QUANTILES) as (keyof typeof QUANTILES)[]),
  'quotient',
  'standing',
] as const;
export type Kind = (typeof KINDS)[number];

/** What is counted. Lines belong to one carrier each; the others are looked at by all. */
export const SUBJECTS = ['line', 'service', 'village', 'hamlet', 'area'] as const;
export type Subject = (typeof SUBJECTS)[number];

/** Subjects of each kind. */
const SUBJECTS_OF: Readonly<Record<'measured' | 'quotient' | 'standing', readonly Subject[]>> = {
  measured: ['line', 'service', 'village'],
  quotient: ['area'],
  standing: ['village', 'hamlet'],
};

/** Units of a quotient, and what its sum over its base is multiplied by to be in them: a share, or so many of ten thousand. */
export const QUOTIENT_UNITS = { '1': 1, '‱': 10_000 } as const;
type QuotientUnit = keyof typeof QUOTIENT_UNITS;

/**
 * What a quotient is over: a count that carriers share, such as the residents of the area, or one that
 * each has of its own, such as its terminals.
 */
export type Base = 'shared' | 'own';

export interface Indicator {
  readonly name: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** `name/version` of the formula; raised by whatever alters a published figure. */
  readonly method: string;
  readonly kind: Kind;
  readonly subject: Subject;
  readonly unit: string;
  readonly source: string;
  /** Of a quotient; null for other kinds. */
  readonly base: Base | null;
  /** Of a standing, technologies of lines that bear on what is declared; empty for other kinds. */
  readonly technologies: readonly string[];
  /** Of an indicator of lines that says no more than which runs count for what; null for others. */
  readonly line: LineIndicator | null;
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

/** Throws for an unknown one: plans are checked before they come here. */
export function indicatorNamed(name: string): Indicator {
  const found = INDICATORS.get(name);
  if (!found) throw new Error(`indicator ${name} is missing`);
  return found;
}

/** Whether an indicator is drawn from measurements alone. */
export function isMeasured({ kind }: Pick<Indicator, 'kind'>): boolean {
  return kind !== 'quotient' && kind !== 'standing';
}

/** The quantile over subjects that a kind is; null for those that are none. */
export function quantileOf(kind: Kind): number | null {
  return QUANTILES[kind as keyof typeof QUANTILES] ?? null;
}

/** Reads the head of an indicator's file. Throws when a key is missing: a fault of the source, not of data. */
export function parseIndicator(name: string, sql: string): Indicator {
  const optional = (word: string): string | null =>
    new RegExp(`^-- ${word}: +(.+)$`, 'm').exec(sql)?.[1]?.trim() ?? null;
  const key = (word: string): string => {
    const value = optional(word);
    if (!value) throw new Error(`indicators/${name}.sql: the head lacks "-- ${word}:"`);
    return value;
  };
  const among = <Word extends string>(word: string, words: readonly Word[]): Word => {
    const value = key(word);
    const found = words.find((each) => each === value);
    if (!found)
      throw new Error(`indicators/${name}.sql: ${word} is ${words.join(' or ')}, not ${value}`);
    return found;
  };
  const kind = among('kind', KINDS);
  const group = kind === 'quotient' || kind === 'standing' ? kind : 'measured';
  const subject = among('subject', SUBJECTS_OF[group]);
  const line: LineIndicator | null =
    optional('from') === null
      ? null
      : {
          from: key('from'),
          runs: key('runs'),
          value: key('value'),
          over: optional('over'),
          passes: kind === 'ratio',
        };
  if (line && (subject !== 'line' || /^[^-\s]/m.test(sql)))
    throw new Error(`indicators/${name}.sql: a head with "-- from:" is of lines, and all there is`);
  return {
    name,
    title: { zh: key('title.zh'), en: key('title.en') },
    method: key('method'),
    kind,
    subject,
    unit:
      kind === 'quotient'
        ? among('unit', Object.keys(QUOTIENT_UNITS) as QuotientUnit[])
        : key('unit'),
    source: key('source'),
    base: kind === 'quotient' ? among<Base>('base', ['shared', 'own']) : null,
    technologies: kind === 'standing' ? key('technologies').split(/ +/) : [],
    line,
    sql: line ? questionOf(line) : sql,
  };
}

function questionOf(line: LineIndicator): string {
  const question = lineQuestion([line], (name) => `{${name}:${measured.params[name]}}`);
  return `SELECT subject, place, carrier, value, passed, runs, days, newest\nFROM (\n${question}\n)\nORDER BY subject`;
}
