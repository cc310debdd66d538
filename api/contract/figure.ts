/**
 * Figures of areas, and the verdicts from them. Here as in all of `contract/`: ratios are 0…1 and never
 * clipped; rates are bit/s; times are RFC 3339 UTC; months are `YYYY-MM`, Asia/Shanghai, half-open; codes
 * of places are strings.
 */
import type { StandingCounts } from './filing.ts';
import type { Level, Place } from './place.ts';

/**
 * Of a target in an area and month, from the interval, never from the point:
 * `met` only if the lower bound reaches the goal, `missed` only if the upper bound falls short,
 * `insufficient` below the plan's minimum of subjects, else `undecided`.
 */
export type Verdict = 'met' | 'missed' | 'undecided' | 'insufficient';

/** 95 % confidence interval of a figure, in the figure's unit. */
export interface Interval {
  low: number;
  high: number;
  level: number;
  /** `wilson-finite`: of a sample of a counted whole. `census`: the whole was counted, low is high. */
  method: 'wilson' | 'wilson-finite' | 'order-statistic' | 'stratified' | 'census';
}

/**
 * `ratio`: the share of subjects that pass; `p10` … `p90`: a quantile over subjects of their own values;
 * `quotient`: a sum that carriers filed over another; `standing`: the share of places whose declaration
 * lines bear out.
 */
export type FigureKind =
  | 'ratio'
  | 'p10'
  | 'p20'
  | 'median'
  | 'p80'
  | 'p90'
  | 'quotient'
  | 'standing';

/** What a figure counts. */
export type FigureSubject = 'line' | 'service' | 'village' | 'hamlet' | 'area';

/** No figure without its count, its interval, its time and its method. */
export interface Figure {
  indicator: string;
  /** Version of the indicator's formula, e.g. `ipv6-reach-lines/1`. */
  method: string;
  kind: FigureKind;
  subject: FigureSubject;
  /** `1` for shares, else e.g. `bit/s`. */
  unit: string;
  /** null: no evidence. Never 0 for silence. */
  value: number | null;
  /** Subjects that passed; null for quantiles. Of a quotient the sum above the line. */
  passed: number | null;
  /** Of a quotient the sum below the line; null for other kinds and without a filing. */
  base: number | null;
  /**
   * n: subjects with enough evidence in the month. Of a quotient, statements that carriers filed; of a
   * standing, places that lines confirm or contradict or that are filed as not reached.
   */
  observed: number;
  /** N: subjects registered in the month. Of a quotient, statements that are due. */
  registered: number;
  /** Of a standing, how many places stand where; null for other kinds. */
  standings: StandingCounts | null;
  /** Places with at least one observed subject, of those in the register below the area (villages). */
  placesObserved: number;
  placesRegistered: number;
  interval: Interval | null;
  /** When the newest measurement or filing behind the figure was received; null without any. */
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
