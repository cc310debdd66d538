/**
 * From standings of places to areas: the share of the places that are reached. Pure.
 *
 * Three strata, each of its own kind: of places declared as reached the lines bear out a part, and that
 * part is a sample of them; of places filed as not reached the share is 0, known without a probe; of places
 * nobody filed nothing is known, so they widen the interval and move no figure.
 */

import { ancestorCode, type Register } from '../ingest/register.ts';
import type { Indicator } from '../sql/indicator.ts';
import type { AreaFigure, Figure, Interval } from './contract/figure.ts';
import type { Standing } from './contract/filing.ts';
import { figureWith, groupByArea, judged, latest, type Scope } from './figure.ts';
import { finiteWilson, stratified } from './interval.ts';
import type { PlanTarget } from './plan.ts';
import { countStandings } from './standing.ts';

/** How a place stands for one carrier. */
export interface StandingAt {
  /** The place's code. */
  readonly place: string;
  readonly standing: Standing;
  /** When the newest measurement or filing behind it was received; null for none. */
  readonly asOf: string | null;
}

/** From the one that says most of a place being reached to the one that says least. */
const BEST_FIRST: readonly Standing[] = [
  'confirmed',
  'declared',
  'contradicted',
  'unserved',
  'no evidence',
];

/**
 * How each place stands whatever the carrier: as the best of them, for one that reaches it is enough. It is
 * `unserved` when none of those that filed of it says it is reached, silent ones notwithstanding.
 *
 * @param byCarrier the same places but for those one of them serves from outside, in any order
 */
export function standingsOfAny(byCarrier: readonly (readonly StandingAt[])[]): StandingAt[] {
  const best = new Map<string, StandingAt>();
  for (const own of byCarrier.flat()) {
    const other = best.get(own.place);
    const asOf = latest([own.asOf, other?.asOf ?? null].filter((instant) => instant !== null));
    const better =
      !other || BEST_FIRST.indexOf(own.standing) < BEST_FIRST.indexOf(other.standing) ? own : other;
    best.set(own.place, { ...better, asOf });
  }
  return [...best.values()];
}

/**
 * Figure and verdict of every place of a level at or below another.
 *
 * @param standings of one carrier, or of all by {@link standingsOfAny}: every place the target is for
 */
export function reachFigures(
  target: PlanTarget,
  indicator: Indicator,
  standings: readonly StandingAt[],
  register: Register,
  { carrier, within, level }: Scope,
): AreaFigure[] {
  const byArea = groupByArea(standings, level);
  return register.areas(within, level, target.villageKinds, carrier).map(({ named, villages }) => {
    const standingsAt = byArea.get(named.code) ?? [];
    return judged(target, named, reachFigure(indicator, standingsAt, { registered: villages }));
  });
}

function reachFigure(
  indicator: Indicator,
  standings: readonly StandingAt[],
  places: { readonly registered: number },
): Figure {
  const counts = countStandings(standings);
  const { confirmed, contradicted, declared, unserved } = counts;
  const sampled = confirmed + contradicted;
  const observed = sampled + unserved;
  const reached = confirmed + contradicted + declared;
  const filed = reached + unserved;
  const share = sampled > 0 ? confirmed / sampled : reached === 0 ? 0 : null;
  const villagesKnown = new Set<string>();
  let newest: string | null = null;
  for (const { place, standing, asOf } of standings) {
    const village = isKnown(standing) ? ancestorCode(place, 'village') : null;
    if (village !== null) villagesKnown.add(village);
    if (asOf !== null && (newest === null || asOf > newest)) newest = asOf;
  }
  return figureWith(indicator, {
    value: observed === 0 || share === null ? null : (reached * share) / filed,
    passed: observed === 0 ? null : confirmed,
    base: null,
    observed,
    registered: counts.places,
    standings: counts,
    placesObserved: villagesKnown.size,
    placesRegistered: places.registered,
    interval: observed === 0 ? null : intervalOf(counts, reached),
    asOf: newest,
  });
}

function intervalOf(
  { confirmed, contradicted, places, 'no evidence': silent }: ReturnType<typeof countStandings>,
  reached: number,
): Interval {
  const sampled = finiteWilson(confirmed, confirmed + contradicted, reached);
  const { low, high } = sampled ?? { low: 0, high: reached > 0 ? 1 : 0 };
  return stratified((reached * low) / places, (reached * high + silent) / places);
}

function isKnown(standing: Standing): boolean {
  return standing === 'confirmed' || standing === 'contradicted' || standing === 'unserved';
}
