/**
 * From lines to areas: figures with n/N, interval and as-of, and their verdicts. Pure.
 *
 * Every line counts once, however often it was measured: runs on one line are not independent.
 */
import { grouped } from '../ingest/grouped.ts';
import { ancestorCode, type Level, type Place, type Register } from '../ingest/register.ts';
import type { Indicator } from '../sql/indicator.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { AreaFigure, Figure } from './contract/figure.ts';
import { median, medianInterval, orderStatistics, wilson } from './interval.ts';
import type { PlanTarget } from './plan.ts';
import { verdictOf } from './verdict.ts';

/** One line's month under one indicator. */
export interface LineEvidence {
  readonly line: string;
  readonly place: string;
  readonly carrier: string;
  readonly value: number;
  readonly passed: boolean;
  readonly newest: string;
}

/** A line that exists in the month, measured or not. */
export interface RegisteredLine {
  readonly line: string;
  readonly place: string;
  readonly carrier: string;
}

export interface Evidence {
  readonly observed: readonly LineEvidence[];
  readonly registered: readonly RegisteredLine[];
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

/** What belongs to one carrier; everything for null. */
export function ofCarrier(evidence: Evidence, carrier: string | null): Evidence {
  if (carrier === null) return evidence;
  return {
    observed: evidence.observed.filter((line) => line.carrier === carrier),
    registered: evidence.registered.filter((line) => line.carrier === carrier),
  };
}

/** Figure and verdict of every place of `level` at or below `within`, also of those nobody measured. */
export function areaFigures(
  target: PlanTarget,
  indicator: Indicator,
  evidence: Evidence,
  register: Register,
  within: string,
  level: Exclude<Level, 'hamlet'>,
): AreaFigure[] {
  const observed = groupByArea(evidence.observed, level);
  const registered = groupByArea(evidence.registered, level);
  return register.below(within, level).map((area) => {
    const figure = figureOf(
      indicator,
      observed.get(area.code) ?? [],
      registered.get(area.code)?.length ?? 0,
      { registered: register.villagesBelow(area.code, target.villageKinds) },
    );
    return judged(target, area, figure);
  });
}

/** The same from the rows of the rollup `area_month`, which leaves out areas without a line. */
export function rolledFigures(
  target: PlanTarget,
  indicator: Indicator,
  rows: readonly QueryRow<'area_month_figures'>[],
  register: Register,
  within: string,
  level: Exclude<Level, 'hamlet'>,
): AreaFigure[] {
  const byArea = new Map(rows.map((row) => [row.area, row]));
  return register.below(within, level).map((area) => {
    const row = byArea.get(area.code);
    const places = { registered: register.villagesBelow(area.code, target.villageKinds) };
    const figure = row ? rolledFigure(indicator, row, places) : figureOf(indicator, [], 0, places);
    return judged(target, area, figure);
  });
}

function judged(target: PlanTarget, area: Place, figure: Figure): AreaFigure {
  const { goal, minimumLines } = target;
  const verdict = verdictOf(figure.interval, goal.atLeast, figure.observed, minimumLines);
  return { area: placeOf(area), figure, verdict };
}

function rolledFigure(
  { name, method, kind, unit }: Indicator,
  row: QueryRow<'area_month_figures'>,
  places: { readonly registered: number },
): Figure {
  const { observed, passed } = row;
  const ratio = kind === 'ratio';
  return {
    indicator: name,
    method,
    kind,
    unit,
    value: ratio && observed > 0 ? passed / observed : row.value,
    passed: ratio && observed > 0 ? passed : null,
    observed,
    registered: row.registered,
    placesObserved: row.placesObserved,
    placesRegistered: places.registered,
    interval: ratio ? wilson(passed, observed) : orderStatistics(row.low, row.high),
    asOf: row.newest,
  };
}

/** The figure of one area from the evidence of its lines. */
export function figureOf(
  indicator: Indicator,
  lines: readonly LineEvidence[],
  registeredLines: number,
  places: { readonly registered: number },
): Figure {
  const values = lines.map(({ value }) => value).sort((a, b) => a - b);
  const passed = lines.filter((line) => line.passed).length;
  const n = lines.length;
  const ratio = indicator.kind === 'ratio';
  return {
    indicator: indicator.name,
    method: indicator.method,
    kind: indicator.kind,
    unit: indicator.unit,
    value: n === 0 ? null : ratio ? passed / n : median(values),
    passed: ratio && n > 0 ? passed : null,
    observed: n,
    registered: registeredLines,
    placesObserved: new Set(lines.flatMap(({ place }) => ancestorCode(place, 'village') ?? []))
      .size,
    placesRegistered: places.registered,
    interval: ratio ? wilson(passed, n) : medianInterval(values),
    asOf: lines.reduce<string | null>(
      (newest, line) => (newest && newest > line.newest ? newest : line.newest),
      null,
    ),
  };
}

export function placeOf({ code, name, level }: Place): {
  code: string;
  name: string;
  level: Level;
} {
  return { code, name, level };
}

function groupByArea<Row extends { readonly place: string }>(
  rows: readonly Row[],
  level: Exclude<Level, 'hamlet'>,
): Map<string, Row[]> {
  const areaOf = ({ place }: Row) => ancestorCode(place, level) ?? '';
  // What lies above the level is in none of its areas.
  return grouped(
    rows.filter((row) => areaOf(row) !== ''),
    areaOf,
  );
}
