import { describe, expect, it } from 'vitest';
import {
  AUTHORITY,
  awaited,
  type Challenge,
  type ChallengeEvent,
  challengeOf,
  challengesOf,
  type EventKind,
  endOfDayAfter,
  refusalOf,
} from '../../../api/challenge.ts';
import type { ChallengeState } from '../../../api/contract/filing.ts';
import { chance } from '../../chance.ts';
import { anEvent } from './challenge-event.ts';

const opened = anEvent();
const byAuthority = anEvent({ party: AUTHORITY });
/** On the tenth, unless told. */
function said(kind: EventKind, party: string, day = '2026-11-10'): ChallengeEvent {
  return anEvent({ kind, party, at: `${day}T02:00:00.000000Z` });
}
const day = (text: string) => new Date(`${text}T04:00:00Z`);
function standing(events: readonly ChallengeEvent[], at = day('2026-11-12')): Challenge {
  const challenge = challengeOf(events, at);
  if (!challenge) throw new Error('not opened');
  return challenge;
}

const KINDS = [
  'opened',
  'evidence',
  'conceded',
  'rebutted',
  'upheld',
  'dismissed',
  'withdrawn',
] as const satisfies readonly EventKind[];

/** By state: how it comes about when the authority has opened it, so that the carrier replies. */
const STATES: Readonly<Record<ChallengeState, readonly ChallengeEvent[]>> = {
  open: [byAuthority],
  overdue: [byAuthority],
  conceded: [byAuthority, said('conceded', 'telecom')],
  rebutted: [byAuthority, said('rebutted', 'telecom')],
  upheld: [byAuthority, said('rebutted', 'telecom'), said('upheld', AUTHORITY, '2026-11-11')],
  dismissed: [byAuthority, said('rebutted', 'telecom'), said('dismissed', AUTHORITY, '2026-11-11')],
  withdrawn: [byAuthority, said('withdrawn', AUTHORITY)],
};
const WHEN = (state: ChallengeState) => day(state === 'overdue' ? '2026-12-02' : '2026-11-12');

/** What each may say in each state; whatever is not here is refused. */
const ALLOWED: Readonly<Record<ChallengeState, readonly string[]>> = {
  open: [
    'authority evidence',
    'authority withdrawn',
    'telecom conceded',
    'telecom evidence',
    'telecom rebutted',
  ],
  overdue: [
    'authority dismissed',
    'authority evidence',
    'authority upheld',
    'authority withdrawn',
    'telecom conceded',
    'telecom evidence',
    'telecom rebutted',
  ],
  conceded: [
    'authority dismissed',
    'authority evidence',
    'authority upheld',
    'authority withdrawn',
    'telecom evidence',
  ],
  rebutted: [
    'authority dismissed',
    'authority evidence',
    'authority upheld',
    'authority withdrawn',
    'telecom conceded',
    'telecom evidence',
  ],
  upheld: [],
  dismissed: [],
  withdrawn: [],
};

describe('what may be said', () => {
  it.each(Object.keys(STATES) as ChallengeState[])('in %s, by each party', (state) => {
    const challenge = standing(STATES[state], WHEN(state));
    expect(challenge.state).toBe(state);
    const allowed: string[] = [];
    for (const party of [AUTHORITY, 'telecom', 'mobile'])
      for (const kind of KINDS) {
        const refusal = refusalOf(challenge, { kind, party });
        if (refusal === null) allowed.push(`${party} ${kind}`);
        else expect(refusal).toMatch(/^challenge-[a-z-]+$/);
        // What is refused at the door has no effect either when it is in the log.
        const at =
          state === 'overdue' ? '2026-12-02T03:00:00.000000Z' : '2026-11-12T03:00:00.000000Z';
        const more = anEvent({ kind, party, at, event: 'more' });
        const after = standing([...STATES[state], more], day('2026-12-02'));
        expect(after.log.at(-1)).toEqual({ event: more, counts: refusal === null });
      }
    expect(allowed.sort()).toEqual(ALLOWED[state]);
  });

  it.each([
    ['upheld', 'challenge-decided'],
    ['dismissed', 'challenge-decided'],
    ['withdrawn', 'challenge-withdrawn'],
    ['open', 'challenge-reply-awaited'],
  ] as const)('refuses a decision on an %s one as %s', (state, code) => {
    const challenge = standing(STATES[state], WHEN(state));
    expect(refusalOf(challenge, { kind: 'upheld', party: AUTHORITY })).toBe(code);
  });

  it('lets the authority decide at once where it is itself the other side', () => {
    const challenge = standing([opened]);
    expect(challenge.respondent).toBe(AUTHORITY);
    expect(refusalOf(challenge, { kind: 'upheld', party: AUTHORITY })).toBeNull();
    expect(refusalOf(challenge, { kind: 'upheld', party: 'telecom' })).toBe('challenge-party');
    expect(refusalOf(challenge, { kind: 'rebutted', party: 'telecom' })).toBe('challenge-party');
  });

  it('counts the first of two decisions, whichever came in first', () => {
    const first = said('upheld', AUTHORITY, '2026-11-11');
    const second = said('dismissed', AUTHORITY, '2026-11-12');
    for (const events of [
      [opened, first, second],
      [second, first, opened],
    ]) {
      const { state, log } = standing(events, day('2026-11-13'));
      expect(state).toBe('upheld');
      expect(log.map(({ counts }) => counts)).toEqual([true, true, false]);
    }
  });
});

