/**
 * A challenge (异议): somebody disputes a standing, the other side replies, the authority decides. From
 * what was said, in whatever order it came in, to where the challenge stands. Pure.
 *
 * | state       | what may be said next, and by whom                                                |
 * | ----------- | --------------------------------------------------------------------------------- |
 * | `open`      | a reply by the other side (a decision, where that is the authority itself)         |
 * | `overdue`   | the same, late; a decision, for silence holds nothing up                           |
 * | `rebutted`  | a decision; a concession after all                                                 |
 * | `conceded`  | a decision                                                                         |
 * | `upheld`, `dismissed`, `withdrawn` | nothing                                                     |
 *
 * Until a decision either side may add evidence, and whoever opened it may withdraw it. What is not
 * allowed is refused at the door; of two stations that say it at once the later word is in the log
 * without effect (`counts: false`).
 *
 * Steps and names are those of the FCC's challenges of availability data (47 CFR 1.7006): the provider
 * concedes or rebuts within a time, what is left is adjudicated. Otherwise than there, a concession or a
 * silence alters no standing by itself: that it is wrong does not say what holds instead, so a decision
 * does, or the carrier's next filing.
 */
import { dayAfter } from '../ingest/days.ts';
import { dayOf } from '../ingest/month.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { ChallengeState } from './contract/filing.ts';

/** Raised by whatever alters how challenges bear on standings. */
export const CHALLENGE_METHOD = 'challenge/1';

/** The party that decides; the other parties are carriers, by their codes. */
export const AUTHORITY = 'authority';

export type ChallengeEvent = QueryRow<'challenge_events'>;
export type EventKind = ChallengeEvent['kind'];

/** Why something may not be said. */
export type ChallengeRefusal =
  | 'challenge-exists'
  | 'challenge-party'
  | 'challenge-replied'
  | 'challenge-reply-awaited'
  | 'challenge-decided'
  | 'challenge-withdrawn';

export interface LoggedEvent {
  readonly event: ChallengeEvent;
  /** Whether it was allowed when its turn came. */
  readonly counts: boolean;
}

export interface Challenge {
  readonly id: string;
  readonly opened: ChallengeEvent;
  /** Who has to reply. */
  readonly respondent: string;
  readonly state: ChallengeState;
  /** The first instant that is too late. */
  readonly replyDue: Date;
  /** The same, for the decision. */
  readonly decisionDue: Date;
  /** The last that counts; null: none yet. */
  readonly reply: ChallengeEvent | null;
  /** Decision or withdrawal; null: undecided. */
  readonly end: ChallengeEvent | null;
  /** First said first. */
  readonly log: readonly LoggedEvent[];
}

/**
 * Where a challenge stands at an instant, by what was said until then; null when it was not opened by
 * then. Copies of an event and the order in which events are given change nothing.
 */
export function challengeOf(events: Iterable<ChallengeEvent>, at: Date): Challenge | null {
  const [first, ...later] = heard(events, at);
  if (!first) return null;
  let challenge = opening(first, at);
  for (const event of later) {
    const then = { ...challenge, state: stateAt(challenge, new Date(event.at)) };
    challenge = advanced(challenge, event, refusalOf(then, event) === null);
  }
  return { ...challenge, state: stateAt(challenge, at) };
}

/** Every challenge opened by then, first opened first. */
export function challengesOf(events: Iterable<ChallengeEvent>, at: Date): Challenge[] {
  const byId = new Map<string, ChallengeEvent[]>();
  for (const event of events) {
    const own = byId.get(event.challenge);
    if (own) own.push(event);
    else byId.set(event.challenge, [event]);
  }
  return [...byId.values()]
    .flatMap((own) => challengeOf(own, at) ?? [])
    .sort((a, b) => compare(a.opened, b.opened));
}

