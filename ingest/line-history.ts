/** Lines through time: of every line its versions, never two on one day. Pure. */
import { dayBefore } from './days.ts';

/** What a line was from one day to another, both inclusive. */
export interface LineVersion {
  readonly line: string;
  readonly place: string;
  readonly carrier: string;
  readonly technology: string;
  readonly subscribedDownBps: number | null;
  readonly subscribedUpBps: number | null;
  readonly opticalNode: string;
  readonly onu: string;
  readonly validFrom: string;
  readonly validTo: string;
}

const DATA = [
  ...(['place', 'carrier', 'technology', 'subscribedDownBps', 'subscribedUpBps'] as const),
  ...(['opticalNode', 'onu'] as const),
];

/** Later than any day, as texts go. */
const AFTER_ALL = '9';

export class LineHistory {
  readonly #versions = new Map<string, LineVersion[]>();
  readonly #known = new Set<LineVersion>();

  /** A version lasts until the next begins, whatever it says of its own end. */
  constructor(versions: readonly LineVersion[]) {
    const ordered = [...versions].sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
    for (const version of ordered) {
      const all = this.#versions.get(version.line);
      if (!all) this.#versions.set(version.line, [version]);
      else {
        const last = all.at(-1);
        if (last && last.validTo >= version.validFrom)
          all[all.length - 1] = { ...last, validTo: dayBefore(version.validFrom) };
        all.push(version);
      }
    }
    for (const all of this.#versions.values()) for (const version of all) this.#known.add(version);
  }

  of(line: string): readonly LineVersion[] {
    return this.#versions.get(line) ?? [];
  }

  /**
   * Adds a version; what the line was until then ends the day before.
   *
   * @returns `same`: nothing is new; `exists`: another version begins that very day; `overlaps`: a
   * later one begins before its end
   */
  put(version: LineVersion): 'stored' | 'same' | 'exists' | 'overlaps' {
    const { line, validFrom, validTo } = version;
    const all = this.#versions.get(line) ?? [];
    const standing = this.#standing(version);
    const equal = standing && areAlike(standing, version);
    if (equal && standing.validTo === validTo) return 'same';
    if (standing?.validFrom === validFrom && !equal) return 'exists';
    if (all.some((one) => one.validFrom > validFrom && one.validFrom <= validTo)) return 'overlaps';
    if (standing && equal) this.#replace(standing, { ...standing, validTo });
    else {
      if (standing) this.#replace(standing, { ...standing, validTo: dayBefore(validFrom) });
      this.#add(version);
    }
    return 'stored';
  }

  /** Whether the line is on the version's first day what the version says, its end aside. */
  isAlready(version: LineVersion): boolean {
    const standing = this.#standing(version);
    return standing !== undefined && areAlike(standing, version);
  }

  /** Lines at places that became others on a day stand at those from that day. */
  move(day: string, places: ReadonlyMap<string, string>): void {
    for (const all of [...this.#versions.values()])
      for (const version of [...all]) {
        const place = places.get(version.place);
        if (place === undefined || version.validTo < day) continue;
        if (version.validFrom >= day) this.#replace(version, { ...version, place });
        else {
          this.#replace(version, { ...version, validTo: dayBefore(day) });
          this.#add({ ...version, place, validFrom: day });
        }
      }
  }

  /** How many lines stand at each of some places on the day given with it or later. */
  remainingAt(places: ReadonlyMap<string, string>): Map<string, number> {
    const found = new Map<string, number>();
    for (const all of this.#versions.values()) {
      const left = all.filter(({ place, validTo }) => validTo >= (places.get(place) ?? AFTER_ALL));
      for (const place of new Set(left.map((version) => version.place)))
        found.set(place, (found.get(place) ?? 0) + 1);
    }
    return found;
  }

  /** Versions that are not as they were brought along, by line and day. */
  changed(): LineVersion[] {
    return [...this.#versions.values()]
      .flatMap((all) => all.filter((version) => !this.#known.has(version)))
      .sort((a, b) =>
        a.line < b.line || (a.line === b.line && a.validFrom < b.validFrom) ? -1 : 1,
      );
  }

  #standing({ line, validFrom }: LineVersion): LineVersion | undefined {
    return this.of(line).find((one) => one.validFrom <= validFrom && validFrom <= one.validTo);
  }

  #replace(version: LineVersion, by: LineVersion): void {
    const all = this.#versions.get(version.line) ?? [];
    all[all.indexOf(version)] = by;
  }

  #add(version: LineVersion): void {
    const all = this.#versions.get(version.line);
    if (!all) this.#versions.set(version.line, [version]);
    else {
      all.push(version);
      all.sort((a, b) => (a.validFrom < b.validFrom ? -1 : 1));
    }
  }
}

function areAlike(one: LineVersion, other: LineVersion): boolean {
  return DATA.every((name) => one[name] === other[name]);
}
