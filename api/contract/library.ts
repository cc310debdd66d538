/** The library of addresses and names. */
import type { Interval } from './figure.ts';

/** An entry of the address library; `validTo` is the day it really ends, the last one for no end. */
export interface LibraryPrefix {
  prefix: string;
  family: 4 | 6;
  holder: string;
  /** '' where none is named. */
  carrier: string;
  area: string;
  purpose: string;
  /** The wider prefix it is declared a part of; '' for none. */
  partOf: string;
  validFrom: string;
  validTo: string;
  source: string;
  import: string;
}

/** A registered name and its home page, as a schedule takes them. */
export interface LibraryService {
  /** As DNS has it, and as it was written. */
  name: string;
  original: string;
  holder: string;
  kind: string;
  level: string;
  area: string;
  url: string;
  host: string;
  port: number;
  /** IP versions it should be reached over. */
  families: readonly number[];
  /** Lines its holder uses, by which an agency's egress is known. */
  lines: readonly string[];
  validFrom: string;
  validTo: string;
  source: string;
  import: string;
}

export interface LibraryPage<Item> {
  on: string;
  items: Item[];
  /** For `cursor`; null on the last page. */
  next: string | null;
}

/** Entries that cover an address on a day, the most specific first. */
export interface LibraryLookup {
  address: string;
  on: string;
  chain: LibraryPrefix[];
}

/** A figure about the library: `passed` of `observed`. */
export interface LibraryShare {
  method: string;
  /** null: nothing was observed, or the month is not whole. Never 0 for silence. */
  value: number | null;
  /** null: the month is not whole. */
  passed: number | null;
  observed: number | null;
  interval: Interval | null;
  /** When the newest measurement behind it came; null without any. */
  asOf: string | null;
}

/** All are counted, the first are listed. */
export interface LibraryList<Item> {
  count: number;
  items: readonly Item[];
}

export interface LibraryReport {
  month: string;
  /**
   * false: raw rows of some day are past their retention. No figure is drawn from what is left, and
   * only overlaps and gaps are listed.
   */
  whole: boolean;
  figures: {
    prefixCompleteness: LibraryShare;
    domainCompleteness: LibraryShare;
    accuracy: LibraryShare;
    egress: LibraryShare;
  };
  uncovered: LibraryList<{
    address: string;
    seenAs: 'source' | 'target';
    day: string;
    line: string;
    target: string;
  }>;
  unregistered: LibraryList<{ name: string; day: string; line: string }>;
  contradictions: LibraryList<{
    entry: { prefix: string; holder: string; carrier: string; area: string; validFrom: string };
    seen: { carrier: string; place: string };
    line: string;
    address: string;
    day: string;
  }>;
  outsideEgress: LibraryList<{
    agency: string;
    line: string;
    address: string;
    day: string;
    prefix: string;
  }>;
  overlaps: LibraryList<{
    kind: 'same-prefix' | 'undeclared';
    wider: LibraryPrefix;
    narrower: LibraryPrefix;
  }>;
  /** The day the gaps are of. */
  gapsOn: string;
  gaps: LibraryList<{ within: LibraryPrefix; prefix: string }>;
}