describe('order and copies', () => {
  it('change nothing', () => {
    const { below, oneOf, shuffled, coin } = chance(7);
    const reached = new Set<string>();
    for (let round = 0; round < 2_000; round++) {
      const events = [
        anEvent({ party: oneOf([AUTHORITY, 'telecom']) }),
        ...Array.from({ length: below(8) }, (_, index) =>
          anEvent({
            kind: oneOf(KINDS),
            party: oneOf([AUTHORITY, 'telecom', 'mobile']),
            // Some at the same instant, some before it was opened.
            at: `2026-${oneOf(['10-31', '11-05', '11-05', '12-10'])}T02:00:00.00000${below(3)}Z`,
            event: `e${index}`,
          }),
        ),
      ];
      const at = day(oneOf(['2026-11-04', '2026-11-06', '2026-12-05', '2026-12-20']));
      const told = challengeOf(events, at);
      const again = [...events, ...events.filter(() => coin(0.5))];
      expect(challengeOf(shuffled(again), at)).toEqual(told);
      if (told) reached.add(told.state);
      // What comes later changes nothing of what was told as of then.
      const known = events.filter((event) => new Date(event.at) <= at);
      expect(challengeOf(known, at)).toEqual(told);
      // What has no effect can be left out.
      const counting = told?.log.filter(({ counts }) => counts).map(({ event }) => event) ?? [];
      expect(challengeOf(counting, at)?.state).toBe(told?.state);
      // At the end nothing more counts.
      const ends = counting.findIndex(({ kind }) =>
        ['upheld', 'dismissed', 'withdrawn'].includes(kind),
      );
      if (ends >= 0) expect(ends).toBe(counting.length - 1);
    }
    expect([...reached].sort()).toEqual(Object.keys(STATES).sort());
  });

  it('tells challenges apart, first opened first, and leaves out what is not opened yet', () => {
    const of = (challenge: string, at: string) => anEvent({ challenge, at, event: challenge });
    const events = [
      of('late', '2026-11-20T00:00:00.000000Z'),
      of('b', '2026-11-03T00:00:00.000000Z'),
      anEvent({ challenge: 'a', kind: 'evidence', at: '2026-11-02T00:00:00.000000Z', event: 'x' }),
      of('a', '2026-11-01T00:00:00.000000Z'),
    ];
    const found = challengesOf(events, day('2026-11-12'));
    expect(found.map(({ id, log }) => [id, log.length])).toEqual([
      ['a', 2],
      ['b', 1],
    ]);
    expect(challengeOf([], day('2026-11-12'))).toBeNull();
  });
});

describe('the clocks', () => {
  it('run to the end of the day in Shanghai, whatever the hour it was opened at', () => {
    // 2026-11-02 00:30 in Shanghai, then 23:59.
    expect(endOfDayAfter(new Date('2026-11-01T16:30:00Z'), 30).toISOString()).toBe(
      '2026-12-02T16:00:00.000Z',
    );
    expect(endOfDayAfter(new Date('2026-11-02T15:59:59Z'), 30).toISOString()).toBe(
      '2026-12-02T16:00:00.000Z',
    );
  });

  it('are overdue from midnight on, and no later word is in time again', () => {
    const due = '2026-12-01T16:00:00.000Z';
    const before = standing([byAuthority], new Date('2026-12-01T15:59:59.999Z'));
    expect([before.state, before.replyDue.toISOString()]).toEqual(['open', due]);
    expect(awaited(before, day('2026-11-12'))).toMatchObject({ what: 'reply', of: 'telecom' });
    const after = standing([byAuthority], new Date(due));
    expect(after.state).toBe('overdue');
    expect(awaited(after, new Date(due))).toEqual({
      ...{ what: 'decision', of: AUTHORITY, late: false },
      due: new Date('2026-12-31T16:00:00Z'),
    });
    // Replied late: the decision is due when it was due without.
    const late = standing(
      [byAuthority, said('rebutted', 'telecom', '2026-12-20')],
      day('2027-01-02'),
    );
    expect(awaited(late, day('2027-01-02'))).toMatchObject({
      due: new Date('2026-12-31T16:00:00Z'),
      late: true,
    });
  });

  it('give the decision its days after the first reply', () => {
    const replied = [byAuthority, said('rebutted', 'telecom')];
    expect(standing(replied).decisionDue.toISOString()).toBe('2026-12-10T16:00:00.000Z');
    const conceded = standing(
      [...replied, said('conceded', 'telecom', '2026-11-20')],
      day('2026-11-21'),
    );
    expect([conceded.state, conceded.decisionDue.toISOString()]).toEqual([
      'conceded',
      '2026-12-10T16:00:00.000Z',
    ]);
    expect(awaited(standing(STATES.upheld), day('2026-11-12'))).toBeNull();
  });
});
