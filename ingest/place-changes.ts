/**
 * What a file of places does to the register: new versions, ends and successors, lines that go along,
 * counts of people; or what is wrong with it. The order of its rows means nothing: days are gone
 * through one after the other, and on each all that ends goes before all that begins. Pure.
 */
import { type Position, toWgs84 } from './coordinates.ts';
import type { CountyMap } from './county-map.ts';
import { dayAfter, dayBefore, FOREVER } from './days.ts';
import { grouped } from './grouped.ts';
import { LineHistory, type LineVersion } from './line-history.ts';
import { countedCode, type Event, placeEvents } from './place-events.ts';
import { PLACE_ACTIONS, type PlaceRow } from './place-file.ts';
import { PlaceHistory, type PlaceVersion } from './place-history.ts';
import { ancestorCode, type Level, levelOf, parentOf } from './register.ts';
import { RowFaults } from './row-faults.ts';
import type { RowFault, Rows } from './table-file.ts';

export interface PlaceStatistic {
  readonly code: string;
  /** Year of the count. */
  readonly asOf: number;
  readonly residents: number | null;
  readonly households: number | null;
  readonly source: string;
}

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

/** The outlines are drawn to some 300 m and leave islets out. */
const COUNTY_TOLERANCE_KM = 2;

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
  /** Of the villages there are: a figure counts by kinds, and one it does not know counts nowhere. */
  readonly #villageKinds: ReadonlySet<string>;
  /** The line of the file that last did something to a place. */
  readonly #lineOf = new Map<string, number>();

  constructor({ rows, titles }: Rows<PlaceRow>, context: PlaceContext) {
    this.#rows = rows;
    this.#context = context;
    this.#faults = new RowFaults({ titles });
    this.#warnings = new RowFaults({ titles });
    const villages = context.places.filter(({ level, kind }) => level === 'village' && kind !== '');
    this.#villageKinds = new Set(villages.map(({ kind }) => kind));
    this.#history = new PlaceHistory(context.places);
    this.#lines = new LineHistory(context.lines);
  }

  all(): PlaceChanges {
    const events = placeEvents(this.#rows, this.#context.validFrom, this.#faults);
    for (const event of events) this.#lookForKind(event);
    const days = grouped(events, ({ day }) => day);
    // What the rows say does not fit together: to follow them further would blame the wrong ones.
    if (this.#faults.count === 0) {
      for (const day of [...days.keys()].sort()) this.#on(day, days.get(day) ?? []);
      this.#holdTogether();
      this.#lookForLines(events);
    }
    return {
      places: this.#history.changed(),
      lines: this.#lines.changed(),
      statistics: events.flatMap(statisticOf).sort(byCodeAndYear),
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
        this.#blame(event, 'newCode', 'successor-unknown', newCode, day);
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
      if (!same) this.#blame(first, 'code', 'place-unknown', code, day);
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
      this.#blame(first, 'date', 'later-version', code, day);
    else if (!this.#history.end(version, day, action, successors))
      this.#blame(first, 'date', 'ends-before-begins', code, day);
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
      else this.#blame(event, 'code', 'place-exists', code, day);
      return;
    }
    if (kind === '' && levelOf(code) === 'village') this.#blameKind(event, 'kind-missing', code);
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
      this.#blame(event, 'name', 'name-missing', newCode, day);
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
    const { lat, lon, givenLat, givenLon, crs } = this.#position(event, code) ?? its.position;
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
    if (!this.#history.begin(version)) this.#blame(event, 'date', 'place-overlap', code, event.day);
  }

  #change(event: Event): void {
    const { day } = event;
    const { action, code, name, kind, note, carriers } = event.row;
    this.#lineOf.set(code, event.line);
    const standing = this.#history.at(code, day);
    if (!standing) {
      this.#blame(event, 'code', 'place-unknown', code, day);
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
      ...this.#position(event, standing.code),
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
      this.#blame(event, 'date', 'place-version-exists', standing.code, day);
      return;
    }
    this.#history.begin(next);
  }

  /**
   * Where a place lies is no news of the place: the version that is there gets it, and those that follow
   * where nobody said it of them.
   */
  #place(event: Event, standing: PlaceVersion): void {
    const position = this.#position(event, standing.code);
    if (!position) return;
    const known = POSITION.every((key) => standing[key] === position[key]);
    if (!known) this.#history.replace(standing, { ...standing, ...position });
    let next = dayAfter(standing.validTo);
    for (const later of [...this.#history.of(standing.code)])
      if (later.validFrom === next && later.lat === null) {
        this.#history.replace(later, { ...later, ...position });
        next = dayAfter(later.validTo);
      }
  }

  /** A kind that no village has is a slip: a figure that counts by kinds would leave the village out. */
  #lookForKind(event: Event): void {
    const { code, kind } = event.row;
    if (kind === '' || levelOf(code) !== 'village') return;
    const known = this.#villageKinds;
    if (known.size > 0 && !known.has(kind)) this.#blameKind(event, 'kind-unknown', kind);
  }

  #blameKind({ line }: Event, code: 'kind-missing' | 'kind-unknown', text: string): void {
    const kinds = [...this.#villageKinds].sort();
    const [zh, en] =
      code === 'kind-missing'
        ? [`${text} 是新的村,缺少类别`, `${text} is a new village and wants a kind`]
        : [`没有类别为 ${text} 的村`, `no village is of kind ${text}`];
    this.#faults.add(
      line,
      'kind',
      code,
      `${zh};有:${kinds.join('、')}`,
      `${en}; there are: ${kinds.join(', ')}`,
      text,
    );
  }

  /** What the row says of where a place lies; null where it says nothing. */
  #position({ line, row }: Event, code: string): Positioned | null {
    const { lat, lon, crs } = row;
    if (lat === null || lon === null || crs === null) return null;
    const position = toWgs84({ lat, lon }, crs);
    this.#lookForCounty(line, code, position);
    return { lat: position.lat, lon: position.lon, givenLat: lat, givenLon: lon, crs };
  }

  #lookForCounty(line: number, code: string, position: Position): void {
    const county = ancestorCode(code, 'county');
    if (county === null) return;
    const km = this.#context.counties.kmOutside(county, position);
    if (km !== null && km > COUNTY_TOLERANCE_KM)
      this.#warnings.add(
        line,
        'lat',
        'position-outside-county',
        `位置在县级区划 ${county} 以外约 ${Math.round(km)} 公里:请核对坐标与坐标系`,
        `lies some ${Math.round(km)} km outside county ${county}: check position and crs`,
        code,
      );
  }

  /** Every place that changed, and every place below one, has its parent on each of its days. */
  #holdTogether(): void {
    const touched = this.#history.touched();
    const blamed = new Set<string>();
    for (const code of touched) {
      this.#hold(code, blamed);
      for (const child of this.#history.childrenOf(code)) this.#hold(child, blamed);
    }
  }

  #hold(code: string, blamed: Set<string>): void {
    const parent = parentOf(code);
    if (parent === '' || blamed.has(code)) return;
    for (const { validFrom, validTo } of this.#history.of(code)) {
      const day = this.#history.gapIn(parent, validFrom, validTo);
      if (day === null) continue;
      blamed.add(code);
      const own = this.#lineOf.get(code);
      const known = this.#history.of(parent).length > 0;
      const fault = !known
        ? 'parent-unknown'
        : own === undefined
          ? 'children-orphaned'
          : 'place-orphaned';
      this.#faults.add(
        own ?? this.#lineOf.get(parent) ?? 1,
        'code',
        fault,
        known
          ? `${code} 在 ${day} 没有上级 ${parent}:请一并变更下级地点`
          : `登记册中没有 ${code} 的上级 ${parent}`,
        known
          ? `on ${day} the place above ${code}, ${parent}, is not there: change what lies below along with it`
          : `the register has no ${parent}, the place above ${code}`,
        code,
      );
      return;
    }
  }

  /** A place that is split or closed says nothing of where its lines are. */
  #lookForLines(events: readonly Event[]): void {
    const left = events.filter(({ row }) => row.action === 'split' || row.action === 'close');
    const days = new Map(
      left
        .filter(({ row, day }) => !this.#history.at(row.code, day))
        .map(({ row, day }) => [row.code, day]),
    );
    const lines = new Map(left.map(({ line, row }) => [row.code, line]));
    if (days.size === 0) return;
    for (const [code, count] of this.#lines.remainingAt(days))
      this.#warnings.add(
        lines.get(code) ?? 1,
        'code',
        'lines-left',
        `${code} 还有 ${count} 条线路:请用 tongda register import lines 改登`,
        `${count} lines stand at ${code} still: move them with tongda register import lines`,
        code,
      );
  }

  #blame({ line }: Event, column: string, code: keyof typeof SAYINGS, place: string, day: string) {
    const [zh, en] = SAYINGS[code];
    this.#faults.add(
      line,
      column,
      code,
      `${place} ${zh}(${day})`,
      `${place} ${en} (${day})`,
      place,
    );
  }
}

