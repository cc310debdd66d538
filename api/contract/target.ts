/** A plan's targets, where they stand, and where they lead. */
import type { AreaFigure } from './figure.ts';
import type { Place, Title } from './place.ts';

export interface Goal {
  /** Which side of `value` is good. */
  bound: 'atLeast' | 'atMost';
  /** In the indicator's unit. */
  value: number;
  /** `plan`: the plan's own words. `assumed`: set by the station's operator, because the plan gives no number. */
  basis: 'plan' | 'assumed';
  note: Title;
}

export interface Target {
  id: string;
  title: Title;
  indicator: string;
  unit: string;
  goal: Goal;
  due: string;
  /** Paragraph of the plan. */
  source: string;
  /** Below so many observed subjects an area gets no verdict. */
  minimumObserved: number;
  /** The target in the plan's whole area and all carriers. */
  overall: AreaFigure;
}

export interface Carrier {
  code: string;
  title: Title;
}

export interface MetricDescription {
  name: string;
  title: Title;
  method: string;
  source: string;
  values: { name: string; title: Title; unit: string }[];
}

/** `GET /v1/overview?month=YYYY-MM&carrier=CODE` (default: the running month, all carriers). */
export interface Overview {
  month: string;
  /** Months with any measurement, newest first; always contains `month`. */
  months: string[];
  now: string;
  software: string;
  plan: { id: string; title: Title; area: Place; due: string };
  carriers: Carrier[];
  carrier: string | null;
  targets: Target[];
  counts: {
    linesRegistered: number;
    linesHeard: number;
    measurements: number;
    quarantined: number;
    /** Newest measurement received by the station. */
    newest: string | null;
  };
  /** Metrics and their values, for the charts' menus. */
  metrics: MetricDescription[];
}

/** Where the months that are over lead, on a straight line. */
export interface Forecast {
  /** `theil-sen/1`: the median slope of all pairs of months. */
  method: string;
  /** Months it is drawn from. */
  months: number;
  /** In the figure's unit. */
  slopePerMonth: number;
  /** At the end of the plan, in the figure's unit, never clipped; null once it is over. */
  atDue: number | null;
  /** 95 % bounds of `atDue`; null below six months. */
  low: number | null;
  high: number | null;
  /** The first month in which the line reaches the goal; null when it does not within five years. */
  reaches: string | null;
}

/**
 * `GET /v1/progress?target=ID&within=32&carrier=CODE&month=YYYY-MM`: one target of one area, month by
 * month up to the one asked for.
 */
export interface Progress {
  target: string;
  area: Place;
  carrier: string | null;
  goal: Goal;
  due: string;
  /** Earliest first. */
  months: { month: string; figure: AreaFigure; over: boolean }[];
  /**
   * What is wanting, in the figure's unit: goal less figure where more is better, figure less goal where
   * less is. Negative when the goal is passed, null without a figure.
   */
  gap: number | null;
  /** To the end of the plan; 0 or less when it is over. */
  monthsLeft: number;
  /** What each month left would have to bring; null when nothing is wanting or no month is left. */
  pacePerMonth: number | null;
  /** null below three months with a figure. */
  forecast: Forecast | null;
}
