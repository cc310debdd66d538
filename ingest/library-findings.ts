/**
 * The library held against what probes saw in a month. Only counts: intervals are drawn where figures
 * are. An address, a name, an entry or an agency that nobody observed is in no count. Pure, but that it
 * lets others go first now and then: a month has hundreds of thousands of rows.
 */
import { isIP } from 'node:net';
import { setImmediate as others } from 'node:timers/promises';
import type { QueryRow } from '../sql/questions.ts';
import { addressText, isPublicAddress, parseAddress } from './address-space.ts';
import { type Bounded, bounded } from './bounded.ts';
import { domainName } from './domain-name.ts';
import type { Library, PrefixEntry } from './library.ts';

/** n of N; `newest` is when the last row behind it came, null for none. */
export interface Share {
  readonly passed: number;
  readonly observed: number;
  readonly newest: string | null;
}

/** A public address no valid entry covered on a day it was seen: the first such day. */
export interface Uncovered {
  readonly address: string;
  readonly seenAs: 'source' | 'target';
  readonly day: string;
  readonly line: string;
  /** What was measured there; '' for a source. */
  readonly target: string;
}

/** A measured name that was not registered on a day: the first such day. */
export interface Unregistered {
  readonly name: string;
  readonly day: string;
  readonly line: string;
}

/** A line whose reports came from an entry that names another carrier or another area. */
export interface Contradiction {
  readonly entry: Pick<PrefixEntry, 'prefix' | 'holder' | 'carrier' | 'area' | 'validFrom'>;
  readonly seen: { readonly carrier: string; readonly place: string };
  readonly line: string;
  readonly address: string;
  readonly day: string;
}

/** A line of an agency seen from outside the prefixes approved for it. */
export interface OutsideEgress {
  readonly agency: string;
  readonly line: string;
  readonly address: string;
  readonly day: string;
  /** The most specific entry that covers the address; '' for none. */
  readonly prefix: string;
}

export interface LibraryFindings {
  readonly prefixCompleteness: Share;
  readonly domainCompleteness: Share;
  readonly accuracy: Share;
  readonly egress: Share;
  readonly uncovered: Bounded<Uncovered>;
  readonly unregistered: Bounded<Unregistered>;
  readonly contradictions: Bounded<Contradiction>;
  readonly outsideEgress: Bounded<OutsideEgress>;
}

type Source = QueryRow<'library_sources'>;
type Target = QueryRow<'library_targets'>;

/** So many rows take some ten milliseconds. */
const ROWS_AT_ONCE = 500;

