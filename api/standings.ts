/** The standings of a month, read from the store: one carrier's filing against its lines. */
import { FIXED_TECHNOLOGIES } from '../ingest/filing.ts';
import { type CountingFiling, countingFiling } from '../ingest/filing-store.ts';
import type { Place, Register } from '../ingest/register.ts';
import type { QueryRow } from '../sql/questions.ts';
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

export interface StandingOfPlace extends PlaceStanding {
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
  const versions = await reader.ask('filing_versions', { month });
  const filing = countingFiling(versions, carrier, receivedBy);
  const key = [target.id, month, carrier, filing?.import ?? '', within].join(' ');
  const places = await reader.recent(`standings ${key}`, () => judged(reader, question, filing));
  return { filing, places };
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
    return { ...standingOf(filed, linesAt.get(place.code) ?? [], place, rule), place };
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
