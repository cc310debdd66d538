/** The library as figures of a month: counts of `ingest/`, with their intervals, methods and times. */
import { prefixText } from '../ingest/address-space.ts';
import type { Library, PrefixEntry, ServiceRow } from '../ingest/library.ts';
import { hostOf, loadLibrary, PREFIX_IMPORT, portOf, SERVICE_IMPORT } from '../ingest/library.ts';
import { libraryFindings, type Share } from '../ingest/library-findings.ts';
import { dayOf, monthDays, monthSpan } from '../ingest/month.ts';
import { retiredDays } from '../sql/retention.ts';
import type { Store } from '../sql/store.ts';
import type {
  LibraryPrefix,
  LibraryReport,
  LibraryService,
  LibraryShare,
} from './contract/library.ts';
import { wilson } from './interval.ts';

/** Reads the library once and again only after something was imported. */
export class LibraryReader {
  readonly #store: Store;
  #newest: string | null = null;
  #library: Promise<Library> | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  async library(): Promise<Library> {
    const [[prefixes], [services]] = await Promise.all([
      this.#store.query('imports', { kind: PREFIX_IMPORT, limit: 1 }),
      this.#store.query('imports', { kind: SERVICE_IMPORT, limit: 1 }),
    ]);
    const newest = `${prefixes?.import} ${services?.import}`;
    if (this.#library === null || this.#newest !== newest) {
      const loading = loadLibrary(this.#store);
      this.#newest = newest;
      this.#library = loading;
      loading.catch(() => {
        if (this.#library === loading) this.#library = null;
      });
    }
    return this.#library;
  }
}

/**
 * What a month's observations say of the library, and what it says of itself: overlaps of the month,
 * gaps of its last day, or of today while it runs.
 *
 * @param limit how many of each list
 */
export async function libraryReport(
  store: Store,
  library: Library,
  month: string,
  now: Date,
  limit: number,
): Promise<LibraryReport> {
  const { start, end } = monthSpan(month);
  const span = { start: start.toISOString(), end: end.toISOString() };
  const [sources, targets, retired] = await Promise.all([
    store.query('library_sources', span),
    store.query('library_targets', span),
    retiredDays(store),
  ]);
  const found = libraryFindings(library, sources, targets, limit);
  const { first, last } = monthDays(month);
  const overlaps = library.overlaps({ first, last }, limit);
  const [gapsOn = last] = [dayOf(now), last].sort();
  const gaps = library.gaps(gapsOn, limit);
  return {
    month,
    whole: ![...retired].some((day) => first <= day && day <= last),
    figures: {
      prefixCompleteness: figure('library-completeness/1', found.prefixCompleteness),
      domainCompleteness: figure('library-domain-completeness/1', found.domainCompleteness),
      accuracy: figure('library-accuracy/1', found.accuracy),
      egress: figure('government-egress/1', found.egress),
    },
    uncovered: found.uncovered,
    unregistered: found.unregistered,
    contradictions: pageOf(found.contradictions),
    outsideEgress: pageOf(found.outsideEgress),
    overlaps: {
      count: overlaps.count,
      items: overlaps.items.map(({ kind, wider, narrower }) => ({
        kind,
        wider: prefixOf(wider),
        narrower: prefixOf(narrower),
      })),
    },
    gapsOn,
    gaps: {
      count: gaps.count,
      items: gaps.items.map(({ within, space }) => ({
        within: prefixOf(within),
        prefix: prefixText(space),
      })),
    },
  };
}

export function prefixOf({ space, ...entry }: PrefixEntry): LibraryPrefix {
  return { ...entry, family: space.family };
}

/** A service as a schedule takes it: what to call, and at which port. */
export function serviceOf(service: ServiceRow): LibraryService {
  return { ...service, host: hostOf(service.url), port: portOf(service.url) };
}

function figure(method: string, { passed, observed, newest }: Share): LibraryShare {
  return {
    method,
    value: observed === 0 ? null : passed / observed,
    passed,
    observed,
    interval: wilson(passed, observed),
    asOf: newest,
  };
}

function pageOf<Item>({ count, items }: { count: number; items: readonly Item[] }) {
  return { count, items };
}
