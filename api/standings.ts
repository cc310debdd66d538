/** The standings of a month, read from the store: one carrier's filing against its lines. */
import { type CountingFiling, countingFiling } from '../ingest/filing-store.ts';
import { grouped } from '../ingest/grouped.ts';
import { Refusal } from '../ingest/refusal.ts';
import { isOutside, type Place, type Register } from '../ingest/register.ts';
import { indicatorNamed, type Subject } from '../sql/indicator.ts';
import type { DeclaredRow, IndicatorRow } from '../sql/questions.ts';
import { type Challenge, challengesOf } from './challenge.ts';
import { applied, type Counted, UNDISPUTED } from './challenge-effect.ts';
import type { EvidenceReader } from './evidence.ts';
import { latest } from './figure.ts';
import { spanParameters } from './judgement.ts';
import type { PlanTarget } from './plan.ts';
import {
  type DeclaringTarget,
  isDeclaring,
  type LineMonth,
  type PlaceStanding,
  standingOf,
  standingRule,
} from './standing.ts';

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
  /** When the newest measurement or filing behind it was received; null for none. */
  readonly asOf: string | null;
}

export interface Standings {
  readonly filing: CountingFiling | null;
  /** In the order of codes: villages the target is for, or hamlets of such. */
  readonly places: readonly StandingOfPlace[];
}

/**
 * Every place of the question with its standing; a village the carrier serves from outside is no place of its, as in
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

/** @throws Refusal `target-declares-nothing`: carriers file no place of it, so it has no standings */
export function declaringTarget(target: PlanTarget): DeclaringTarget {
  if (isDeclaring(target)) return target;
  throw new Refusal(
    404,
    'target-declares-nothing',
    `目标 ${target.id} 不核验运营商填报的地点,没有核验结论`,
    `target ${target.id} is about no place that carriers file: it has no standings`,
  );
}

async function judged(
  reader: EvidenceReader,
  { target, month, carrier, within }: StandingQuestion,
  filing: CountingFiling | null,
): Promise<StandingOfPlace[]> {
  const [register, byCarrier, declarations] = await Promise.all([
    reader.register(month),
    shownBy(reader, target, month),
    filing ? declaredIn(reader, target, filing) : [],
  ]);
  const { subject } = reader.indicatorOf(target);
  const declared = new Map(declarations.map((row) => [row.place, row]));
  const shownAt = byCarrier.get(carrier);
  const rule = standingRule(target);
  return placesOf(register, within, subject, target.villageKinds, carrier).map((place) => {
    const row = declared.get(place.code) ?? null;
    const { lines: shown, newest } = shownAt?.get(place.code) ?? NOTHING;
    const filedAt = row && filing ? [filing.received] : [];
    const asOf = latest(newest === null ? filedAt : [newest, ...filedAt]);
    const outside = isOutside(place, carrier);
    // Written out, not spread: a province has tens of thousands of standings, and hardly one is disputed.
    const { standing, remarks, filing: filed, lines } = standingOf(row, shown, { outside }, rule);
    const { judged, challenges, setAside } = UNDISPUTED;
    return {
      standing,
      remarks,
      rule,
      filing: filed,
      lines,
      place,
      asOf,
      judged,
      challenges,
      setAside,
    };
  });
}

/** What a carrier's lines at a place have shown of a target's proof. */
interface Shown {
  readonly lines: LineMonth[];
  /** When the newest row behind them was received; null for none. */
  newest: string | null;
}

const NOTHING: Shown = { lines: [], newest: null };

/** By carrier, then by the place's code. Those who ask while it is drawn share it, as a figure's carriers do. */
function shownBy(
  reader: EvidenceReader,
  target: DeclaringTarget,
  month: string,
): Promise<ReadonlyMap<string, ReadonlyMap<string, Shown>>> {
  return reader.shared(`line months ${target.id} ${month}`, async () => {
    const span = spanParameters(month);
    const { evidence, proof } = target;
    const [registered, measured, isEnough] = await Promise.all([
      reader.lines(month),
      reader.indicator(proof.indicator, { ...span, ...evidence, minimumRuns: 1, minimumDays: 1 }),
      sufficiency(reader, target, month),
    ]);
    const shown = new Map(measured.map((row) => [row.subject, row]));
    const bearing = new Set(reader.indicatorOf(target).technologies);
    const byCarrier = new Map<string, Map<string, Shown>>();
    for (const now of registered) {
      const { line, technology } = now;
      if (!bearing.has(technology)) continue;
      const row = shown.get(line);
      // What was measured votes where and for whom it was measured, wherever the line has gone since.
      const { place, carrier } = row ?? now;
      const { runs = 0, days = 0, value = null, newest = null } = row ?? {};
      const sufficient = row !== undefined && isEnough(row);
      const lineMonth = { line, technology, runs, days, value, sufficient };
      const shownAt = byCarrier.get(carrier) ?? new Map<string, Shown>();
      byCarrier.set(carrier, shownAt);
      // A line of a hamlet is one of its village too.
      for (const code of new Set([place, place.slice(0, 12)])) {
        const at = shownAt.get(code) ?? { lines: [], newest: null };
        shownAt.set(code, at);
        at.lines.push(lineMonth);
        if (newest !== null && newest > (at.newest ?? '')) at.newest = newest;
      }
    }
    return byCarrier;
  });
}

/**
 * Whether what a line has shown is the evidence that the target asks for. Most indicators ask it of the
 * runs and days they tell; one that weighs them otherwise is asked for the lines that have it.
 */
async function sufficiency(
  reader: EvidenceReader,
  { evidence, proof }: DeclaringTarget,
  month: string,
): Promise<(shown: IndicatorRow) => boolean> {
  const { minimumRuns, minimumDays } = evidence;
  if (indicatorNamed(proof.indicator).line)
    return ({ runs, days }) => runs >= minimumRuns && days >= minimumDays;
  const rows = await reader.indicator(proof.indicator, { ...spanParameters(month), ...evidence });
  const enough = new Set(rows.map(({ subject }) => subject));
  return ({ subject }) => enough.has(subject);
}

/** What a version declares in the target's words. A version never changes, so it is read once. */
function declaredIn(
  reader: EvidenceReader,
  { indicator }: DeclaringTarget,
  { month, import: version }: CountingFiling,
): Promise<DeclaredRow[]> {
  return reader.lasting(`declared ${indicator} ${month} ${version}`, () =>
    reader.store.declared(indicator, { month, imports: [version] }),
  );
}

function placesOf(
  register: Register,
  within: string,
  subject: Subject,
  kinds: readonly string[],
  carrier: string,
): Place[] {
  const asked = register.find(within);
  if (asked?.level === subject) return [asked];
  return register
    .below(within, 'village')
    .filter(
      (village) =>
        !isOutside(village, carrier) && (kinds.length === 0 || kinds.includes(village.kind)),
    )
    .flatMap((village) =>
      subject === 'hamlet' ? register.below(village.code, 'hamlet') : [village],
    );
}
