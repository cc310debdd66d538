/** The values of a measurement, from their bytes to whole numbers of their resolution. */
import type { Rows } from '../../sql/cells.ts';
import type { QuickMetric } from './head.ts';
import { BRACE, COMMA, literal, NO, number, read } from './json-bytes.ts';

/** Columns for values in a row: `v0` to `v15`. */
const SLOTS = 16;

/** Those of the line last read. */
export class Values {
  readonly #stored = new Float64Array(SLOTS);
  /** A bit for each slot that has one. */
  #present = 0;

  /** From behind the brace that opens them; the place behind the one that closes them, or NO. */
  read(b: Uint8Array, from: number, metric: QuickMetric): number {
    if (from < 0) return NO;
    const { values } = metric;
    const all = this.#stored;
    let at = from;
    let present = 0;
    for (let expected = 0; b[at] !== BRACE; ) {
      if (present !== 0 && b[at++] !== COMMA) return NO;
      const slot = slotAt(b, at, values, expected);
      if (slot < 0 || present & (1 << slot)) return NO;
      const { key, resolution } = values[slot] as QuickMetric['values'][number];
      at = number(b, at + key.length);
      if (at < 0) return NO;
      const stored = Math.round(read / resolution);
      if (!Number.isSafeInteger(stored)) return NO;
      all[slot] = stored;
      present |= 1 << slot;
      expected = slot + 1;
    }
    this.#present = present;
    return at + 1;
  }

  /**
   * Writes their cells of the row that comes next.
   *
   * @param first the column of `v0`
   */
  put({ cells, capacity, count }: Rows, first: number): void {
    const stored = this.#stored;
    const present = this.#present;
    for (let slot = 0; slot < SLOTS; slot++)
      cells[count + (first + slot) * capacity] =
        (present & (1 << slot)) !== 0 ? (stored[slot] as number) : Number.NaN;
  }
}

/** Whose key stands at `at`; `expected` is looked for first. */
function slotAt(
  b: Uint8Array,
  at: number,
  values: QuickMetric['values'],
  expected: number,
): number {
  for (let step = 0; step < values.length; step++) {
    const slot = (expected + step) % values.length;
    if (literal(b, at, (values[slot] as QuickMetric['values'][number]).key) >= 0) return slot;
  }
  return NO;
}
