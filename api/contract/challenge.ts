/** Challenges of standings: who disputes one, what the other side says, what was decided. */
import type { ChallengeDecision, ChallengeState, Standing } from './filing.ts';
import type { Place, Title } from './place.ts';

/** What may be said once a challenge is open. */
export type ChallengeWord =
  | 'evidence'
  | 'conceded'
  | 'rebutted'
  | 'upheld'
  | 'dismissed'
  | 'withdrawn';

export interface ChallengeRow {
  id: string;
  state: ChallengeState;
  title: Title;
  month: string;
  target: string;
  carrier: string;
  /** As the register has it at the month's end; `name` is '' where it has it no more. */
  place: Pick<Place, 'code' | 'name'>;
  party: string;
  by: string;
  opened: string;
  reason: string;
  /** The standing that was disputed, as it stood. */
  disputed: Standing;
  /** What is to come next; null after the end. */
  awaits: {
    what: 'reply' | 'decision';
    of: string;
    /** The first instant that is too late. */
    due: string;
    late: boolean;
  } | null;
  href: string;
}

/**
 * `GET /v1/challenges?month=&target=&carrier=&place=&state=&limit=100&cursor=`: latest opened first.
 * Without a month, of every month.
 */
export interface ChallengePage {
  method: string;
  items: ChallengeRow[];
  next: string | null;
}

/** How a standing stood when it was disputed or decided. */
export interface StoodStanding {
  standing: Standing;
  method: string;
  rule: { minimumRuns: number; minimumDays: number; atLeast: number };
  /** Import of the version that counted; null without one. */
  filing: string | null;
  declared: { row: number; reached: boolean; technology: string; opticalNode: string } | null;
  /** With sufficient evidence, by name. */
  lines: { passed: readonly string[]; failed: readonly string[] };
}

/** A file that was given as evidence: it is not kept, and known again by its hash. */
export interface ChallengeFile {
  name: string;
  sha256: string;
  sizeB: number;
}

/** A measurement that was given as evidence. */
export interface ChallengeMeasurement {
  probe: string;
  sequence: number;
  start: string;
  /** null: kept no longer. */
  row: {
    metric: string;
    outcome: 'ok' | 'failed' | 'skipped';
    line: string;
    place: string;
    carrier: string;
    href: string;
  } | null;
}

export interface ChallengeLogEntry extends ChallengeDecision {
  event: string;
  at: string;
  kind: 'opened' | ChallengeWord;
  /** Whose word it is. */
  party: string;
  by: string;
  /** The party that wrote it down. */
  entered: string;
  text: string;
  measurements: ChallengeMeasurement[];
  files: ChallengeFile[];
  /** false: said when it was no longer allowed, and without effect. */
  counts: boolean;
  /** Of the opening and of decisions. */
  stood: StoodStanding | null;
}

/** `GET /v1/challenges/ID`: a challenge with all that was said. */
export interface ChallengeDetail extends ChallengeRow {
  method: string;
  replyDue: string;
  decisionDue: string;
  /** The standing as it counts now. */
  standing: string;
  /** The same as it was known just before the challenge. */
  standingBefore: string;
  log: ChallengeLogEntry[];
}
