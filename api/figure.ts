/**
 * From measured subjects, lines above all, to areas: figures with n/N, interval and as-of, and their
 * verdicts. Pure.
 *
 * Every subject counts once, however often it was measured: runs on one line are not independent.
 */
import { grouped } from '../ingest/grouped.ts';
import {
  type Area,
  ancestorCode,
  type Level,
  type Place,
  type Register,
} from '../ingest/register.ts';
import { type Indicator, quantileOf } from '../sql/indicator.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { AreaFigure, Figure, Interval } from './contract/figure.ts';
import { finiteWilson, orderStatistics, quantile, quantileInterval, wilson } from './interval.ts';
import type { PlanTarget } from './plan.ts';
import { verdictOf } from './verdict.ts';

/** Levels that figures are drawn for: a hamlet is seen in its village. */
export type AreaLevel = Exclude<Level, 'hamlet'>;

/** Which figures of a month: of one carrier or of all, and of the places of which level below which. */
export interface Scope {
  readonly carrier: string | null;
  readonly within: string;
  readonly level: AreaLevel;
}

/** One subject's month under one indicator. */
export interface SubjectEvidence {
  readonly subject: string;
  readonly place: string;
  /** Of a line its own; of what all carriers look at, whose lines looked, '' for all lines together. */
  readonly carrier: string;
  readonly value: number;
  readonly passed: boolean;
  readonly newest: string;
}

/** A subject that exists in the month, measured or not. */
export interface RegisteredSubject {
  readonly place: string;
  readonly carrier: string;
}

export interface Evidence {
  readonly observed: readonly SubjectEvidence[];
  readonly registered: readonly RegisteredSubject[];
}

/**
 * What counts for a target: nothing in a village that is served from outside, and where the target is for
 * villages of some kinds, only what lies in those.
 *
 * @param kinds none: all
 */
export function ofVillages(
  evidence: Evidence,
  kinds: readonly string[],
  register: Register,
): Evidence {
  const counts = ({ place }: { readonly place: string }) => {
    const village = register.find(ancestorCode(place, 'village') ?? '');
    if (village?.outside) return false;
    return kinds.length === 0 || (village !== undefined && kinds.includes(village.kind));
  };
  return {
    observed: evidence.observed.filter(counts),
    registered: evidence.registered.filter(counts),
  };
}

/** What belongs to one carrier; for null every line, and what all look at as all lines together saw it. */
export function ofCarrier(
  evidence: Evidence,
  carrier: string | null,
  { subject }: Pick<Indicator, 'subject'>,
): Evidence {
  if (carrier === null && subject === 'line') return evidence;
  const own = (row: { readonly carrier: string }) => row.carrier === (carrier ?? '');
  return {
    observed: evidence.observed.filter(own),
    registered: evidence.registered.filter(own),
  };
}

/** Figure and verdict of every place of `level` at or below `within`, also of those nobody measured. */
export function areaFigures(
  target: PlanTarget,
  indicator: Indicator,
  evidence: Evidence,
  register: Register,
  within: string,
  level: AreaLevel,
): AreaFigure[] {
  const observed = groupByArea(evidence.observed, level);
  const registered = groupByArea(evidence.registered, level);
  return register.areas(within, level, target.villageKinds).map(({ named, villages }) => {
    const figure = figureOf(
      indicator,
      observed.get(named.code) ?? [],
      registered.get(named.code)?.length ?? 0,
      { registered: villages },
    );
    return judged(target, named, figure);
  });
}

/**
 * The same from the rows of the rollup `area_month`, which leaves out areas without a subject.
 *
 * @param rows in the order of their areas, as the register's are
 */
export function rolledFigures(
  target: PlanTarget,
  indicator: Indicator,
  rows: readonly QueryRow<'area_month_figures'>[],
  register: Register,
  within: string,
  level: AreaLevel,
): AreaFigure[] {
  let at = 0;
  return register.areas(within, level, target.villageKinds).map(({ named, villages }) => {
    while (at < rows.length && (rows[at]?.area ?? '') < named.code) at++;
    const row = rows[at];
    const places = { registered: villages };
    const figure =
      row?.area === named.code
        ? rolledFigure(indicator, row, places)
        : figureOf(indicator, [], 0, places);
    return judged(target, named, figure);
  });
}

