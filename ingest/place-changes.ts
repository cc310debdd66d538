/**
 * What a file of places does to the register: new versions, ends and successors, lines that go along,
 * counts of people; or what is wrong with it. The order of its rows means nothing: days are gone
 * through one after the other, and on each all that ends goes before all that begins. Pure.
 */
import type { CountyMap } from './county-map.ts';
import { dayAfter, dayBefore, FOREVER } from './days.ts';
import { grouped } from './grouped.ts';
import { LineHistory, type LineVersion } from './line-history.ts';
import { refuseOrphans, warnOfLinesLeft } from './place-consistency.ts';
import { type Event, placeEvents } from './place-events.ts';
import { blamePlace, type PlaceFault } from './place-faults.ts';
import type { PlaceRow } from './place-file.ts';
import { PlaceHistory, type PlaceVersion } from './place-history.ts';
import { isSamePosition, NOWHERE, PlacePositions, type Positioned } from './place-position.ts';
import { type PlaceStatistic, placeStatistics } from './place-statistics.ts';
import { type Level, levelOf, parentOf } from './register.ts';
import { RowFaults } from './row-faults.ts';
import type { RowFault, Rows } from './table-file.ts';
import { VillageKinds } from './village-kinds.ts';

export interface PlaceChanges {
  readonly places: readonly PlaceVersion[];
  readonly lines: readonly LineVersion[];
  readonly statistics: readonly PlaceStatistic[];
  readonly faults: readonly RowFault[];
  readonly faultCount: number;
  /** What its author should look at, though it is taken; kept as faults are. */
  readonly warnings: readonly RowFault[];
  readonly warningCount: number;
}

/** What the file is held against. */
export interface PlaceContext {
  readonly places: readonly PlaceVersion[];
  readonly lines: readonly LineVersion[];
  /** The day of rows that name none; null: every row names its own. */
  readonly validFrom: string | null;
  readonly counties: CountyMap;
}

const ENDINGS = ['recode', 'merge', 'split', 'close'] as const;

export function placeChanges(read: Rows<PlaceRow>, context: PlaceContext): PlaceChanges {
  return new Changes(read, context).all();
}

class Changes {
  readonly #rows: Rows<PlaceRow>['rows'];
  readonly #context: PlaceContext;
  readonly #history: PlaceHistory;
  readonly #lines: LineHistory;
  readonly #faults: RowFaults;
  readonly #warnings: RowFaults;
  readonly #kinds: VillageKinds;
  readonly #positions: PlacePositions;
  /** The line of the file that last did something to a place. */
  readonly #lineOf = new Map<string, number>();

  constructor({ rows, titles }: Rows<PlaceRow>, context: PlaceContext) {
    this.#rows = rows;
    this.#context = context;
    this.#faults = new RowFaults({ titles });
    this.#warnings = new RowFaults({ titles });
    this.#kinds = new VillageKinds(context.places, this.#faults);
    this.#positions = new PlacePositions(context.counties, this.#warnings);
    this.#history = new PlaceHistory(context.places);
    this.#lines = new LineHistory(context.lines);
  }

