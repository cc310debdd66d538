import { describe, expect, it } from 'vitest';
import { AUTHORITY, type ChallengeEvent, challengesOf } from '../../../api/challenge.ts';
import { applied, bearsOn } from '../../../api/challenge-effect.ts';
import {
  countStandings,
  type DeclaredPlace,
  type LineMonth,
  standingOf,
} from '../../../api/standing.ts';
import { chance } from '../../chance.ts';
import { anEvent } from './challenge-event.ts';

const RULE = { minimumRuns: 3, minimumDays: 2, atLeast: 20 };
const FILED: DeclaredPlace = { row: 2, reached: true, technology: 'ftth', opticalNode: 'OLT-7' };
const NODELESS: DeclaredPlace = { ...FILED, opticalNode: '' };

function line(name: string, value: number): LineMonth {
  return { line: name, technology: 'ftth', runs: 3, days: 2, value, sufficient: true };
}
/** Two fail, one passes. */
const LINES = [line('a', 1), line('b', 2), line('c', 30)];

function judged(filing: DeclaredPlace | null = FILED, lines = LINES) {
  return { ...standingOf(filing, lines, {}, RULE), place: { outside: false } };
}
let named = 0;
/** A challenge that ends as said, decided at that second. */
function decided(kind: 'upheld' | 'dismissed', over: Partial<ChallengeEvent> = {}, second = 0) {
  const challenge = `c${named++}`;
  const at = `2026-11-10T02:00:${String(second).padStart(2, '0')}.000000Z`;
  return [
    anEvent({ challenge, event: `${challenge}-o` }),
    anEvent({ challenge, event: `${challenge}-d`, kind, party: AUTHORITY, at, ...over }),
  ];
}
const NOW = new Date('2026-11-20T00:00:00Z');
const told = (events: readonly ChallengeEvent[], filing: DeclaredPlace | null = FILED) =>
  applied(judged(filing), challengesOf(events, NOW));

describe('a challenge of a standing', () => {
  it('says so, and changes nothing, until it is decided', () => {
    const open = [anEvent()];
    const reply = anEvent({
      kind: 'conceded',
      party: AUTHORITY,
      at: '2026-11-05T02:00:00.000000Z',
    });
    for (const events of [open, [...open, reply]])
      expect(told(events)).toMatchObject({
        standing: 'contradicted',
        remarks: ['lines-fail', 'disputed'],
        judged: null,
      });
    const withdrawn = anEvent({ kind: 'withdrawn', at: '2026-11-05T02:00:00.000000Z' });
    expect(told([...open, withdrawn])).toMatchObject({
      ...{ standing: 'contradicted', remarks: ['lines-fail'], judged: null },
      challenges: [{ state: 'withdrawn' }],
    });
  });

  it('that is dismissed leaves what was judged, and says that it was decided', () => {
    expect(told(decided('dismissed'))).toMatchObject({
      ...{ standing: 'contradicted', remarks: ['lines-fail', 'decided'], judged: null },
    });
  });

  it('that sets a line aside has the rest judged by the rule', () => {
    const events = decided('upheld', { setsAside: ['a'] });
    const counted = told(events);
    // One fails and one passes: a tie is no contradiction.
    expect(counted).toMatchObject({
      ...{ standing: 'confirmed', remarks: ['decided'] },
      judged: { standing: 'contradicted', remarks: ['lines-fail'] },
    });
    expect(counted.lines.map(({ line: name }) => name)).toEqual(['a', 'b', 'c']);
    expect([...counted.setAside]).toEqual([['a', counted.challenges[0]?.id]]);
    const all = told([...events, ...decided('upheld', { setsAside: ['b', 'c'] })]);
    expect(all).toMatchObject({ standing: 'declared', remarks: ['decided'] });
  });

  it('that sets the standing counts, without the reasons of the rule', () => {
    expect(told(decided('upheld', { sets: 'confirmed' }), NODELESS)).toMatchObject({
      // What was decided of OLT-7 is not said of a place that names no node any more.
      ...{ standing: 'contradicted', judged: null },
      remarks: ['lines-fail', 'optical-node-missing', 'decided', 'decision-outdated'],
    });
    const counted = told(decided('upheld', { sets: 'confirmed', opticalNode: '' }), NODELESS);
    expect(counted).toMatchObject({
      ...{ standing: 'confirmed', remarks: ['optical-node-missing', 'decided'] },
      judged: { standing: 'contradicted', remarks: ['lines-fail', 'optical-node-missing'] },
    });
    expect(countStandings([counted])).toMatchObject({ confirmed: 1, contradicted: 0, places: 1 });
  });

  it('outlives a version that says the same in another line, and no other', () => {
    const events = decided('upheld', { sets: 'unserved' });
    const outdated = (filing: DeclaredPlace | null) =>
      told(events, filing).remarks.includes('decision-outdated');
    expect(told(events, { ...FILED, row: 99 }).standing).toBe('unserved');
    expect(outdated({ ...FILED, row: 99 })).toBe(false);
    for (const filing of [
      null,
      { ...FILED, reached: false },
      { ...FILED, technology: 'dsl' },
      { ...FILED, opticalNode: 'OLT-8' },
    ]) {
      expect(outdated(filing)).toBe(true);
      expect(told(events, filing).standing).toBe(judged(filing).standing);
      const [challenge] = challengesOf(events, NOW);
      expect(challenge && bearsOn(challenge, filing)).toBe(false);
    }
    const unfiled = decided('upheld', { sets: 'unserved', row: 0, reached: false });
    expect(told(unfiled, null).standing).toBe('unserved');
    expect(told(unfiled, FILED).standing).toBe('contradicted');
  });

  it('gives way to a later decision, and a standing that was set to no line', () => {
    const set = (sets: string, second: number) => decided('upheld', { sets }, second);
    expect(told([...set('unserved', 2), ...set('confirmed', 1)]).standing).toBe('unserved');
    expect(
      told([...set('declared', 1), ...decided('upheld', { setsAside: ['a'] }, 2)]).standing,
    ).toBe('declared');
  });

  it('never loses what the rule found, whatever is decided', () => {
    const { below, oneOf, shuffled } = chance(3);
    for (let round = 0; round < 500; round++) {
      const lines = Array.from({ length: below(5) }, (_, index) => line(`l${index}`, below(40)));
      const filing = oneOf([FILED, NODELESS, null, { ...FILED, reached: false }]);
      const before = judged(filing, lines);
      const events = Array.from({ length: below(4) }, (_, index) =>
        decided(
          oneOf(['upheld', 'dismissed']),
          oneOf([
            { sets: oneOf(['confirmed', 'unserved', 'contradicted']) },
            { setsAside: [`l${below(5)}`] },
          ]),
          index,
        ),
      ).flat();
      const after = applied(before, challengesOf(events, NOW));
      expect(applied(before, challengesOf(shuffled(events), NOW))).toEqual(after);
      expect(after.judged?.standing ?? after.standing).toBe(before.standing);
      expect(after.judged?.remarks ?? after.remarks.filter((one) => !/^deci/.test(one))).toEqual(
        before.remarks,
      );
      expect(after.lines).toEqual(before.lines);
    }
  });
});