export function judged(target: PlanTarget, area: Area['named'], figure: Figure): AreaFigure {
  const { goal, minimumObserved } = target;
  const verdict = verdictOf(figure.interval, goal, figure.observed, minimumObserved);
  return { area, figure, verdict };
}

/** What a figure says of the indicator it is of. */
export function described({ name, method, kind, subject, unit }: Indicator) {
  return { indicator: name, method, kind, subject, unit };
}

/** What a figure says beside the indicator it is of. */
type Numbers = Omit<Figure, keyof ReturnType<typeof described>>;

/**
 * A figure of an indicator. Written out, property by property: a province has tens of thousands of figures a
 * target, and to spread one object into another costs several times what the figure does.
 */
export function figureWith(
  { name, method, kind, subject, unit }: Indicator,
  numbers: Numbers,
): Figure {
  return {
    indicator: name,
    method,
    kind,
    subject,
    unit,
    value: numbers.value,
    passed: numbers.passed,
    base: numbers.base,
    observed: numbers.observed,
    registered: numbers.registered,
    standings: numbers.standings,
    placesObserved: numbers.placesObserved,
    placesRegistered: numbers.placesRegistered,
    interval: numbers.interval,
    asOf: numbers.asOf,
  };
}

function rolledFigure(
  indicator: Indicator,
  row: QueryRow<'area_month_figures'>,
  places: { readonly registered: number },
): Figure {
  const { observed, registered, passed } = row;
  const ratio = indicator.kind === 'ratio';
  return figureWith(indicator, {
    value: ratio && observed > 0 ? passed / observed : row.value,
    passed: ratio && observed > 0 ? passed : null,
    base: null,
    observed,
    registered,
    standings: null,
    placesObserved: row.placesObserved,
    placesRegistered: places.registered,
    interval: ratio
      ? shareInterval(indicator, passed, observed, registered)
      : orderStatistics(row.low, row.high),
    asOf: row.newest,
  });
}

/** The figure of one area from the evidence of its subjects. */
export function figureOf(
  indicator: Indicator,
  subjects: readonly SubjectEvidence[],
  registered: number,
  places: { readonly registered: number },
): Figure {
  if (subjects.length === 0) return figureWith(indicator, nothingOf(registered, places.registered));
  const values = subjects.map(({ value }) => value).sort((a, b) => a - b);
  const passed = subjects.filter((subject) => subject.passed).length;
  const n = subjects.length;
  const p = quantileOf(indicator.kind);
  return figureWith(indicator, {
    value: p === null ? passed / n : quantile(values, p),
    passed: p === null ? passed : null,
    base: null,
    observed: n,
    registered,
    standings: null,
    placesObserved: new Set(subjects.flatMap(({ place }) => ancestorCode(place, 'village') ?? []))
      .size,
    placesRegistered: places.registered,
    interval:
      p === null ? shareInterval(indicator, passed, n, registered) : quantileInterval(values, p),
    asOf: latest(subjects.map(({ newest }) => newest)),
  });
}

/** Of an area where no subject is observed: silence is not evidence. */
function nothingOf(registered: number, placesRegistered: number): Numbers {
  return {
    value: null,
    passed: null,
    base: null,
    observed: 0,
    registered,
    standings: null,
    placesObserved: 0,
    placesRegistered,
    interval: null,
    asOf: null,
  };
}

/**
 * Lines stand for many more: people will have other lines tomorrow. Services and villages are counted,
 * so a sample of them is one of a finite whole.
 */
function shareInterval(
  { subject }: Indicator,
  passed: number,
  n: number,
  registered: number,
): Interval | null {
  return subject === 'line' ? wilson(passed, n) : finiteWilson(passed, n, Math.max(n, registered));
}

/** null for none */
export function latest(instants: readonly string[]): string | null {
  return instants.reduce<string | null>(
    (newest, instant) => (newest && newest > instant ? newest : instant),
    null,
  );
}

export function placeOf({ code, name, level }: Place): {
  code: string;
  name: string;
  level: Level;
} {
  return { code, name, level };
}

export function groupByArea<Row extends { readonly place: string }>(
  rows: readonly Row[],
  level: AreaLevel,
): Map<string, Row[]> {
  const areaOf = ({ place }: Row) => ancestorCode(place, level) ?? '';
  // What lies above the level is in none of its areas.
  return grouped(
    rows.filter((row) => areaOf(row) !== ''),
    areaOf,
  );
}
