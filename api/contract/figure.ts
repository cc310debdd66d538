/**
 * Figures of areas, and the verdicts from them. Here as in all of `contract/`: ratios are 0…1 and never
 * clipped; rates are bit/s; times are RFC 3339 UTC; months are `YYYY-MM`, Asia/Shanghai, half-open; codes
 * of places are strings.
 */
import type { Level, Place } from './place.ts';

/**
 * Of a target in an area and month, from the interval, never from the point:
 * `met` only if the lower bound reaches the goal, `missed` only if the upper bound falls short,
 * `insufficient` below the plan's minimum of lines, else `undecided`.
 */
export type Verdict = 'met' | 'missed' | 'undecided' | 'insufficient';

/** 95 % confidence interval of a figure, in the figure's unit. */
export interface Interval {
  low: number;
  high: number;
  level: number;
  method: 'wilson' | 'order-statistic';
}

/** No figure without its count, its interval, its time and its method. */
export interface Figure {
  indicator: string;
  /** Version of the indicator's formula, e.g. `ipv6-reach-lines/1`. */
  method: string;
  kind: 'ratio' | 'median';
  /** `1` for ratios, else e.g. `bit/s`. */
  unit: string;
  /** null: no evidence. Never 0 for silence. */
  value: number | null;
  /** Lines that passed; null for medians. */
  passed: number | null;
  /** n: lines with enough evidence in the month. */
  observed: number;
  /** N: lines registered in the month. */
  registered: number;
  /** Places with at least one observed line, of those in the register below the area (villages). */
  placesObserved: number;
  placesRegistered: number;
  interval: Interval | null;
  /** Newest measurement behind the figure; null without any. */
  asOf: string | null;
}

export interface AreaFigure {
  area: Place;
  figure: Figure;
  verdict: Verdict;
}

/**
 * `GET /v1/coverage?target=ID&month=YYYY-MM&carrier=CODE&within=32&level=county`:
 * every place of `level` below `within`, also those nobody measured.
 */
export interface Coverage {
  target: string;
  month: string;
  carrier: string | null;
  within: Place;
  level: Level;
  items: AreaFigure[];
}
