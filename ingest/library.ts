/**
 * The library of addresses and domains: what carriers, agencies and enterprises hold, as of a day.
 * Entries are dated and never overwritten: a version ends where it says, or the day before the next
 * version of the same prefix and holder, or of the same name, begins.
 */
import type { QueryRow } from '../sql/questions.ts';
import type { Store } from '../sql/store.ts';
import { covers, isPrefix, type Prefix, parsePrefix } from './address-space.ts';
import { dayAfter, dayBefore } from './days.ts';
import { type Bounded, type Gap, type Overlap, PrefixTree } from './prefix-tree.ts';

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
    const [first = '', last = ''] = [days[0], days.at(-1)];
    const turns = this.#turns.filter((turn) => first < turn && turn <= last);
    return days.filter((day, at) => {
      const before = days[at - 1];
      return before === undefined || turns.some((turn) => before < turn && turn <= day);
    });
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

  /** The service registered on a day under a name, its own or that of its home page. */
  serviceNamed(name: string, day: string): ServiceRow | null {
    return this.#byName.get(name)?.find((service) => isValid(service, day)) ?? null;
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
    return this.#tree.overlaps(span, differ, isDeclared, limit);
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

/** Of an address of the web, lower case; '' for none. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : '';
}

export function portOf(url: string): number {
  const { port, protocol } = new URL(url);
  return port === '' ? (protocol === 'https:' ? 443 : 80) : Number(port);
}

/** Another holder, or another carrier where both name one. */
function differ(one: PrefixEntry, other: PrefixEntry): boolean {
  return (
    one.holder !== other.holder ||
    (one.carrier !== '' && other.carrier !== '' && one.carrier !== other.carrier)
  );
}

/** Part of the wider entry itself, or of one within it, which then answers for it. */
function isDeclared({ partOf }: PrefixEntry, wider: PrefixEntry): boolean {
  const declared: Prefix | object = parsePrefix(partOf);
  return 'bits' in declared && covers(wider.space, declared as Prefix);
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
