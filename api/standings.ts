/** The standings of a month, read from the store: one carrier's filing against its lines. */
import { type CountingFiling, countingFiling } from '../ingest/filing-store.ts';
import type { Place, Register } from '../ingest/register.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { EvidenceReader } from './evidence.ts';
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
  fibre: new Set(['ftth', 'fttb', 'fttn', 'docsis', 'dsl']),
  mobile: new Set(['lte', 'nr']),
};

/**
 * Every place of the question with its standing; a village served from outside is no place of its, as in
 * every other figure, unless it was asked for by its own code.
 */
export async function readStandings(
  reader: EvidenceReader,
  { target, month, carrier, within, receivedBy }: StandingQuestion,
): Promise<Standings> {
  const span = spanParameters(month);
  const { evidence, indicator, declares } = target;
  const [register, versions, registered, sufficient, measured] = await Promise.all([
    reader.register(month),
    reader.ask('filing_versions', { month }),
    reader.lines(month),
    reader.indicator(indicator, { ...span, ...evidence }),
    reader.indicator(indicator, { ...span, ...evidence, minimumRuns: 1, minimumDays: 1 }),
  ]);
  const filing = countingFiling(versions, carrier, receivedBy);
  const rows = filing
    ? await reader.ask('filing_places', { month, carrier, import: filing.import, within })
    : [];
  const declared = new Map(rows.map((row) => [row.place, row]));
  const enough = new Set(sufficient.map(({ line }) => line));
  const shown = new Map(measured.map((row) => [row.line, row]));
  const linesAt = new Map<string, LineMonth[]>();
  for (const { line, place, carrier: own, technology } of registered) {
    if (own !== carrier || !BEARING[declares].has(technology) || !place.startsWith(within))
      continue;
    const { runs = 0, days = 0, value = null } = shown.get(line) ?? {};
    const month = { line, technology, runs, days, value, sufficient: enough.has(line) };
    // A line of a hamlet is one of its village too.
    for (const code of new Set([place, place.slice(0, 12)]))
      linesAt.set(code, [...(linesAt.get(code) ?? []), month]);
  }
  const rule = standingRule(target, reader.indicatorOf(target).kind);
  const places = placesOf(register, within, target.villageKinds, declared).map((place) => {
    const row = declared.get(place.code);
    const known = { exists: true, servedFromOutside: place.outside ?? null };
    const filed = filing && row ? declaredAs(declares, filing.version, row) : null;
    return { ...standingOf(filed, linesAt.get(place.code) ?? [], known, rule), place };
  });
  return { filing, places };
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
  version: number,
  { row, reached, technology, opticalNode, mobile }: QueryRow<'filing_places'>,
): DeclaredPlace | null {
  if (declares === 'fibre') return { version, row, reached, technology, opticalNode };
  if (mobile === '') return null;
  return { version, row, reached: mobile !== 'none', technology: mobile, opticalNode: '' };
}