const SAYINGS = {
  'place-unknown': ['当天不在登记册中', 'is not in the register on that day'],
  'place-exists': [
    `当天已在登记册中,名称、类别、说明或截止日期不同:请用${PLACE_ACTIONS.rename}或${PLACE_ACTIONS.close}`,
    'is there that day with another name, kind, note or end: use rename or close',
  ],
  'later-version': [
    '当天之后还有已登记的版本,不能在此之前终止:请改在最后一个版本之内',
    'has a version that begins later and cannot end before it: let it end within the last one',
  ],
  'place-overlap': ['与同代码的另一版本重叠', 'overlaps another version of its code'],
  'place-version-exists': ['当天已有另一版本', 'has another version from that very day'],
  'ends-before-begins': ['在当天或之后才开始', 'begins on that day or later'],
  'successor-unknown': [
    '当天不在登记册中,不能并入',
    'is not in the register on that day: nothing can merge into it',
  ],
  'name-missing': ['是新地点,缺少名称', 'is new and wants a name'],
} as const;

type Positioned = Pick<PlaceVersion, 'lat' | 'lon' | 'givenLat' | 'givenLon' | 'crs'>;

const NOWHERE: Positioned = { lat: null, lon: null, givenLat: null, givenLon: null, crs: '' };

const POSITION = ['lat', 'lon', 'givenLat', 'givenLon', 'crs'] as const;
const NONE: readonly string[] = [];

function statisticOf({ row }: Event): PlaceStatistic[] {
  const { residents, households, asOf, source } = row;
  if (asOf === null || (residents === null && households === null)) return [];
  return [{ code: countedCode(row), asOf, residents, households, source }];
}

function byCode(a: Event, b: Event): number {
  const [one, other] = [`${a.row.code} ${a.row.newCode}`, `${b.row.code} ${b.row.newCode}`];
  return one < other ? -1 : Number(one > other);
}

function byCodeAndYear(a: PlaceStatistic, b: PlaceStatistic): number {
  return a.code < b.code ? -1 : a.code > b.code ? 1 : a.asOf - b.asOf;
}