  all(): PlaceChanges {
    const events = placeEvents(this.#rows, this.#context.validFrom, this.#faults);
    for (const event of events) this.#kinds.refuseUnknown(event);
    const days = grouped(events, ({ day }) => day);
    // What the rows say does not fit together: to follow them further would blame the wrong ones.
    if (this.#faults.count === 0) {
      for (const day of [...days.keys()].sort()) this.#on(day, days.get(day) ?? []);
      refuseOrphans(this.#history, this.#lineOf, this.#faults);
      warnOfLinesLeft(events, this.#history, this.#lines, this.#warnings);
    }
    return {
      places: this.#history.changed(),
      lines: this.#lines.changed(),
      statistics: placeStatistics(events),
      faults: this.#faults.list(),
      faultCount: this.#faults.count,
      warnings: this.#warnings.list(),
      warningCount: this.#warnings.count,
    };
  }

  #on(day: string, events: readonly Event[]): void {
    const doing = (...actions: readonly string[]) =>
      events.filter(({ row }) => actions.includes(row.action)).sort(byCode);
    const gone = new Map<string, PlaceVersion>();
    const done = new Set<Event>();
    for (const [code, ending] of grouped(doing(...ENDINGS), ({ row }) => row.code))
      this.#end(code, day, ending, gone, done);
    for (const event of doing('add')) this.#add(event);
    for (const event of doing('recode', 'split'))
      if (!done.has(event)) this.#become(event, gone.get(event.row.code));
    for (const event of doing('rename', 'outside', 'inside', 'describe')) this.#change(event);
    const moves = new Map<string, string>();
    for (const event of doing('merge', 'recode')) {
      const { code, newCode } = event.row;
      if (event.row.action === 'merge' && !this.#history.at(newCode, day))
        this.#blame(event, 'newCode', 'successor-unknown', newCode);
      if (!done.has(event)) moves.set(code, newCode);
    }
    if (moves.size > 0) this.#lines.move(day, moves);
  }

  /** @param gone of each place that ends, what it was */
  #end(
    code: string,
    day: string,
    events: readonly Event[],
    gone: Map<string, PlaceVersion>,
    done: Set<Event>,
  ): void {
    const [first] = events;
    if (!first) return;
    const { action } = first.row;
    const successors = [...new Set(events.map(({ row }) => row.newCode))].filter(Boolean).sort();
    this.#lineOf.set(code, first.line);
    const version = this.#history.at(code, day);
    if (!version) {
      const last = this.#history.of(code).findLast(({ validTo }) => validTo < day);
      const same =
        last?.ending === action &&
        last.validTo === dayBefore(day) &&
        successors.every((one) => last.successors.includes(one));
      if (!same) this.#blame(first, 'code', 'place-unknown', code);
      for (const event of events) done.add(event);
      return;
    }
    gone.set(code, version);
    // A part that keeps the old code is the old place, smaller.
    if (successors.includes(code)) {
      const kept = events.find(({ row }) => row.newCode === code);
      if (kept)
        this.#anew(kept, version, { name: kept.row.name || version.name }, action, successors);
    } else if (this.#history.of(code).some(({ validFrom }) => validFrom > version.validTo))
      this.#blame(first, 'date', 'later-version', code);
    else if (!this.#history.end(version, day, action, successors))
      this.#blame(first, 'date', 'ends-before-begins', code);
  }

  #add(event: Event): void {
    const { day } = event;
    const { code, name, kind, note } = event.row;
    this.#lineOf.set(code, event.line);
    const standing = this.#history.at(code, day);
    if (standing) {
      const { validTo } = event.row;
      const same =
        standing.name === name &&
        (kind === '' || standing.kind === kind) &&
        (note === '' || standing.note === note) &&
        (validTo === null || standing.validTo === validTo);
      if (same) this.#place(event, standing);
      else this.#blame(event, 'code', 'place-exists', code);
      return;
    }
    this.#kinds.refuseMissing(event);
    const validTo = event.row.validTo ?? FOREVER;
    this.#begin(event, code, { kind, note, name, validTo, position: NOWHERE });
  }

  /** The new code of a place that is recoded or split. */
  #become(event: Event, old: PlaceVersion | undefined): void {
    const { day } = event;
    const { newCode, kind, action, note } = event.row;
    if (!old || newCode === event.row.code) return;
    this.#lineOf.set(newCode, event.line);
    // A village may be split up among villages that are there.
    if (action === 'split' && this.#history.at(newCode, day)) return;
    const name = event.row.name || (action === 'recode' ? old.name : '');
    if (name === '') {
      this.#blame(event, 'name', 'name-missing', newCode);
      return;
    }
    const recoded = action === 'recode' ? old : null;
    this.#begin(event, newCode, {
      outside: recoded?.outside ?? false,
      outsideFor: recoded?.outsideFor ?? NONE,
      // What is planned for the place is planned for it under its new code.
      ending: recoded?.ending ?? '',
      successors: recoded?.successors ?? NONE,
      position: recoded ?? NOWHERE,
      kind: kind || old.kind,
      note: note || (recoded?.note ?? ''),
      name,
      validTo: old.validTo,
    });
  }

  #begin(
    event: Event,
    code: string,
    its: Pick<PlaceVersion, 'name' | 'kind' | 'note' | 'validTo'> & {
      readonly outside?: boolean;
      readonly outsideFor?: readonly string[];
      readonly ending?: string;
      readonly successors?: readonly string[];
      readonly position: Positioned;
    },
  ): void {
    const { name, kind, note, validTo } = its;
    const { outside = false, outsideFor = NONE, ending = '', successors = NONE } = its;
    const { lat, lon, givenLat, givenLon, crs } = this.#positions.of(event, code) ?? its.position;
    // One literal: tens of thousands of spreads cost seconds.
    const version: PlaceVersion = {
      code,
      name,
      level: levelOf(code) as Level,
      parent: parentOf(code),
      kind,
      validFrom: event.day,
      validTo,
      source: event.row.source,
      ending,
      successors,
      outside,
      outsideFor,
      note,
      lat,
      lon,
      givenLat,
      givenLon,
      crs,
    };
    if (!this.#history.begin(version)) this.#blame(event, 'date', 'place-overlap', code);
  }

  #change(event: Event): void {
    const { day } = event;
    const { action, code, name, kind, note, carriers } = event.row;
    this.#lineOf.set(code, event.line);
    const standing = this.#history.at(code, day);
    if (!standing) {
      this.#blame(event, 'code', 'place-unknown', code);
      return;
    }
    if (action === 'describe') {
      this.#place(event, standing);
      return;
    }
    // What is said of some carriers is no longer said of all, and the other way round.
    const { outside, outsideFor } =
      action === 'rename'
        ? standing
        : {
            outside: action === 'outside' && carriers.length === 0,
            outsideFor: action === 'outside' ? carriers : NONE,
          };
    const wasOutside = standing.outside || standing.outsideFor.length > 0;
    this.#anew(
      event,
      standing,
      {
        name: action === 'rename' ? name : standing.name,
        kind: kind || standing.kind,
        ...{ outside, outsideFor },
        // From where it was served is said of it no longer.
        note: note || (action === 'inside' && wasOutside ? '' : standing.note),
      },
      action,
      [code],
    );
  }

  /** From its day on a place is otherwise; until then it was as before. */
  #anew(
    event: Event,
    standing: PlaceVersion,
    its: Partial<PlaceVersion>,
    ending: string,
    successors: readonly string[],
  ): void {
    const { day } = event;
    const { source } = event.row;
    const next: PlaceVersion = {
      ...standing,
      ...its,
      ...this.#positions.of(event, standing.code),
      validFrom: day,
      source: source || standing.source,
    };
    const same =
      next.outsideFor.join() === standing.outsideFor.join() &&
      (['name', 'kind', 'outside', 'note'] as const).every((key) => next[key] === standing[key]);
    if (same && ending !== 'split') {
      this.#place(event, standing);
      return;
    }
    if (!this.#history.end(standing, day, ending, successors)) {
      // What a file of other bytes said already.
      if (same) return;
      this.#blame(event, 'date', 'place-version-exists', standing.code);
      return;
    }
    this.#history.begin(next);
  }

  /**
   * Where a place lies is no news of the place: the version that is there gets it, and those that follow
   * where nobody said it of them.
   */
  #place(event: Event, standing: PlaceVersion): void {
    const position = this.#positions.of(event, standing.code);
    if (!position) return;
    if (!isSamePosition(standing, position))
      this.#history.replace(standing, { ...standing, ...position });
    let next = dayAfter(standing.validTo);
    for (const later of [...this.#history.of(standing.code)])
      if (later.validFrom === next && later.lat === null) {
        this.#history.replace(later, { ...later, ...position });
        next = dayAfter(later.validTo);
      }
  }

  #blame(event: Event, column: string, code: PlaceFault, place: string): void {
    blamePlace(this.#faults, event, column, code, place);
  }
}

const NONE: readonly string[] = [];

function byCode(a: Event, b: Event): number {
  const [one, other] = [`${a.row.code} ${a.row.newCode}`, `${b.row.code} ${b.row.newCode}`];
  return one < other ? -1 : Number(one > other);
}
