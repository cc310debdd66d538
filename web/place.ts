/** Codes of places: a code's prefixes are its ancestors. Pure. */
import type { Level } from '../api/contract/place.ts';

const LENGTHS: readonly [length: number, level: Level][] = [
  [2, 'province'],
  [4, 'city'],
  [6, 'county'],
  [9, 'township'],
  [12, 'village'],
];

export function levelOf(code: string): Level {
  return LENGTHS.find(([length]) => code.length <= length)?.[1] ?? 'hamlet';
}

/** Codes from the province down to `code` itself. */
export function lineage(code: string): string[] {
  return LENGTHS.filter(([length]) => length <= code.length).map(([length]) =>
    code.slice(0, length),
  );
}

/** Levels an area can be listed by: the next two below it, so that no list is endless. */
export function levelsBelow(code: string): Level[] {
  const next = LENGTHS.findIndex(([length]) => length > code.length);
  return next < 0 ? [] : LENGTHS.slice(next, next + 2).map(([, level]) => level);
}

/** What an area is listed by unless the reader asks otherwise: a province by its counties. */
export function defaultLevel(code: string): Level | null {
  const levels = levelsBelow(code);
  return (levelOf(code) === 'province' ? levels[1] : levels[0]) ?? null;
}
