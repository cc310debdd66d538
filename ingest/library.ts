/**
 * The library of addresses and domains: what carriers, agencies and enterprises hold, as of a day.
 * Entries are dated and never overwritten: a version ends where it says, or the day before the next
 * version of the same prefix and holder, or of the same name, begins.
 */
import type { QueryRow } from '../sql/questions.ts';
import type { Store } from '../sql/store.ts';
import { covers, isPrefix, type Prefix, parsePrefix } from './address-space.ts';
import type { Bounded } from './bounded.ts';
import { dayAfter, dayBefore } from './days.ts';
import { hostOf } from './domain-name.ts';
import { type Gap, type Overlap, PrefixTree } from './prefix-tree.ts';

export const PURPOSES = [
  'access',
  'mobile',
  'backbone',
  'idc',
  'government',
  'education',
  'enterprise',
  'reserved',
  'other',
] as const;

export const SERVICE_KINDS = [
  'agency',
  'carrier',
  'school',
  'hospital',
  'media',
  'enterprise',
  'platform',
  'other',
] as const;

/** The five levels of the administration, 省市县乡村. */
export const SERVICE_LEVELS = ['province', 'city', 'county', 'township', 'village'] as const;

export const PREFIX_IMPORT = 'library-prefixes';
export const SERVICE_IMPORT = 'library-services';

export type PrefixRow = QueryRow<'library_prefixes'>;
export type ServiceRow = QueryRow<'library_services'>;

/** A row with its prefix as numbers and the day it really ends. */
export interface PrefixEntry extends PrefixRow {
  readonly space: Prefix;
}

export class Library {
  readonly prefixes: readonly PrefixEntry[];
  /** By name, then by first day; ending where they really end. */
  readonly services: readonly ServiceRow[];
  readonly #tree: PrefixTree<PrefixEntry>;
  readonly #byPrefix = new Map<string, PrefixEntry[]>();
  readonly #byName = new Map<string, ServiceRow[]>();
  /** Services of agencies, by the lines they name. */
  readonly #byLine = new Map<string, ServiceRow[]>();
  /** Days on which an entry begins or has just ended, in order. */
  readonly #turns: readonly string[];

  constructor(prefixes: readonly PrefixRow[], services: readonly ServiceRow[]) {
    this.prefixes = ended(prefixes, ({ prefix, holder }) => `${prefix} ${holder}`).flatMap(
      (row) => {
        const space = parsePrefix(row.prefix);
        return isPrefix(space) ? [{ ...row, space }] : [];
      },
    );
    this.services = ended(services, ({ name }) => name);
    this.#tree = new PrefixTree(this.prefixes);
    for (const entry of this.prefixes) put(this.#byPrefix, entry.prefix, entry);
    for (const service of this.services) {
      for (const name of new Set([service.name, hostOf(service.url)]))
        put(this.#byName, name, service);
      if (service.kind === 'agency')
        for (const line of service.lines) put(this.#byLine, line, service);
    }
    const turns = new Set<string>();
    for (const { validFrom, validTo } of [...this.prefixes, ...this.services])
      turns.add(validFrom).add(dayAfter(validTo));
    this.#turns = [...turns].sort();
  }

  /** Of days in order, those on which the library says something else than on the one before. */
  statesOf(days: readonly string[]): string[] {
    let turn = days[0] === undefined ? 0 : this.#turnAfter(days[0]);
    return days.filter((day, at) => {
      let turned = at === 0;
      for (; (this.#turns[turn] ?? '~') <= day; turn++) turned = true;
      return turned;
    });
  }

  /** Where the first turn after a day stands. */
  #turnAfter(day: string): number {
    let [from, to] = [0, this.#turns.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      if ((this.#turns[middle] as string) <= day) from = middle + 1;
      else to = middle;
    }
    return from;
  }

  /** Agencies whose services name a line as their own on a day. */
  agenciesOn(line: string, day: string): string[] {
    const services = (this.#byLine.get(line) ?? []).filter((service) => isValid(service, day));
    return [...new Set(services.map(({ holder }) => holder))];
  }

  /** Entries that cover an address on a day, the most specific first. */
  chain(address: bigint, day: string): PrefixEntry[] {
    return this.#tree.chain(address, day);
  }

  /** Whether a service is registered on a day under a name, its own or that of its home page. */
  isRegistered(name: string, day: string): boolean {
    return (this.#byName.get(name) ?? []).some((service) => isValid(service, day));
  }

  prefixesOn(day: string): PrefixEntry[] {
    return this.prefixes.filter((entry) => isValid(entry, day));
  }

  servicesOn(day: string, { kind = '', area = '' } = {}): ServiceRow[] {
    return this.services.filter(
      (service) =>
        isValid(service, day) &&
        (kind === '' || service.kind === kind) &&
        service.area.startsWith(area),
    );
  }

  overlaps(
    span: { readonly first: string; readonly last: string },
    limit: number,
  ): Bounded<Overlap<PrefixEntry>> {
    return this.#tree.overlaps(
      span,
      differ,
      (narrower, wider) => this.#isDeclared(narrower, wider),
      limit,
    );
  }

  /**
   * Part of the wider entry itself, or of one within it, which then answers for it: of one there is, on
   * days these two have in common.
   */
  #isDeclared(narrower: PrefixEntry, wider: PrefixEntry): boolean {
    const from = [narrower.validFrom, wider.validFrom].sort()[1] as string;
    const to = [narrower.validTo, wider.validTo].sort()[0] as string;
    return (this.#byPrefix.get(narrower.partOf) ?? []).some(
      ({ space, validFrom, validTo }) =>
        covers(wider.space, space) && validFrom <= to && from <= validTo,
    );
  }

  gaps(day: string, limit: number): Bounded<Gap<PrefixEntry>> {
    return this.#tree.gaps(day, limit);
  }
}

export async function loadLibrary(store: Store): Promise<Library> {
  const [prefixes, services] = await Promise.all([
    store.query('library_prefixes', {}),
    store.query('library_services', {}),
  ]);
  return new Library(prefixes, services);
}

/** Another holder, or another carrier where both name one. */
function differ(one: PrefixEntry, other: PrefixEntry): boolean {
  return (
    one.holder !== other.holder ||
    (one.carrier !== '' && other.carrier !== '' && one.carrier !== other.carrier)
  );
}

function isValid({ validFrom, validTo }: { validFrom: string; validTo: string }, day: string) {
  return validFrom <= day && day <= validTo;
}

/** Rows in the order of subject and first day; each ends the day before the next of its subject begins. */
function ended<Row extends { readonly validFrom: string; readonly validTo: string }>(
  rows: readonly Row[],
  subject: (row: Row) => string,
): Row[] {
  return rows.map((row, at) => {
    const next = rows[at + 1];
    if (!next || subject(next) !== subject(row) || next.validFrom > row.validTo) return row;
    return { ...row, validTo: dayBefore(next.validFrom) };
  });
}

function put<Value>(map: Map<string, Value[]>, key: string, value: Value): void {
  const found = map.get(key);
  if (found) found.push(value);
  else map.set(key, [value]);
}
