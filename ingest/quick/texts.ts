/** Texts of a line as the store keeps them. */
import { measurementSchema } from '../../probes/measurement.ts';
import { addressText, ended, type Texts } from '../../sql/cells.ts';
import { asIpv6 } from '../admission.ts';
import { latin1, literal, nameEnd } from './json-bytes.ts';

/** How many a column is expected to take turns with. */
const REMEMBERED = 4;

/** Texts of one column as cells, where the next is nearly always one of the last. */
export class RecentTexts {
  readonly #texts: Texts;
  readonly #last: { readonly bytes: Uint8Array; readonly place: number }[] = [];

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** The cell of the text from `from` to `to`. */
  placeOf(b: Uint8Array, from: number, to: number): number {
    for (const { bytes, place } of this.#last)
      if (bytes.length === to - from && literal(b, from, bytes) >= 0) return place;
    const place = this.#texts.placeOf(latin1(b, from, to));
    if (this.#last.length >= REMEMBERED) this.#last.shift();
    this.#last.push({ bytes: Uint8Array.prototype.slice.call(b, from, to), place });
    return place;
  }
}

/** What the store keeps of a measurement without an address. */
export const NO_ADDRESS = addressText('::');

const storedAddresses = new Map<string, string | null>();

/** What the store keeps of an address; null for what the schema calls none. */
export function storedAddress(written: string): string | null {
  let stored = storedAddresses.get(written);
  if (stored === undefined) {
    const valid = measurementSchema.shape.address.safeParse(written).success;
    stored = valid ? addressText(asIpv6(written)) : null;
    if (storedAddresses.size >= 10_000) storedAddresses.clear();
    storedAddresses.set(written, stored);
  }
  return stored;
}

/** Names that stand quoted and parted by commas from `at` on, as one text. */
export function namesOf(b: Uint8Array, at: number, count: number): string {
  let names = '';
  for (let name = at, index = 0; index < count; index++) {
    const end = nameEnd(b, name + 1);
    names += ended(latin1(b, name + 1, end));
    name = end + 2;
  }
  return names;
}
