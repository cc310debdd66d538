/** The standings of a month, read from the store: one carrier's filing against its lines. */
import { FIXED_TECHNOLOGIES } from '../ingest/filing.ts';
import { type CountingFiling, countingFiling } from '../ingest/filing-store.ts';
import { grouped } from '../ingest/grouped.ts';
import { Refusal } from '../ingest/refusal.ts';
import type { Place, Register } from '../ingest/register.ts';
import type { QueryRow } from '../sql/questions.ts';
import { type Challenge, challengesOf } from './challenge.ts';
import { applied, type Counted } from './challenge-effect.ts';
import type { EvidenceReader } from './evidence.ts';
import { filedPlaces } from './filed.ts';
import { spanParameters } from './judgement.ts';
import type { PlanTarget } from './plan.ts';
import {
  type DeclaredPlace,
  type LineMonth,
  type PlaceStanding,
  standingOf,
  standingRule,
} from './standing.ts';

export type DeclaringTarget = PlanTarget & { readonly declares: 'fibre' | 'mobile' };

export interface StandingQuestion {
  readonly target: DeclaringTarget;
  readonly month: string;
  readonly carrier: string;
  /** A place's code: it and what lies below it. */
  readonly within: string;
  readonly receivedBy: Date;
}

/** What counts: judged by the rule, then as decided of challenges. */
export interface StandingOfPlace extends PlaceStanding, Counted {
  readonly place: Place;
}

export interface Standings {
  readonly filing: CountingFiling | null;
  /** In the order of codes: villages the target is for, and hamlets below them that were filed. */
  readonly places: readonly StandingOfPlace[];
}

/** Lines that bear on a declaration: a phone in a village says nothing of its fibre. */
const BEARING: Readonly<Record<DeclaringTarget['declares'], ReadonlySet<string>>> = {
  fibre: new Set(FIXED_TECHNOLOGIES),
  mobile: new Set(['lte', 'nr']),
};

/**
 * Every place of the question with its standing; a village served from outside is no place of its, as in
 * every other figure, unless it was asked for by its own code. Judged once for all who ask within seconds,
 * so that turning pages costs one judgement.
 */
export async function readStandings(
  reader: EvidenceReader,
  question: StandingQuestion,
): Promise<Standings> {
  const { target, month, carrier, within, receivedBy } = question;
  const [versions, challenges] = await Promise.all([
    reader.ask('filing_versions', { month }),
    disputed(reader, question),
  ]);
  const filing = countingFiling(versions, carrier, receivedBy);
  const key = [target.id, month, carrier, filing?.import ?? '', within].join(' ');
  const places = await reader.recent(`standings ${key}`, () => judged(reader, question, filing));
  const counted = (judged: StandingOfPlace) => {
    const own = challenges.get(judged.place.code);
    return own ? applied(judged, own) : judged;
  };
  return { filing, places: challenges.size === 0 ? places : places.map(counted) };
}

/** What was disputed by then of the question's standings, by the place's code. */
async function disputed(
  reader: EvidenceReader,
  { target, month, carrier, receivedBy }: StandingQuestion,
): Promise<ReadonlyMap<string, readonly Challenge[]>> {
  const events = await reader.ask('challenge_events', { month, challenge: '' });
  const own = challengesOf(events, receivedBy).filter(
    ({ opened }) => opened.target === target.id && opened.carrier === carrier,
  );
  return grouped(own, ({ opened }) => opened.place);
}

/** @throws Refusal `target-declares-nothing`: carriers file nothing of it, so it has no standings */
export function declaringTarget({ declares, ...target }: PlanTarget): DeclaringTarget {
  if (declares) return { ...target, declares };
  throw new Refusal(
    404,
    'target-declares-nothing',
    `目标 ${target.id} 不涉及运营商填报(规划中无 declares),没有核验结论`,
    `target ${target.id} is about nothing carriers file (the plan has no declares for it): it has no standings`,
  );
}

async function judged(
  reader: EvidenceReader,
  { target, month, carrier, within }: StandingQuestion,
  filing: CountingFiling | null,
): Promise<StandingOfPlace[]> {
  const span = spanParameters(month);
  const { evidence, indicator, declares } = target;
  const [register, registered, sufficient, measured, rows] = await Promise.all([
    reader.register(month),
    reader.lines(month),
    reader.indicator(indicator, { ...span, ...evidence }),
    reader.indicator(indicator, { ...span, ...evidence, minimumRuns: 1, minimumDays: 1 }),
    filing ? filedPlaces(reader, filing) : [],
  ]);
  const declared = new Map(rows.map((row) => [row.place, row]));
  const enough = new Set(sufficient.map(({ line }) => line));
  const shown = new Map(measured.map((row) => [row.line, row]));
  const linesAt = new Map<string, LineMonth[]>();
  for (const { line, technology, ...now } of registered) {
    const row = shown.get(line);
    // What was measured votes where and for whom it was measured, wherever the line has gone since.
    const { place, carrier: own } = row ?? now;
    if (own !== carrier || !BEARING[declares].has(technology) || !place.startsWith(within))
      continue;
    const { runs = 0, days = 0, value = null } = row ?? {};
    const lineMonth = { line, technology, runs, days, value, sufficient: enough.has(line) };
    // A line of a hamlet is one of its village too.
    for (const code of new Set([place, place.slice(0, 12)])) {
      const lines = linesAt.get(code);
      if (lines) lines.push(lineMonth);
      else linesAt.set(code, [lineMonth]);
    }
  }
  const rule = standingRule(target, reader.indicatorOf(target).kind);
  return placesOf(register, within, target.villageKinds, declared).map((place) => {
    const row = declared.get(place.code);
    const filed = row ? declaredAs(declares, row) : null;
    return applied({ ...standingOf(filed, linesAt.get(place.code) ?? [], place, rule), place }, []);
  });
}

function placesOf(
  register: Register,
  within: string,
  kinds: readonly string[],
  declared: ReadonlyMap<string, unknown>,
): Place[] {
  const asked = register.find(within);
  if (asked?.level === 'hamlet' || asked?.level === 'village') return [asked];
  return register
    .below(within, 'village')
    .filter(({ kind, outside }) => !outside && (kinds.length === 0 || kinds.includes(kind)))
    .flatMap((village) => [
      village,
      ...register.below(village.code, 'hamlet').filter(({ code }) => declared.has(code)),
    ]);
}

/** What a row says in the target's words; null where it says nothing of it. Pure. */
export function declaredAs(
  declares: DeclaringTarget['declares'],
  { row, reached, technology, opticalNode, mobile }: QueryRow<'filing_places'>,
): DeclaredPlace | null {
  if (declares === 'fibre') return { row, reached, technology, opticalNode };
  if (mobile === '') return null;
  return { row, reached: mobile !== 'none', technology: mobile, opticalNode: '' };
}
