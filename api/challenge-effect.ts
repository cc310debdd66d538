/**
 * What challenges make of a standing that was judged by the rule. Pure.
 *
 * - Undecided ones change nothing; the remark `disputed` says that there are some.
 * - A decision that sets lines aside: the rule judges once more, from the lines that are left.
 * - A decision that sets the standing (a visit to the place): that is the standing, the last such decision
 *   of several, whatever lines are set aside. It was made of a declaration: when the carrier has stated
 *   otherwise of the place since, it no longer holds (`decision-outdated`) and the rule does.
 * - A dismissal leaves the standing as it was judged.
 *
 * Both decisions are told by `decided`, with the reason among the challenges, and where what counts
 * differs from what the rule says, `judged` keeps the latter.
 */
import type { Place } from '../ingest/register.ts';
import type { Challenge, ChallengeEvent } from './challenge.ts';
import type { Standing, StandingRemark } from './contract/filing.ts';
import { type DeclaredPlace, type PlaceStanding, standingOf } from './standing.ts';

/** What counts, and how that came. */
export interface Counted {
  /** By the rule alone; null where no decision changed anything. */
  readonly judged: Pick<PlaceStanding, 'standing' | 'remarks'> | null;
  /** Of this standing, first opened first. */
  readonly challenges: readonly Challenge[];
  /** By line, the challenge whose decision sets its evidence aside. */
  readonly setAside: ReadonlyMap<string, string>;
}

interface JudgedPlace extends PlaceStanding {
  readonly place: Pick<Place, 'outside'>;
}

/** Of a standing that nobody has challenged. */
export const UNDISPUTED: Counted = { judged: null, challenges: [], setAside: new Map() };

/** @param challenges of this place, carrier, month and target, first opened first, as of when it is told */
export function applied<Judged extends JudgedPlace>(
  judged: Judged,
  challenges: readonly Challenge[],
): Judged & Counted {
  if (challenges.length === 0) return { ...judged, ...UNDISPUTED };
  const upheld = decisions(challenges).filter(({ end }) => end.kind === 'upheld');
  const setAside = new Map<string, string>();
  for (const { id, end } of upheld) for (const line of end.setsAside) setAside.set(line, id);
  const rest =
    setAside.size === 0
      ? judged
      : standingOf(
          judged.filing,
          judged.lines.filter(({ line }) => !setAside.has(line)),
          judged.place,
          judged.rule,
        );
  const findings = upheld.filter(({ end }) => end.sets !== '');
  const finding = findings.findLast(({ end }) => saysTheSame(end, judged.filing));
  const standing = (finding?.end.sets as Standing | undefined) ?? rest.standing;
  const reasons =
    standing === rest.standing
      ? rest.remarks
      : rest.remarks.filter((remark) => !OF_THE_RULE.has(remark));
  const changed = standing !== judged.standing || reasons.join() !== judged.remarks.join();
  return {
    ...judged,
    standing,
    remarks: [...reasons, ...remarksOf(challenges, findings.length > 0 && !finding)],
    judged: changed ? { standing: judged.standing, remarks: judged.remarks } : null,
    challenges,
    setAside,
  };
}

/** Whether a challenge's decision bears on a standing of which this is declared now. */
export function bearsOn({ end }: Challenge, filing: DeclaredPlace | null): boolean {
  return end?.kind === 'upheld' && (end.sets === '' || saysTheSame(end, filing));
}

/** Why the rule found what it found: nothing to say where a decision found otherwise. */
const OF_THE_RULE: ReadonlySet<StandingRemark> = new Set(['lines-fail', 'technology-contradicts']);

function remarksOf(challenges: readonly Challenge[], outdated: boolean): StandingRemark[] {
  return [
    ...(challenges.some(({ end }) => end === null) ? (['disputed'] as const) : []),
    ...(decisions(challenges).length > 0 ? (['decided'] as const) : []),
    ...(outdated ? (['decision-outdated'] as const) : []),
  ];
}

type Decided = Challenge & { readonly end: ChallengeEvent };

/** First decided first. */
function decisions(challenges: readonly Challenge[]): Decided[] {
  return challenges
    .filter((challenge): challenge is Decided => isDecided(challenge))
    .sort((a, b) => (a.end.at < b.end.at ? -1 : Number(a.end.at > b.end.at)));
}

export function isDecided({ state }: Challenge): boolean {
  return state === 'upheld' || state === 'dismissed';
}

/** The line of the file is no part of it: a version that was sorted anew declares the same. */
function saysTheSame(
  { row, reached, technology, opticalNode }: ChallengeEvent,
  filing: DeclaredPlace | null,
): boolean {
  if (filing === null) return row === 0;
  return (
    row > 0 &&
    reached === filing.reached &&
    technology === filing.technology &&
    opticalNode === filing.opticalNode
  );
}
