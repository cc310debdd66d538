/** What carriers declared, and how it stands. */
import type { Place } from './place.ts';
import type { Problem } from './problem.ts';

/** What was declared of a place, held against its lines; see `method`. */
export type Standing = 'confirmed' | 'contradicted' | 'declared' | 'unserved' | 'no evidence';

export type StandingRemark =
  | 'measured-not-declared'
  | 'lines-fail'
  | 'technology-contradicts'
  | 'optical-node-missing'
  | 'served-from-outside'
  | 'disputed'
  | 'decided'
  | 'decision-outdated';

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
  /** Of the bytes of its files, one behind the other. */
  sha256: string;
  /** Its entry among the imports: who brought it in, from which file. */
  import: string;
}

/** `open`: the other side may reply; `overdue`: it has not, and its time is over. */
export type ChallengeState =
  | 'open'
  | 'overdue'
  | 'conceded'
  | 'rebutted'
  | 'upheld'
  | 'dismissed'
  | 'withdrawn';

/** A decision that a challenge is right, and what follows. One of the two is empty. */
export interface ChallengeDecision {
  /** The standing that holds; '' where lines are set aside. */
  sets: Standing | '';
  /** Lines whose evidence does not count at the place in the month. */
  setsAside: readonly string[];
}

/** A challenge, as a standing names it. */
export interface StandingChallenge extends ChallengeDecision {
  id: string;
  state: ChallengeState;
  /** Who opened it: a carrier's code, or `authority`. */
  party: string;
  opened: string;
  /** null: undecided. */
  decided: string | null;
  /** The decision's reason; '' before. */
  why: string;
  /** Whether a decision alters what counts here. */
  bears: boolean;
  href: string;
}

/** What an answer about standings says of challenges, as of its `receivedBy`. */
export interface StandingDisputes {
  /** Of how decisions bear on standings. */
  method: string;
  undecided: number;
  decided: number;
  /** Places whose standing a decision changed. */
  changed: number;
  /** All of the carrier, target and month. */
  list: string;
}

/** What the answers about standings have in common. */
export interface StandingScope {
  target: string;
  month: string;
  carrier: string;
  /** Filings and challenges received later are not looked at. Given again, the same ones count again. */
  receivedBy: string;
  method: string;
  /** null: nothing was filed. */
  filing: StandingFiling | null;
  disputes: StandingDisputes;
}

/** What counts of a place, and how decisions of challenges came to it. */
export interface CountingStanding {
  standing: Standing;
  remarks: readonly StandingRemark[];
  /** By the rule alone; null where no decision changed anything. */
  judged: { standing: Standing; remarks: readonly StandingRemark[] } | null;
  /** First opened first. */
  challenges: StandingChallenge[];
}

export interface StandingRow extends CountingStanding {
  place: Place;
  /** Line of the filed file; null: nothing was filed for the place. */
  row: number | null;
  /** Those set aside by a decision are neither `sufficient` nor `passed`. */
  lines: { sufficient: number; passed: number; registered: number };
}

/**
 * `GET /v1/standings?target=&month=YYYY-MM&carrier=CODE&within=32&receivedBy=&limit=100&cursor=`: the
 * villages the target is for that are not served from outside, or the hamlets of such.
 */
export interface StandingPage extends StandingScope {
  within: Place;
  counts: StandingCounts;
  items: StandingRow[];
  next: string | null;
}

export interface StandingLine {
  line: string;
  technology: string;
  runs: number;
  /** With a run, Asia/Shanghai. */
  days: number;
  /** In the unit of the proof's indicator; null: nothing was measured. */
  value: number | null;
  sufficient: boolean;
  /** null without sufficient evidence. */
  passed: boolean | null;
  /** The challenge by whose decision the line's evidence does not count. */
  setAside?: string;
  /** Address of its raw rows. */
  measurements: string;
}

