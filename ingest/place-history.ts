/** Places through time: of every code its versions, and how they come, change and go. Pure. */
import { dayAfter, dayBefore } from './days.ts';
import type { Level } from './register.ts';

/** What a place was from one day to another, both inclusive. */
export interface PlaceVersion {
  readonly code: string;
  readonly name: string;
  readonly level: Level;
  readonly parent: string;
  readonly kind: string;
  readonly validFrom: string;
  readonly validTo: string;
  readonly source: string;
  /** What became of it the day after `validTo`: an action of the file, '' while nothing did. */
  readonly ending: string;
  /** What it became: codes. */
  readonly successors: readonly string[];
  /** Served by carriers of a neighbouring province. */
  readonly outside: boolean;
  /** The carriers of whom that is so where it is not so of all, in order. */
  readonly outsideFor: readonly string[];
  readonly note: string;
  /** WGS 84, degrees; null where nobody said. */
  readonly lat: number | null;
  readonly lon: number | null;
  /** As they were given, in `crs`. */
  readonly givenLat: number | null;
  readonly givenLon: number | null;
  readonly crs: string;
}

export class PlaceHistory {
  readonly #versions = new Map<string, PlaceVersion[]>();
  readonly #children = new Map<string, Set<string>>();
  readonly #known: ReadonlySet<PlaceVersion>;
  readonly #touched = new Set<string>();

  constructor(versions: readonly PlaceVersion[]) {
    this.#known = new Set(versions);
    for (const version of versions) this.#file(version);
  }

  /** The version of a place on a day. */
  at(code: string, day: string): PlaceVersion | undefined {
    return this.of(code).find(({ validFrom, validTo }) => validFrom <= day && day <= validTo);
  }

  /** Every version of a place, the oldest first. */
  of(code: string): readonly PlaceVersion[] {
    return this.#versions.get(code) ?? [];
  }

  /** Codes of places that are or were right below another. */
  childrenOf(code: string): Iterable<string> {
    return this.#children.get(code) ?? [];
  }

  /** @returns whether there was room for it */
  begin(version: PlaceVersion): boolean {
    const overlaps = this.of(version.code).some(
      ({ validFrom, validTo }) => validFrom <= version.validTo && version.validFrom <= validTo,
    );
    if (!overlaps) this.#file(version);
    return !overlaps;
  }

  /** Ends a version the day before another begins; one that began that very day stays as it is. */
  end(version: PlaceVersion, day: string, ending: string, successors: readonly string[]): boolean {
    if (version.validFrom >= day) return false;
    this.replace(version, { ...version, validTo: dayBefore(day), ending, successors });
    return true;
  }

  replace(version: PlaceVersion, by: PlaceVersion): void {
    const all = this.#versions.get(version.code) ?? [];
    all[all.indexOf(version)] = by;
    this.#touched.add(version.code);
  }

  /** Versions that are not as they were brought along. */
  changed(): PlaceVersion[] {
    return [...this.#touched]
      .sort()
      .flatMap((code) => this.of(code).filter((version) => !this.#known.has(version)));
  }

  /** Codes whose versions are others than those brought along. */
  touched(): ReadonlySet<string> {
    return this.#touched;
  }

  /** The first day of a span on which a place is not there; null where it always is. */
  gapIn(code: string, first: string, last: string): string | null {
    let day = first;
    for (const { validFrom, validTo } of this.of(code)) {
      if (validTo < day) continue;
      if (validFrom > day) break;
      if (validTo >= last) return null;
      day = dayAfter(validTo);
    }
    return day;
  }

  #file(version: PlaceVersion): void {
    const all = this.#versions.get(version.code);
    if (!all) this.#versions.set(version.code, [version]);
    else {
      all.push(version);
      all.sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
    }
    const siblings = this.#children.get(version.parent);
    if (siblings) siblings.add(version.code);
    else this.#children.set(version.parent, new Set([version.code]));
    if (!this.#known.has(version)) this.#touched.add(version.code);
  }
}
