/** Whether a probe's clock leaves it in doubt which month a measurement is of. */
import { AHEAD_TOLERANCE_MS, OLDEST_MS } from '../admission.ts';
import { monthOf, monthSpan } from '../month.ts';

export class Months {
  readonly #nowMs: number;
  /** The month last asked for: nearly all lines of a report are of one. */
  #startMs = 0;
  #endMs = 0;

  /** @param nowMs the station's clock */
  constructor(nowMs: number) {
    this.#nowMs = nowMs;
  }

  /** As `clockFault` of `admission.ts` finds nothing. */
  isCertain(statedMs: number, offsetMs: number, uncertaintyMs: number): boolean {
    const earliest = statedMs + offsetMs - uncertaintyMs;
    const latest = statedMs + offsetMs + uncertaintyMs;
    if (Math.max(statedMs, earliest) > this.#nowMs + AHEAD_TOLERANCE_MS) return false;
    if (Math.min(statedMs, latest) < this.#nowMs - OLDEST_MS) return false;
    if (!(statedMs >= this.#startMs && statedMs < this.#endMs)) {
      const { start, end } = monthSpan(monthOf(new Date(statedMs)));
      this.#startMs = start.getTime();
      this.#endMs = end.getTime();
    }
    return earliest >= this.#startMs && latest < this.#endMs;
  }
}
