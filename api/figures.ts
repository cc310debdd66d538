/**
 * A target's figures in a month, whatever its indicator is drawn from: measurements, what carriers filed
 * of areas, or their declarations held against lines.
 */
import { countingFiling } from '../ingest/filing-store.ts';
import { isMeasured } from '../sql/indicator.ts';
import type { AreaFigure } from './contract/figure.ts';
import type { EvidenceReader } from './evidence.ts';
import { areaFigures, ofCarrier, type Scope } from './figure.ts';
import type { PlanTarget } from './plan.ts';
import { quotientFigures } from './quotient.ts';
import { reachFigures, standingsOfAny } from './reach.ts';
import { type DeclaringTarget, isDeclaring } from './standing.ts';
import { readStandings } from './standings.ts';

/** Draws the figures of a scope from a month's evidence. Pure. */
export type Figures = (scope: Scope) => AreaFigure[];

/** Figure and verdict of every place of a level, also of those of which nothing is known. */
export async function readFigures(
  reader: EvidenceReader,
  target: PlanTarget,
  month: string,
  scope: Scope,
): Promise<AreaFigure[]> {
  if (isMeasured(reader.indicatorOf(target))) return reader.figures(target, month, scope);
  const state = await reader.state(month);
  const key = `figures ${target.id} ${month}`;
  const figures = await (state === null
    ? reader.recent(key, () => figuresOf(reader, target, month))
    : reader.lastingOf(key, state, () => figuresOf(reader, target, month)));
  return figures(scope);
}

/** A target's figures from what the store holds now, rollups left aside: for what is sealed. */
export async function figuresOf(
  reader: EvidenceReader,
  target: PlanTarget,
  month: string,
): Promise<Figures> {
  const { kind } = reader.indicatorOf(target);
  if (kind === 'quotient') return quotientsOf(reader, target, month);
  if (isDeclaring(target)) return reachOf(reader, target, month);
  return measuredOf(reader, target, month);
}

async function measuredOf(
  reader: EvidenceReader,
  target: PlanTarget,
  month: string,
): Promise<Figures> {
  const indicator = reader.indicatorOf(target);
  const [evidence, register] = await Promise.all([
    reader.evidence(target, month),
    reader.register(month),
  ]);
  return ({ carrier, within, level }) =>
    areaFigures(
      target,
      indicator,
      ofCarrier(evidence, carrier, indicator),
      register,
      within,
      level,
    );
}

async function quotientsOf(
  reader: EvidenceReader,
  target: PlanTarget,
  month: string,
): Promise<Figures> {
  const indicator = reader.indicatorOf(target);
  const carriers = carriersOf(reader, target);
  const versions = await reader.ask('filing_versions', { month });
  const filings = carriers.flatMap(
    (carrier) => countingFiling(versions, carrier, reader.now()) ?? [],
  );
  const [rows, register] = await Promise.all([
    reader.store.quotient(indicator.name, {
      month,
      imports: filings.map((filing) => filing.import),
    }),
    reader.register(month),
  ]);
  const received = new Map(filings.map((filing) => [filing.carrier, filing.received]));
  return quotientFigures(target, indicator, { carriers, rows, received }, register);
}

async function reachOf(
  reader: EvidenceReader,
  target: DeclaringTarget,
  month: string,
): Promise<Figures> {
  const indicator = reader.indicatorOf(target);
  const question = {
    target,
    month,
    within: reader.plan.area,
    receivedBy: reader.now(),
  };
  const register = await reader.register(month);
  const byCarrier = await Promise.all(
    carriersOf(reader, target).map(async (carrier) => {
      const { places } = await readStandings(reader, { ...question, carrier });
      const standings = places.map(({ place, standing, asOf }) => ({
        place: place.code,
        standing,
        asOf,
      }));
      return [carrier, standings] as const;
    }),
  );
  const own = new Map(byCarrier);
  const any = standingsOfAny([...own.values()]);
  return (scope) => {
    const { carrier } = scope;
    const standings = carrier === null ? any : (own.get(carrier) ?? []);
    return reachFigures(target, indicator, standings, register, scope);
  };
}

/** Carriers a target is asked of. */
function carriersOf({ plan }: EvidenceReader, { carriers }: PlanTarget): readonly string[] {
  return carriers.length > 0 ? carriers : plan.carriers.map(({ code }) => code);
}
