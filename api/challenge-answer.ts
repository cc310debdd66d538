/** Challenges as the API and the command tell them. */
import type { Register } from '../ingest/register.ts';
import type { Store } from '../sql/store.ts';
import {
  AUTHORITY,
  awaited,
  CHALLENGE_METHOD,
  type Challenge,
  type ChallengeEvent,
} from './challenge.ts';
import { bearsOn, isDecided } from './challenge-effect.ts';
import { measurementKey, measurementsNamed } from './challenges.ts';
import type {
  ChallengeDetail,
  ChallengeLogEntry,
  ChallengeMeasurement,
  ChallengeRow,
  StoodStanding,
} from './contract/challenge.ts';
import type { ChallengeState, Standing, StandingChallenge } from './contract/filing.ts';
import type { Title } from './contract/place.ts';
import { measurementAt } from './measurement-cursor.ts';
import type { DeclaredPlace } from './standing.ts';

export const STATE_TITLES: Readonly<Record<ChallengeState, Title>> = {
  open: { zh: '待答复', en: 'awaits a reply' },
  overdue: { zh: '逾期未答复', en: 'no reply in time' },
  conceded: { zh: '对方认可', en: 'conceded' },
  rebutted: { zh: '对方反驳', en: 'rebutted' },
  upheld: { zh: '异议成立', en: 'upheld' },
  dismissed: { zh: '异议不成立', en: 'dismissed' },
  withdrawn: { zh: '已撤回', en: 'withdrawn' },
};

export const WORD_TITLES: Readonly<Record<ChallengeEvent['kind'], Title>> = {
  opened: { zh: '提出', en: 'opened' },
  evidence: { zh: '补充证据', en: 'evidence added' },
  conceded: { zh: '认可', en: 'conceded' },
  rebutted: { zh: '反驳', en: 'rebutted' },
  upheld: { zh: '决定:成立', en: 'decided: upheld' },
  dismissed: { zh: '决定:不成立', en: 'decided: dismissed' },
  withdrawn: { zh: '撤回', en: 'withdrawn' },
};

/** Of the parties, whoever they are. */
export function partyText(party: string): string {
  return party === AUTHORITY ? '主管部门 authority' : party;
}

/** Where all challenges of a carrier, target and month are listed. */
export function challengeList(of: {
  readonly month: string;
  readonly target: string;
  readonly carrier: string;
}): string {
  return `/v1/challenges?${new URLSearchParams(of)}`;
}

/** A challenge as a standing of which this is declared names it. */
export function markOf(challenge: Challenge, filing: DeclaredPlace | null): StandingChallenge {
  const { id, state, opened, end } = challenge;
  const decision = isDecided(challenge) ? end : null;
  return {
    ...{ id, state, party: opened.party, opened: opened.at },
    ...{ decided: decision?.at ?? null, why: decision?.text ?? '' },
    sets: (decision?.sets ?? '') as Standing | '',
    setsAside: decision?.setsAside ?? [],
    bears: bearsOn(challenge, filing),
    href: hrefOf(id),
  };
}

/** @param register of the month; @param at the instant as of which the challenge stands so */
export function rowOf(challenge: Challenge, register: Register, at: Date): ChallengeRow {
  const { id, state, opened } = challenge;
  const { month, target, carrier, party, by } = opened;
  const next = awaited(challenge, at);
  return {
    ...{ id, state, title: STATE_TITLES[state], month, target, carrier },
    place: { code: opened.place, name: register.find(opened.place)?.name ?? '' },
    ...{ party, by, opened: opened.at, reason: opened.text },
    disputed: opened.standing as Standing,
    awaits: next && { ...next, due: next.due.toISOString() },
    href: hrefOf(id),
  };
}

/** With all that was said, and where the measurements are that were given as evidence. */
export async function detailOf(
  store: Store,
  challenge: Challenge,
  register: Register,
  at: Date,
): Promise<ChallengeDetail> {
  const { opened, log, replyDue, decisionDue } = challenge;
  const given = log.flatMap(({ event }) => measurementsOf(event));
  const there = await measurementsNamed(store, given);
  const referenced = (event: ChallengeEvent): ChallengeMeasurement[] =>
    measurementsOf(event).map((key) => {
      const row = there.get(measurementKey(key));
      if (!row) return { ...key, row: null };
      const { metric, outcome, line, place, carrier } = row;
      return { ...key, row: { metric, outcome, line, place, carrier, href: measurementAt(row) } };
    });
  const { month, target, carrier, place } = opened;
  const standing = `/v1/standings/${place}?${new URLSearchParams({ month, target, carrier })}`;
  const before = new Date(Date.parse(opened.at) - 1).toISOString();
  return {
    ...rowOf(challenge, register, at),
    method: CHALLENGE_METHOD,
    replyDue: replyDue.toISOString(),
    decisionDue: decisionDue.toISOString(),
    standing,
    standingBefore: `${standing}&receivedBy=${before}`,
    log: log.map(({ event, counts }) => entryOf(event, counts, referenced(event))),
  };
}

function entryOf(
  event: ChallengeEvent,
  counts: boolean,
  measurements: ChallengeMeasurement[],
): ChallengeLogEntry {
  const { event: name, at, kind, party, by, entered, text, sets, setsAside } = event;
  return {
    ...{ event: name, at, kind, party, by, entered, text, measurements },
    files: event.files.map((file, index) => ({
      name: file,
      sha256: event.fileSha256s[index] ?? '',
      sizeB: event.fileSizesB[index] ?? 0,
    })),
    ...{ sets: sets as Standing | '', setsAside, counts, stood: stoodOf(event) },
  };
}

function stoodOf(event: ChallengeEvent): StoodStanding | null {
  const { standing, method, minimumRuns, minimumDays, atLeast, filing } = event;
  if (standing === '') return null;
  const { row, reached, technology, opticalNode, linesPassed, linesFailed } = event;
  return {
    ...{ standing: standing as Standing, method, rule: { minimumRuns, minimumDays, atLeast } },
    filing: filing || null,
    declared: row > 0 ? { row, reached, technology, opticalNode } : null,
    lines: { passed: linesPassed, failed: linesFailed },
  };
}

function measurementsOf({ probes, sequences, starts }: ChallengeEvent) {
  return probes.map((probe, index) => ({
    probe,
    sequence: sequences[index] ?? 0,
    start: starts[index] ?? '',
  }));
}

function hrefOf(id: string): string {
  return `/v1/challenges/${id}`;
}