/** @param limit how many of each list are kept */
export async function libraryFindings(
  library: Library,
  sources: readonly Source[],
  targets: readonly Target[],
  limit: number,
): Promise<LibraryFindings> {
  const addresses = new Tally();
  const names = new Tally();
  const entries = new Tally();
  const agencies = new Tally();
  const uncovered = new Map<string, Uncovered>();
  const unregistered = new Map<string, Unregistered>();
  const contradictions = bounded<Contradiction>(limit);
  const outsideEgress = bounded<OutsideEgress>(limit);

  const publicOf = once(publicAddress);
  const nameOf = once(nameOfTarget);

  for await (const { line, place, carrier, address: stored, days, newest } of unhurried(sources)) {
    const seen = publicOf(stored);
    if (seen === null) continue;
    const { address, text } = seen;
    const contradicted = new Set<PrefixEntry>();
    const outside = new Set<string>();
    for (const day of library.statesOf(days)) {
      const chain = library.chain(address, day);
      addresses.note(text, chain.length > 0, newest);
      if (chain.length === 0)
        earlier(uncovered, text, { address: text, seenAs: 'source', day, line, target: '' });
      for (const entry of mostSpecific(chain)) {
        const agrees =
          (entry.carrier === '' || entry.carrier === carrier) && place.startsWith(entry.area);
        entries.note(`${entry.prefix} ${entry.validFrom} ${entry.holder}`, agrees, newest);
        if (agrees || contradicted.has(entry)) continue;
        contradicted.add(entry);
        const { prefix, holder, area, validFrom } = entry;
        contradictions.add({
          entry: { prefix, holder, carrier: entry.carrier, area, validFrom },
          seen: { carrier, place },
          ...{ line, address: text, day },
        });
      }
      for (const agency of library.agenciesOn(line, day)) {
        const approved = chain.some(
          ({ purpose, holder }) => purpose === 'government' && holder === agency,
        );
        agencies.note(agency, approved, newest);
        if (approved || outside.has(agency)) continue;
        outside.add(agency);
        const prefix = chain[0]?.prefix ?? '';
        outsideEgress.add({ agency, line, address: text, day, prefix });
      }
    }
  }

  for await (const { target, address: stored, firstLine: line, days, newest } of unhurried(
    targets,
  )) {
    const seen = publicOf(stored);
    const name = nameOf(target);
    if (seen === null && name === null) continue;
    for (const day of library.statesOf(days)) {
      if (seen !== null) {
        const { address, text } = seen;
        const covered = library.chain(address, day).length > 0;
        addresses.note(text, covered, newest);
        if (!covered)
          earlier(uncovered, text, { address: text, seenAs: 'target', day, line, target });
      }
      if (name === null) continue;
      const registered = library.isRegistered(name, day);
      names.note(name, registered, newest);
      if (!registered) earlier(unregistered, name, { name, day, line });
    }
  }

  return {
    prefixCompleteness: addresses.share(),
    domainCompleteness: names.share(),
    accuracy: entries.share(),
    egress: agencies.share(),
    uncovered: listOf(uncovered, limit),
    unregistered: listOf(unregistered, limit),
    contradictions: contradictions.list(),
    outsideEgress: outsideEgress.list(),
  };
}

/** The name in a measurement's target (a URL, `name:port` or a name); null for an address. */
export function nameOfTarget(target: string): string | null {
  const host = /^https?:/i.test(target)
    ? URL.canParse(target)
      ? new URL(target).hostname
      : ''
    : target.replace(/:\d{1,5}$/, '');
  return isIP(host) === 0 ? domainName(host) : null;
}

interface PublicAddress {
  readonly address: bigint;
  readonly text: string;
}

function publicAddress(stored: string): PublicAddress | null {
  const address = parseAddress(stored);
  if (address === null || !isPublicAddress(address)) return null;
  return { address, text: addressText(address) };
}

/** Asks of each text once: an address is in the rows of many lines, and a target in those of many addresses. */
function once<Answer>(ask: (text: string) => Answer): (text: string) => Answer {
  const known = new Map<string, Answer>();
  return (text) => {
    if (!known.has(text)) known.set(text, ask(text));
    return known.get(text) as Answer;
  };
}

async function* unhurried<Row>(rows: readonly Row[]): AsyncGenerator<Row> {
  for (let from = 0; from < rows.length; from += ROWS_AT_ONCE) {
    yield* rows.slice(from, from + ROWS_AT_ONCE);
    await others();
  }
}

/** Several where one prefix has several holders. */
function mostSpecific(chain: readonly PrefixEntry[]): PrefixEntry[] {
  return chain.filter(({ prefix }) => prefix === chain[0]?.prefix);
}

/** Subjects that were observed, and those among them that failed once or oftener. */
class Tally {
  readonly #passed = new Map<string, boolean>();
  #newest: string | null = null;

  note(subject: string, passed: boolean, newest: string): void {
    this.#passed.set(subject, passed && (this.#passed.get(subject) ?? true));
    if (this.#newest === null || newest > this.#newest) this.#newest = newest;
  }

  share(): Share {
    const passed = [...this.#passed.values()].filter((each) => each).length;
    return { passed, observed: this.#passed.size, newest: this.#newest };
  }
}

function earlier<Found extends { readonly day: string }>(
  found: Map<string, Found>,
  subject: string,
  one: Found,
): void {
  const known = found.get(subject);
  if (!known || one.day < known.day) found.set(subject, one);
}

function listOf<Found>(found: ReadonlyMap<string, Found>, limit: number): Bounded<Found> {
  return { count: found.size, items: [...found.values()].slice(0, limit) };
}
