/** The library as figures of a month: counts of `ingest/`, with their intervals, methods and times. */
import { prefixText } from '../ingest/address-space.ts';
import { type Bounded, firstOf } from '../ingest/bounded.ts';
import { hostOf, portOf } from '../ingest/domain-name.ts';
import type { Library, PrefixEntry, ServiceRow } from '../ingest/library.ts';
import { loadLibrary, PREFIX_IMPORT, SERVICE_IMPORT } from '../ingest/library.ts';
import { type LibraryFindings, libraryFindings, type Share } from '../ingest/library-findings.ts';
import { dayOf, monthDays, monthSpan } from '../ingest/month.ts';
import type {
  LibraryPrefix,
  LibraryReport,
  LibraryService,
  LibraryShare,
} from './contract/library.ts';
import type { EvidenceReader } from './evidence.ts';
import { wilson } from './interval.ts';

/** How many of each list of findings can be asked for. */
export const FINDINGS_AT_MOST = 1_000;

interface Loaded {
  /** The imports it is as of. */
  readonly newest: string;
  readonly library: Promise<Library>;
}

/** Reads the library once and again only after something was imported. */
export class LibraryReader {
  readonly #reader: EvidenceReader;
  #loaded: Loaded | null = null;

  constructor(reader: EvidenceReader) {
    this.#reader = reader;
  }

  async library(): Promise<Library> {
    return (await this.#current()).library;
  }

  /** {@link libraryReport}, at most some seconds old, however many of each list readers ask for. */
  async report(month: string, limit: number): Promise<LibraryReport> {
    const { newest, library } = await this.#current();
    const report = await this.#reader.recent(`library report ${month} ${newest}`, async () =>
      libraryReport(this.#reader, await library, month, FINDINGS_AT_MOST),
    );
    return {
      ...report,
      uncovered: firstOf(report.uncovered, limit),
      unregistered: firstOf(report.unregistered, limit),
      contradictions: firstOf(report.contradictions, limit),
      outsideEgress: firstOf(report.outsideEgress, limit),
      overlaps: firstOf(report.overlaps, limit),
      gaps: firstOf(report.gaps, limit),
    };
  }

  async #current(): Promise<Loaded> {
    const [[prefixes], [services]] = await Promise.all([
      this.#reader.ask('imports', { kind: PREFIX_IMPORT, limit: 1 }),
      this.#reader.ask('imports', { kind: SERVICE_IMPORT, limit: 1 }),
    ]);
    const newest = `${prefixes?.import} ${services?.import}`;
    if (this.#loaded?.newest === newest) return this.#loaded;
    const loaded = { newest, library: loadLibrary(this.#reader.store) };
    this.#loaded = loaded;
    loaded.library.catch(() => {
      if (this.#loaded === loaded) this.#loaded = null;
    });
    return loaded;
  }
}

/**
 * What a month's observations say of the library, and what it says of itself: overlaps of the month,
 * gaps of its last day, or of today while it runs. Of a month that retention has begun to trim the
 * observations say nothing: what is left of them are failures.
 *
 * @param limit how many of each list
 */
export async function libraryReport(
  reader: EvidenceReader,
  library: Library,
  month: string,
  limit: number,
): Promise<LibraryReport> {
  const { first, last } = monthDays(month);
  const whole = !(await reader.retiredBetween(first, last));
  const found = whole ? await findingsOf(reader, library, month, limit) : null;
  const overlaps = library.overlaps({ first, last }, limit);
  const [gapsOn = last] = [dayOf(reader.now()), last].sort();
  const gaps = library.gaps(gapsOn, limit);
  return {
    month,
    whole,
    figures: {
      prefixCompleteness: figure('library-completeness/1', found?.prefixCompleteness),
      domainCompleteness: figure('library-domain-completeness/1', found?.domainCompleteness),
      accuracy: figure('library-accuracy/1', found?.accuracy),
      egress: figure('government-egress/1', found?.egress),
    },
    uncovered: found?.uncovered ?? NONE,
    unregistered: found?.unregistered ?? NONE,
    contradictions: found?.contradictions ?? NONE,
    outsideEgress: found?.outsideEgress ?? NONE,
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

const NONE: Bounded<never> = { count: 0, items: [] };

async function findingsOf(
  reader: EvidenceReader,
  library: Library,
  month: string,
  limit: number,
): Promise<LibraryFindings> {
  const { start, end } = monthSpan(month);
  const span = { start: start.toISOString(), end: end.toISOString() };
  const [sources, targets] = await Promise.all([
    reader.ask('library_sources', span),
    reader.ask('library_targets', span),
  ]);
  return libraryFindings(library, sources, targets, limit);
}

export function prefixOf({ space, ...entry }: PrefixEntry): LibraryPrefix {
  return { ...entry, family: space.family };
}

/** A service as a schedule takes it: what to call, and at which port. */
export function serviceOf(service: ServiceRow): LibraryService {
  return { ...service, host: hostOf(service.url), port: portOf(service.url) };
}

function figure(method: string, share: Share | undefined): LibraryShare {
  if (!share)
    return { method, value: null, passed: null, observed: null, interval: null, asOf: null };
  const { passed, observed, newest } = share;
  return {
    method,
    value: observed === 0 ? null : passed / observed,
    passed,
    observed,
    interval: wilson(passed, observed),
    asOf: newest,
  };
}