/** `GET /v1/standings/CODE?target=&month=&carrier=&receivedBy=`: all that stands behind one standing. */
export interface StandingEvidence extends StandingScope, CountingStanding {
  place: Place;
  rule: { minimumRuns: number; minimumDays: number; atLeast: number };
  /** What the lines were asked. */
  proof: { indicator: string; method: string; unit: string };
  declared: {
    row: number;
    reached: boolean;
    technology: string;
    opticalNode: string;
    /** The row as it was filed. */
    filed: string;
  } | null;
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

/** What the rows of a filing have in common. */
export interface FiledRow {
  code: string;
  /** As the register has it at the month's end; '' where it has it no more. */
  name: string;
  /** Line of the filed file. */
  row: number;
  note: string;
}

export interface FiledPlaceRow extends FiledRow {
  reached: boolean;
  /** '' where none is stated, as for the two below. */
  technology: string;
  opticalNode: string;
  mobile: string;
  /** `YYYY-MM-DD` */
  reachedOn: string | null;
}

/** null: not stated. The tiers are subscribers by subscribed rate from so many Mbit/s on, to the next one. */
export interface FiledAreaRow extends FiledRow {
  tierBelow4: number | null;
  tier4: number | null;
  tier12: number | null;
  tier20: number | null;
  tier50: number | null;
  tier100: number | null;
  tier1000: number | null;
  subscribers: number | null;
  households: number | null;
  residents: number | null;
  cableHouseholds: number | null;
  digitalHouseholds: number | null;
  twoWayHouseholds: number | null;
  cableSubscribers: number | null;
  ipv6Terminals: number | null;
  terminals: number | null;
  hotspots: number | null;
  baseStations: number | null;
  platformUsers: number | null;
}

/**
 * `GET /v1/filings/CARRIER/YYYY-MM/places|areas?receivedBy=&within=32&limit=100&cursor=`: the rows of the
 * version that counts as of `receivedBy`, in the order of codes.
 */
export interface FiledPage<Row extends FiledRow> {
  month: string;
  carrier: string;
  receivedBy: string;
  within: Place;
  /** null: nothing was filed. */
  filing: StandingFiling | null;
  items: Row[];
  next: string | null;
}

export type FiledCell = string | number | boolean | null;

export interface FiledSheetDiff {
  /** How many there are of each; the lists stop at `limit`. */
  counts: { added: number; removed: number; changed: number };
  /** In the order of codes, as the three lists all are. */
  added: readonly FiledCells[];
  removed: readonly FiledCells[];
  changed: readonly {
    code: string;
    /** Lines of either file. */
    from: number;
    to: number;
    cells: readonly { column: string; from: FiledCell; to: FiledCell }[];
  }[];
}

export interface FiledCells {
  code: string;
  /** Line of the filed file. */
  row: number;
  /** By the names of `FiledPlaceRow` or `FiledAreaRow`. */
  cells: Readonly<Record<string, FiledCell>>;
}

/**
 * `GET /v1/filings/CARRIER/YYYY-MM/diff?from=1&to=2&limit=1000`: what a version says otherwise than an
 * earlier one; by default the latest and the one before.
 */
export interface FilingDiff {
  month: string;
  carrier: string;
  from: StandingFiling;
  to: StandingFiling;
  places: FiledSheetDiff;
  areas: FiledSheetDiff;
}

/** What is wrong with a line of a filed file, or wants a look. */
export interface FilingRemark {
  /** As an editor or a spreadsheet counts, the header included; 1 also for the file as a whole. */
  line: number;
  /** As the header calls it; '' for the line as a whole. */
  column: string;
  code: string;
  /** Led by the file's or the worksheet's name where there are several. */
  zh: string;
  en: string;
  /** What stands there. */
  text: string;
}

/** Lists stop at 200; the counts do not. */
export interface FilingRemarks {
  /** Good rows. */
  rows: number;
  faults: readonly FilingRemark[];
  faultCount: number;
  warnings: readonly FilingRemark[];
  warningCount: number;
}

/**
 * `POST /v1/filings?carrier=CODE&month=YYYY-MM&dryRun=true` with the carrier's token: 201 when it is stored,
 * 200 when only a look was wanted; version and import are null then.
 */
export interface FilingReceipt extends FilingRemarks {
  month: string;
  carrier: string;
  /** From 1. */
  version: number | null;
  import: string | null;
}

/** The same, refused (422): nothing was stored. */
export interface FilingProblem extends Problem, FilingRemarks {}
