/** The start of a measurement, from its bytes: `2026-11-24T02:00:05.000Z`, in UTC. */
import { measurementSchema } from '../../probes/measurement.ts';
import { DOT, latin1, two, ZERO } from './json-bytes.ts';

/** Of a stamp, up to the Z that ends it. */
export const STAMP_B = 23;

const T = 0x54;
const COLON = 0x3a;

export class Starts {
  /** The date last met and its midnight: nearly all lines of a report are of one day. */
  #date = new Uint8Array(10);
  #midnightMs = Number.NaN;

  /** The instant at `at`, ms; NaN where there is none. The date is checked by the schema, once a day. */
  read(b: Uint8Array, at: number): number {
    if (at < 0) return Number.NaN;
    for (let index = 0; index < 10; index++)
      if (b[at + index] !== this.#date[index]) {
        if (!this.#learnDate(b, at)) return Number.NaN;
        break;
      }
    if (b[at + 10] !== T || b[at + 13] !== COLON || b[at + 16] !== COLON || b[at + 19] !== DOT)
      return Number.NaN;
    const hour = two(b, at + 11);
    const minute = two(b, at + 14);
    const second = two(b, at + 17);
    const ten = two(b, at + 20);
    const last = (b[at + 22] as number) - ZERO;
    if (!(hour < 24 && minute < 60 && second < 60 && ten < 100 && last >= 0 && last <= 9))
      return Number.NaN;
    return this.#midnightMs + ((hour * 60 + minute) * 60 + second) * 1000 + ten * 10 + last;
  }

  #learnDate(b: Uint8Array, at: number): boolean {
    const midnight = `${latin1(b, at, at + 10)}T00:00:00.000Z`;
    if (!measurementSchema.shape.start.safeParse(midnight).success) return false;
    this.#date = Uint8Array.prototype.slice.call(b, at, at + 10);
    this.#midnightMs = Date.parse(midnight);
    return true;
  }
}
