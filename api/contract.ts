/**
 * What the API answers, as types: the one thing the page knows of the station.
 *
 * Ratios are 0…1 and are never clipped; rates are bit/s; times are RFC 3339 UTC; months are
 * `YYYY-MM`, Asia/Shanghai, half-open; codes of places are strings.
 */

/** Chinese first, English second. */
export interface Title {
  zh: string;
  en: string;
}

export type Level = 'province' | 'city' | 'county' | 'township' | 'village' | 'hamlet';

export interface Place {
  code: string;
  name: string;
  level: Level;
}

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

export interface Goal {
  atLeast: number;
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
  minimumLines: number;
  /** The target in the plan's whole area and all carriers. */
  overall: AreaFigure;
}

export interface Carrier {
  code: string;
  title: Title;
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

export interface MetricDescription {
  name: string;
  title: Title;
  method: string;
  source: string;
  values: { name: string; title: Title; unit: string }[];
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
  /** Goal less figure, in the figure's unit; negative when the goal is passed, null without a figure. */
  gap: number | null;
  /** To the end of the plan; 0 or less when it is over. */
  monthsLeft: number;
  /** What each month left would have to bring; null when nothing is wanting or no month is left. */
  pacePerMonth: number | null;
  /** null below three months with a figure. */
  forecast: Forecast | null;
}

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

/** `GET /v1/geometry/counties`: SVG paths, already projected, y downward. */
export interface CountyGeometry {
  /** Of the whole drawing, in the paths' units. */
  width: number;
  height: number;
  source: string;
  crs: string;
  /** Lambert conformal conic: degrees, units in a kilometre, and where its pole lies in the drawing. */
  projection: {
    parallels: [number, number];
    meridian: number;
    unitsPerKm: number;
    pole: [number, number];
  };
  /** 审图号; null prints 「内部使用,未经地图审核」. */
  approval: string | null;
  counties: { code: string; name: string; city: string; path: string; label: [number, number] }[];
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

/** `GET /v1/quarantine?limit=100&cursor=&code=&probe=`: rows that were refused, latest received first. */
export interface QuarantineRow {
  code: string;
  title: Title;
  probe: string;
  /** Of the original line. */
  sha256: string;
  sequence: number | null;
  /** 1-based line of its report. */
  line: number;
  reason: string;
  /** The original's first 500 bytes, as text. */
  head: string;
  sizeB: number;
  source: string;
  received: string;
  /** When a reviewer last released it; null while it waits. */
  released: string | null;
}
export interface QuarantinePage {
  items: QuarantineRow[];
  next: string | null;
}

/** `GET /v1/monthly-reports`. Files under `/v1/monthly-reports/YYYY-MM/EDITION/report.{html,json,csv}`. */
export interface EditionRow {
  month: string;
  edition: number;
  sealedAt: string;
  sha256: string;
  formats: string[];
}

/** What a place of the register was from one day to another. */
export interface PlaceVersionRow {
  name: string;
  level: Level;
  parent: string;
  kind: string;
  /** `YYYY-MM-DD`, both inclusive; null: until something becomes of it. */
  validFrom: string;
  validTo: string | null;
  /** What became of it the day after: an action of `tongda register import places`; null: nothing. */
  ending: string | null;
  successors: string[];
  /** Served from a neighbouring province: in no denominator. */
  outside: boolean;
  note: string;
  source: string;
  position: PlacePosition | null;
  /** Its import; '' where it is older than imports. */
  import: string;
}

/** WGS 84, degrees, beside what was given. */
export interface PlacePosition {
  lat: number;
  lon: number;
  given: { lat: number; lon: number; crs: string };
  /** How far outside its county's outline, km, 0 within; null where there is no outline. */
  kmOutsideCounty: number | null;
}

/** `GET /v1/register/places/CODE`: a place through time, the oldest version first. */
export interface PlaceRecord {
  code: string;
  versions: PlaceVersionRow[];
  /** What it became in the end; empty while it is there. */
  successors: string[];
  predecessors: { code: string; ending: string; lastDay: string }[];
  /** Counts of people, the latest year first. */
  statistics: {
    asOf: number;
    residents: number | null;
    households: number | null;
    source: string;
    import: string;
  }[];
}

/** `GET /v1/register/imports?kind=places|lines|probes&limit=100`: files brought in, latest first. */
export interface ImportRow {
  import: string;
  kind: string;
  file: string;
  sha256: string;
  sizeB: number;
  rows: number;
  by: string;
  note: string;
  at: string;
}
export interface ImportList {
  items: ImportRow[];
}

/** Every error (RFC 9457, `application/problem+json`). `code` is stable and untranslated. */
export interface Problem {
  type: string;
  title: string;
  status: number;
  code: string;
  detail: string;
  detailEn: string;
}

/** An entry of the address library; `validTo` is the day it really ends, the last one for no end. */
export interface LibraryPrefix {
  prefix: string;
  family: 4 | 6;
  holder: string;
  /** '' where none is named. */
  carrier: string;
  area: string;
  purpose: string;
  /** The wider prefix it is declared a part of; '' for none. */
  partOf: string;
  validFrom: string;
  validTo: string;
  source: string;
  import: string;
}

/** A registered name and its home page, as a schedule takes them. */
export interface LibraryService {
  /** As DNS has it, and as it was written. */
  name: string;
  original: string;
  holder: string;
  kind: string;
  level: string;
  area: string;
  url: string;
  host: string;
  port: number;
  /** IP versions it should be reached over. */
  families: readonly number[];
  /** Lines its holder uses, by which an agency's egress is known. */
  lines: readonly string[];
  validFrom: string;
  validTo: string;
  source: string;
  import: string;
}

export interface LibraryPage<Item> {
  on: string;
  items: Item[];
  /** For `cursor`; null on the last page. */
  next: string | null;
}

/** Entries that cover an address on a day, the most specific first. */
export interface LibraryLookup {
  address: string;
  on: string;
  chain: LibraryPrefix[];
}

/** A figure about the library: `passed` of `observed`. */
export interface LibraryShare {
  method: string;
  /** null: nothing was observed. Never 0 for silence. */
  value: number | null;
  passed: number;
  observed: number;
  interval: Interval | null;
  /** When the newest measurement behind it came; null without any. */
  asOf: string | null;
}

/** All are counted, the first are listed. */
export interface LibraryList<Item> {
  count: number;
  items: readonly Item[];
}

export interface LibraryReport {
  month: string;
  /** false: raw rows of some day are past their retention, and the figures are of what is left. */
  whole: boolean;
  figures: {
    prefixCompleteness: LibraryShare;
    domainCompleteness: LibraryShare;
    accuracy: LibraryShare;
    egress: LibraryShare;
  };
  uncovered: LibraryList<{
    address: string;
    seenAs: 'source' | 'target';
    day: string;
    line: string;
    target: string;
  }>;
  unregistered: LibraryList<{ name: string; day: string; line: string }>;
  contradictions: LibraryList<{
    entry: { prefix: string; holder: string; carrier: string; area: string; validFrom: string };
    seen: { carrier: string; place: string };
    line: string;
    address: string;
    day: string;
  }>;
  outsideEgress: LibraryList<{
    agency: string;
    line: string;
    address: string;
    day: string;
    prefix: string;
  }>;
  overlaps: LibraryList<{
    kind: 'same-prefix' | 'undeclared';
    wider: LibraryPrefix;
    narrower: LibraryPrefix;
  }>;
  /** The day the gaps are of. */
  gapsOn: string;
  gaps: LibraryList<{ within: LibraryPrefix; prefix: string }>;
}

/** What was declared of a place, held against its lines; see `method`. */
export type Standing = 'confirmed' | 'contradicted' | 'declared' | 'unserved' | 'no evidence';

export type StandingRemark =
  | 'measured-not-declared'
  | 'lines-fail'
  | 'technology-contradicts'
  | 'optical-node-missing'
  | 'served-from-outside'
  | 'place-unknown';

/** How many places stand where; the parts add up to `places`. */
export interface StandingCounts {
  places: number;
  confirmed: number;
  contradicted: number;
  declared: number;
  unserved: number;
  'no evidence': number;
}

/** The version of the carrier's filing that counts as of `receivedBy`. */
export interface StandingFiling {
  /** From 1. */
  version: number;
  received: string;
  sha256: string;
}

/** What the answers about standings have in common. */
export interface StandingScope {
  target: string;
  declares: 'fibre' | 'mobile';
  month: string;
  carrier: string;
  /** Filings received later are not looked at. Given again, the same filing counts again. */
  receivedBy: string;
  method: string;
  /** null: nothing was filed. */
  filing: StandingFiling | null;
}

export interface StandingRow {
  place: Place;
  standing: Standing;
  remarks: readonly StandingRemark[];
  /** Line of the filed file; null: nothing was filed for the place. */
  row: number | null;
  lines: { sufficient: number; passed: number; registered: number };
}

/**
 * `GET /v1/standings?target=&month=YYYY-MM&carrier=CODE&within=32&receivedBy=&limit=100&cursor=`: the
 * villages the target is for that are not served from outside, and hamlets of theirs that were filed.
 */
export interface StandingPage extends StandingScope {
  within: Place;
  counts: { villages: StandingCounts; hamlets: StandingCounts };
  items: StandingRow[];
  next: string | null;
}

export interface StandingLine {
  line: string;
  technology: string;
  runs: number;
  /** With a run, Asia/Shanghai. */
  days: number;
  /** In the indicator's unit; null: nothing was measured. */
  value: number | null;
  sufficient: boolean;
  /** null without sufficient evidence. */
  passed: boolean | null;
  /** Its raw rows. */
  measurements: string;
}

/** `GET /v1/standings/CODE?target=&month=&carrier=&receivedBy=`: all that stands behind one standing. */
export interface StandingEvidence extends StandingScope {
  place: Place;
  standing: Standing;
  remarks: readonly StandingRemark[];
  rule: { minimumRuns: number; minimumDays: number; atLeast: number };
  indicator: { name: string; method: string; unit: string };
  declared: { row: number; reached: boolean; technology: string; opticalNode: string } | null;
  lines: StandingLine[];
}

export interface FilingRow {
  carrier: string;
  /** A first version after the due day is `late` for good, also when it is corrected. */
  state: 'on time' | 'late' | 'missing' | 'awaited' | 'resubmitted';
  versions: number;
  /** Of the version that counts; null without one. */
  received: string | null;
  /** Rows of either sheet. */
  places: number;
  areas: number;
  warnings: number;
}

/** `GET /v1/filings?month=YYYY-MM`: every carrier of the plan, in the plan's order. */
export interface FilingList {
  month: string;
  /** From this instant on a first version is late. */
  due: string;
  items: FilingRow[];
}
