/** What was measured: lines, charts, rows. */
import type { Place, Title } from './place.ts';

/** What a line's measurements say of its IPv6, from several metrics together. */
export type Ipv6Condition =
  | 'works'
  | 'none'
  | 'dropped'
  | 'path-mtu-black-hole'
  | 'echo-filtered'
  | 'unstable'
  | 'no evidence';

/** A median over a line's month with the count behind it. */
export interface LineStatistic {
  median: number;
  n: number;
}

/** One access line in a month. */
export interface LineRow {
  line: string;
  carrier: string;
  technology: string;
  subscribedDownBps: number | null;
  subscribedUpBps: number | null;
  place: Place;
  county: Place | null;
  /** `loopback`: the station's own self-test line, never counted in any figure. */
  counted: boolean;
  newest: string | null;
  measurements: number;
  ipv6: { condition: Ipv6Condition; title: Title; advice: Title | null };
  /** Median RTT, ms; `method` says how it was looked at (ICMP echo, or TCP connect where ICMP could not be). */
  rttMs: { 4: LineStatistic | null; 6: LineStatistic | null; method: string | null };
  lossRatio: { 4: LineStatistic | null; 6: LineStatistic | null };
  downBps: LineStatistic | null;
  upBps: LineStatistic | null;
}

/** `GET /v1/lines?within=32&month=YYYY-MM&carrier=CODE&limit=100&cursor=`. */
export interface LinePage {
  month: string;
  items: LineRow[];
  next: string | null;
}

/** Values per bucket, aligned with `at`; null where nothing was measured. */
export interface Band {
  p10: (number | null)[];
  median: (number | null)[];
  p90: (number | null)[];
  /** Runs, or lines, in the bucket that have the value. */
  n: number[];
  /** Measurements in the bucket that failed. */
  failed: number[];
}

/**
 * `GET /v1/series?metric=icmp-rtt&value=rttMedianMs&(line=ID|within=CODE)&hours=24`.
 * Buckets are whole on Chinese clocks; `at` is their start in Unix seconds.
 */
export interface Series {
  metric: string;
  value: string;
  unit: string;
  title: Title;
  method: string;
  /**
   * What median and percentiles are taken over: the runs in a bucket, or the medians of its lines, so
   * that a busy probe cannot outvote a village.
   */
  over: 'runs' | 'lines';
  bucketSeconds: number;
  at: number[];
  families: { 4: Band | null; 6: Band | null };
}

/** `GET /v1/measurements?limit=100&cursor=&probe=&line=&metric=&within=&order=desc`. */
export interface MeasurementRow {
  id: string;
  probe: string;
  sequence: number;
  metric: string;
  method: string;
  task: string;
  target: string;
  address: string | null;
  family: 4 | 6;
  start: string;
  durationMs: number;
  outcome: string;
  stage: string;
  code: string;
  values: Record<string, number>;
  conflicts: string[];
  line: string;
  place: string;
  carrier: string;
  received: string;
  software: string;
}

export interface MeasurementPage {
  items: MeasurementRow[];
  next: string | null;
}

/** `GET /v1/samples?probe=&sequence=&start=`. */
export interface MeasurementSamples {
  id: string;
  metric: string;
  /** In the metric's own unit; null where a hop stayed silent. */
  samples: (number | null)[];
  /** Of a path: what answered at each hop, '' for nothing. */
  hops: string[];
}
