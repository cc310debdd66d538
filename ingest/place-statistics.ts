/** Counts of people that a file of places brings along. Pure. */
import { countedCode, type Event } from './place-events.ts';

export interface PlaceStatistic {
  readonly code: string;
  /** Year of the count. */
  readonly asOf: number;
  readonly residents: number | null;
  readonly households: number | null;
  readonly source: string;
}

/** By code and year. */
export function placeStatistics(events: readonly Event[]): PlaceStatistic[] {
  return events.flatMap(statisticOf).sort(byCodeAndYear);
}

function statisticOf({ row }: Event): PlaceStatistic[] {
  const { residents, households, asOf, source } = row;
  if (asOf === null || (residents === null && households === null)) return [];
  return [{ code: countedCode(row), asOf, residents, households, source }];
}

function byCodeAndYear(a: PlaceStatistic, b: PlaceStatistic): number {
  return a.code < b.code ? -1 : a.code > b.code ? 1 : a.asOf - b.asOf;
}
