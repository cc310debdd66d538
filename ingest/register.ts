/**
 * The register of places: the denominator of every figure. Loaded from the table `place` as of a
 * date; the built-in register of Jiangsu is imported into an empty store at first start.
 */

import { readFileSync } from 'node:fs';
import { Fault } from '../probes/fault.ts';
import type { Store } from '../sql/store.ts';

export const LEVELS = ['province', 'city', 'county', 'township', 'village', 'hamlet'] as const;
export type Level = (typeof LEVELS)[number];

export interface Place {
  readonly code: string;
  readonly name: string;
  readonly level: Level;
  readonly parent: string;
  readonly kind: string;
}

/** Length of a code at each level; a hamlet is its village's code, a hyphen and a local number. */
const CODE_LENGTH: Readonly<Record<Exclude<Level, 'hamlet'>, number>> = {
  province: 2,
  city: 4,
  county: 6,
  township: 9,
  village: 12,
};

/** The code of the ancestor of `code` at `level`, itself included; null where it has none. */
export function ancestorCode(code: string, level: Exclude<Level, 'hamlet'>): string | null {
  const length = CODE_LENGTH[level];
  return code.length >= length ? code.slice(0, length) : null;
}

/** A register as of one date. */
export class Register {
  readonly #byCode: ReadonlyMap<string, Place>;
  readonly #children: ReadonlyMap<string, readonly Place[]>;
  /** By area, then by kind. */
  readonly #villages: ReadonlyMap<string, ReadonlyMap<string, number>>;

  constructor(places: readonly Place[]) {
    const ordered = [...places].sort((a, b) => (a.code < b.code ? -1 : 1));
    this.#byCode = new Map(ordered.map((place) => [place.code, place]));
    const children = new Map<string, Place[]>();
    for (const place of ordered)
      children.set(place.parent, [...(children.get(place.parent) ?? []), place]);
    this.#children = children;
    const villages = new Map<string, Map<string, number>>();
    for (const { code, level, kind } of ordered)
      if (level === 'village')
        for (const length of Object.values(CODE_LENGTH)) {
          const area = code.slice(0, length);
          const kinds = villages.get(area) ?? new Map<string, number>();
          villages.set(area, kinds.set(kind, (kinds.get(kind) ?? 0) + 1));
        }
    this.#villages = villages;
  }

  get size(): number {
    return this.#byCode.size;
  }

  find(code: string): Place | undefined {
    return this.#byCode.get(code);
  }

  /** Every place of `level` at or below `within`, in the order of codes. */
  below(within: string, level: Level): Place[] {
    const place = this.find(within);
    if (!place) return [];
    if (place.level === level) return [place];
    return (this.#children.get(within) ?? []).flatMap((child) => this.below(child.code, level));
  }

  /**
   * Villages (行政村 and 社区) at or below an area: the denominator of places.
   *
   * @param kinds of villages that count; none given, all do
   */
  villagesBelow(code: string, kinds: readonly string[] = []): number {
    let villages = 0;
    for (const [kind, count] of this.#villages.get(code) ?? [])
      if (kinds.length === 0 || kinds.includes(kind)) villages += count;
    return villages;
  }

  /** Kinds of villages there are, in order. */
  get villageKinds(): string[] {
    return [...new Set([...this.#villages.values()].flatMap((kinds) => [...kinds.keys()]))].sort();
  }
}

/** The register of the store as of a day (`YYYY-MM-DD`). */
export async function loadRegister(store: Store, day: string): Promise<Register> {
  return new Register(await store.query('places_at', { day }));
}

const BUILT_IN = {
  file: new URL('./places/jiangsu-2023-06-30.csv', import.meta.url),
  source: 'jiangsu-2023-06-30',
  /** The 2023 edition stands in for the years before: the store has no older register. */
  validFrom: '2013-06-15',
};

/**
 * Imports the built-in register when the store has no places yet.
 *
 * @returns the number of places imported; 0 when there were some already
 */
export async function importBuiltInRegister(store: Store): Promise<number> {
  const [counted] = await store.query('place_count', {});
  if (counted && counted.places > 0) return 0;
  const places = parsePlaces(readFileSync(BUILT_IN.file, 'utf8'));
  await store.insert(
    'place',
    places.map((place) => ({ ...place, validFrom: BUILT_IN.validFrom, source: BUILT_IN.source })),
  );
  return places.length;
}

/**
 * Parses `code,name,level,parent,kind` with a header line.
 *
 * @throws Fault `register-malformed` with the line
 */
export function parsePlaces(csv: string): Place[] {
  const [header, ...lines] = csv
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/);
  if (header !== 'code,name,level,parent,kind') throw malformed(1, header ?? '');
  return lines.map((line, index) => {
    const [code = '', name = '', level = '', parent = '', kind = '', ...rest] = line.split(',');
    if (!/^\d{2,12}(-\d{3})?$/.test(code) || name === '' || !isLevel(level) || rest.length > 0)
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
