/** The samples of a measurement, from their bytes to the list that the store keeps. */
import type { Rows } from '../../sql/cells.ts';
import { CLOSE, COMMA, NO, number, read } from './json-bytes.ts';

const SAMPLES_MOST = 2_000;

/** The place of the closing bracket of a list of numbers that begins at `from`, or NO. */
export function samplesEnd(b: Uint8Array, from: number): number {
  if (b[from] === CLOSE) return from;
  for (let at = from, count = 1; ; count++) {
    at = number(b, at);
    if (at < 0 || count > SAMPLES_MOST || !Number.isFinite(Math.fround(read))) return NO;
    if (b[at] === CLOSE) return at;
    if (b[at] !== COMMA) return NO;
    at++;
  }
}

/** Appends the list between two places; its cell. */
export function appendSamples(rows: Rows, b: Uint8Array, from: number, end: number): number {
  let count = 1;
  for (let at = from; at < end; at++) if (b[at] === COMMA) count++;
  const cell = rows.roomForList(count);
  const { floats } = rows;
  floats[cell] = count;
  for (let at = from, index = 1; index <= count; index++) {
    at = number(b, at) + 1;
    floats[cell + index] = read;
  }
  rows.floatsEnd = cell + 1 + count;
  return cell;
}