/** Why it may not be said now; null: it may. */
export function refusalOf(
  {
    state,
    respondent,
    opened,
    reply,
  }: Pick<Challenge, 'state' | 'respondent' | 'opened' | 'reply'>,
  { kind, party }: Pick<ChallengeEvent, 'kind' | 'party'>,
): ChallengeRefusal | null {
  if (kind === 'opened') return 'challenge-exists';
  if (state === 'withdrawn') return 'challenge-withdrawn';
  if (state === 'upheld' || state === 'dismissed') return 'challenge-decided';
  if (!mayEver(kind, { respondent, opener: opened.party }).includes(party))
    return 'challenge-party';
  if (kind === 'rebutted' && reply) return 'challenge-replied';
  if (kind === 'conceded' && reply?.kind === 'conceded') return 'challenge-replied';
  const decides = kind === 'upheld' || kind === 'dismissed';
  if (decides && state === 'open' && respondent !== AUTHORITY) return 'challenge-reply-awaited';
  return null;
}

export interface Awaited {
  readonly what: 'reply' | 'decision';
  readonly of: string;
  /** The first instant that is too late. */
  readonly due: Date;
  readonly late: boolean;
}

/** What is to come next at an instant, of whom and by when; null after the end. */
export function awaited(challenge: Challenge, at: Date): Awaited | null {
  const { state, end, respondent, replyDue, decisionDue } = challenge;
  if (end) return null;
  if (state === 'open') return { what: 'reply', of: respondent, due: replyDue, late: false };
  return { what: 'decision', of: AUTHORITY, due: decisionDue, late: at >= decisionDue };
}

/** The end of the day that is so many days after the day of an instant, Asia/Shanghai. */
export function endOfDayAfter(instant: Date, days: number): Date {
  const midnight = Date.parse(`${dayAfter(dayOf(instant))}T00:00:00+08:00`);
  return new Date(midnight + days * 86_400_000);
}

/** By when it was said, each once, from the opening on. */
function heard(events: Iterable<ChallengeEvent>, at: Date): ChallengeEvent[] {
  const byName = new Map<string, ChallengeEvent>();
  for (const event of events) if (new Date(event.at) <= at) byName.set(event.event, event);
  const ordered = [...byName.values()].sort(compare);
  const begin = ordered.findIndex(({ kind }) => kind === 'opened');
  return begin < 0 ? [] : ordered.slice(begin);
}

function compare(a: ChallengeEvent, b: ChallengeEvent): number {
  if (a.at !== b.at) return a.at < b.at ? -1 : 1;
  return a.event < b.event ? -1 : Number(a.event > b.event);
}

function opening(opened: ChallengeEvent, at: Date): Challenge {
  const replyDue = endOfDayAfter(new Date(opened.at), opened.replyDays);
  return {
    id: opened.challenge,
    opened,
    respondent: opened.party === AUTHORITY ? opened.carrier : AUTHORITY,
    state: at < replyDue ? 'open' : 'overdue',
    replyDue,
    decisionDue: decisionDueAfter(replyDue, opened.decisionDays),
    reply: null,
    end: null,
    log: [{ event: opened, counts: true }],
  };
}

function advanced(before: Challenge, event: ChallengeEvent, counts: boolean): Challenge {
  const challenge = { ...before, log: [...before.log, { event, counts }] };
  if (!counts || event.kind === 'evidence' || event.kind === 'opened') return challenge;
  if (event.kind !== 'conceded' && event.kind !== 'rebutted') return { ...challenge, end: event };
  if (before.reply) return { ...challenge, reply: event };
  const replied = new Date(event.at);
  const { replyDue, opened } = before;
  // A late reply moves nothing: the time to decide began when the time to reply was over.
  const decisionDue =
    replied < replyDue ? endOfDayAfter(replied, opened.decisionDays) : before.decisionDue;
  return { ...challenge, reply: event, decisionDue };
}

function decisionDueAfter(replyDue: Date, days: number): Date {
  return endOfDayAfter(new Date(replyDue.getTime() - 1), days);
}

function stateAt({ end, reply, replyDue }: Challenge, at: Date): ChallengeState {
  const said = (end ?? reply)?.kind;
  if (said && said !== 'opened' && said !== 'evidence') return said;
  return at < replyDue ? 'open' : 'overdue';
}

function mayEver(
  kind: Exclude<EventKind, 'opened'>,
  { opener, respondent }: { readonly opener: string; readonly respondent: string },
): readonly string[] {
  switch (kind) {
    case 'evidence':
      return [opener, respondent];
    case 'conceded':
    case 'rebutted':
      return [respondent];
    case 'upheld':
    case 'dismissed':
      return [AUTHORITY];
    case 'withdrawn':
      return [opener];
  }
}
