/**
 * From what carriers filed of areas to a sum over a sum, of any area and carrier. Pure. Nothing is clipped:
 * there may be more subscriptions than households.
 *
 * What a carrier states of an area counts for it; only where it states nothing is the area the sum of those
 * below it, so nothing is counted twice; a base that carriers share is counted once. The interval is that of a count, and there is none while a
 * statement is missing: what was not filed is not 0.
 */
import { grouped } from '../ingest/grouped.ts';
import { type Area, LEVELS, type Level, type Place, type Register } from '../ingest/register.ts';
import { type Indicator, QUOTIENT_UNITS } from '../sql/indicator.ts';
import type { QuotientRow } from '../sql/questions.ts';
import type { AreaFigure, Figure } from './contract/figure.ts';
import { figureWith, judged, latest, type Scope } from './figure.ts';
import { census } from './interval.ts';
import type { PlanTarget } from './plan.ts';

/** Statements of a month. */
export interface Stated {
  /** Those the target is asked of. */
  readonly carriers: readonly string[];
  readonly rows: readonly QuotientRow[];
  /** When the filing of each that filed was received. */
  readonly received: ReadonlyMap<string, string>;
}

/** What is stated of an area. */
interface Sum {
  readonly amount: number;
  readonly base: number;
  /** Statements there are, of those that are due: one of an area whose parts state nothing either. */
  readonly filed: number;
  readonly due: number;
}

/**
 * Figure and verdict of every place of a level at or below another, for whatever scope is asked: what is
 * summed up for one serves the others.
 */
export function quotientFigures(
  target: PlanTarget,
  indicator: Indicator,
  { carriers, rows, received }: Stated,
  register: Register,
): (scope: Scope) => AreaFigure[] {
  const byCarrier = grouped(rows, (row) => row.carrier);
  const sumsOf = new Map(
    carriers.map((code) => [code, new Sums(byCarrier.get(code) ?? [], register)]),
  );
  return ({ carrier, within, level }) => {
    const asked = carriers.filter((code) => carrier === null || code === carrier);
    const sums = asked.flatMap((code) => sumsOf.get(code) ?? []);
    const asOf = latest(asked.flatMap((code) => received.get(code) ?? []));
    return register
      .areas(within, level)
      .map((area) => figureAt(target, indicator, sums, area, asOf));
  };
}

function figureAt(
  target: PlanTarget,
  indicator: Indicator,
  sums: readonly Sums[],
  { place, named, villages }: Area,
  asOf: string | null,
): AreaFigure {
  const whole = over(sums.map((each) => each.of(place)));
  const base = indicator.base === 'shared' ? sharedBase(sums, place) : whole.base;
  const figure = figureOf(
    indicator,
    { ...whole, base },
    {
      placesObserved: Math.max(0, ...sums.map((each) => each.villages(place))),
      placesRegistered: villages,
      asOf: whole.filed > 0 ? asOf : null,
    },
  );
  return judged(target, named, figure);
}

/** What one carrier states, summed up where it states only parts. */
class Sums {
  readonly #rows: ReadonlyMap<string, QuotientRow>;
  readonly #register: Register;
  readonly #known = new Map<string, Sum>();

  constructor(rows: readonly QuotientRow[], register: Register) {
    this.#rows = new Map(rows.map((row) => [row.area, row]));
    this.#register = register;
  }

  of(area: Place): Sum {
    // Filings end with the townships, and villages are nearly all places there are.
    if (!isFiledOf(area.level)) return NOT_FILED;
    let sum = this.#known.get(area.code);
    if (!sum) {
      sum = this.#sum(area);
      this.#known.set(area.code, sum);
    }
    return sum;
  }

  /** Base of the area's own statement; null where there is none. */
  ownBase({ code }: Place): number | null {
    return this.#rows.get(code)?.base ?? null;
  }

  /** Villages of the areas that are stated. */
  villages(area: Place): number {
    if (this.of(area).filed === 0) return 0;
    if (this.#rows.has(area.code)) return this.#register.villagesBelow(area.code);
    return this.parts(area).reduce((count, part) => count + this.villages(part), 0);
  }

  #sum(area: Place): Sum {
    const row = this.#rows.get(area.code);
    if (row) return { amount: row.amount, base: row.base, filed: 1, due: 1 };
    const parts = this.parts(area).map((part) => this.of(part));
    return parts.some(({ filed }) => filed > 0) ? over(parts) : NOT_FILED;
  }

  /** The areas right below that filings may be of. */
  parts({ code, level }: Place): readonly Place[] {
    const below = LEVELS[LEVELS.indexOf(level) + 1];
    return below && isFiledOf(below) ? this.#register.below(code, below) : [];
  }
}

function isFiledOf(level: Level): boolean {
  return level !== 'village' && level !== 'hamlet';
}

const NOT_FILED: Sum = { amount: 0, base: 0, filed: 0, due: 1 };

/** Several statements as one. */
function over(sums: readonly Sum[]): Sum {
  const whole = { amount: 0, base: 0, filed: 0, due: 0 };
  for (const sum of sums) {
    whole.amount += sum.amount;
    whole.base += sum.base;
    whole.filed += sum.filed;
    whole.due += sum.due;
  }
  return whole;
}

/**
 * The base of an area that is the same for all carriers: once, and of every part that any of them states,
 * whichever parts the others do.
 */
function sharedBase(sums: readonly Sums[], area: Place): number {
  const own = sums.flatMap((each) => each.ownBase(area) ?? []);
  if (own.length > 0) return Math.max(...own);
  const [any] = sums;
  if (!any || sums.every((each) => each.of(area).filed === 0)) return 0;
  return any.parts(area).reduce((whole, part) => whole + sharedBase(sums, part), 0);
}

function figureOf(
  indicator: Indicator,
  { amount, base, filed, due }: Sum,
  places: Pick<Figure, 'placesObserved' | 'placesRegistered' | 'asOf'>,
): Figure {
  const per = QUOTIENT_UNITS[indicator.unit as keyof typeof QUOTIENT_UNITS];
  const value = filed > 0 && base > 0 ? (amount / base) * per : null;
  return figureWith(indicator, {
    value,
    passed: filed > 0 ? amount : null,
    base: filed > 0 ? base : null,
    observed: filed,
    registered: due,
    standings: null,
    placesObserved: places.placesObserved,
    placesRegistered: places.placesRegistered,
    interval: value !== null && filed === due ? census(value) : null,
    asOf: places.asOf,
  });
}
