/**
 * From a series of received bytes to a rate, and when to stop counting. Pure.
 *
 * The first second is slow start and is left out; the rate is the median of the 250 ms slices after
 * it. Where they are steady, 2.5 s are enough; where they are not (a sender still probing, a lossy
 * line on which data arrive in lumps) counting goes on to 10 s.
 *
 * Decision: the median, not a trimmed mean. On a 20 Mbit/s bottleneck with a short queue, data held
 * back behind a lost packet arrive in lumps; over eight runs of 10 s the mean that drops the low
 * 25 % and the high 10 % read 0.2 to 5.0 % high, the median of the same slices −0.8 to 0.0 %.
 */
import { dispersion, median } from './sample.ts';

/** Width of one entry of a byte series. */
export const SLOT_MS = 100;
const SLICE_MS = 250;
/** Of slow start: nothing before is counted, and no delay before is one under load. */
export const RAMP_MS = 1_000;
/**
 * Six slices. A full link of 100 Mbit/s carries 12.5 MB/s, and what is under way when counting ends
 * still comes: 3 s of counting would move 38 MB, this moves less than 35 over long paths, too.
 */
const QUICK_MS = 2_500;
export const FULL_MS = 10_000;
/** A self-test over loopback: no round trips to grow over, so it ramps and ends sooner. */
const BRIEF_RAMP_MS = 250;
const BRIEF_MS = 1_000;
/** Interquartile range over median up to which a quick run is enough. */
const STEADY = 0.05;
/** One second of slices: the least a rate is taken from when the byte limit ends a run early. */
const MINIMUM_SLICES = 4;

export type RateMode = 'brief' | 'quick' | 'full';

/** When a run may be over, by the receiver's clock; between these there is nothing to decide. */
export const STOPS_MS: Readonly<Record<RateMode, readonly number[]>> = {
  brief: [BRIEF_MS],
  quick: [QUICK_MS, FULL_MS],
  full: [FULL_MS],
};

export interface RateEstimate {
  readonly rateBps: number;
  /** Interquartile range over median of the 250 ms slices. */
  readonly dispersionRatio: number | undefined;
  /** Counted time, ramp included. */
  readonly durationMs: number;
}

/**
 * Decides whether the bytes received so far are enough.
 *
 * @param seriesB bytes received in each 100 ms since the first byte, by the receiver's clock
 * @param elapsedMs how long the receiver has counted; the entry it lies in is still filling
 * @returns undefined to go on
 */
export function estimateRate(
  seriesB: readonly number[],
  elapsedMs: number,
  mode: RateMode,
): RateEstimate | undefined {
  if (mode === 'brief')
    return elapsedMs < BRIEF_MS
      ? undefined
      : medianWithin(seriesB, elapsedMs, BRIEF_RAMP_MS, BRIEF_MS);
  if (elapsedMs >= FULL_MS) return medianWithin(seriesB, elapsedMs, RAMP_MS, FULL_MS);
  if (mode === 'full' || elapsedMs < QUICK_MS) return undefined;
  const estimate = medianWithin(seriesB, elapsedMs, RAMP_MS, QUICK_MS);
  const isSteady = (estimate?.dispersionRatio ?? Number.POSITIVE_INFINITY) <= STEADY;
  return isSteady ? estimate : undefined;
}

/**
 * The rate of a run that its byte limit ended early, from whole slices after the ramp.
 *
 * @returns undefined where less than a second of them is left
 */
export function estimateCutRate(
  seriesB: readonly number[],
  elapsedMs: number,
): RateEstimate | undefined {
  const slices = Math.floor((elapsedMs - RAMP_MS) / SLICE_MS);
  if (slices < MINIMUM_SLICES) return undefined;
  const toMs = Math.min(FULL_MS, RAMP_MS + slices * SLICE_MS);
  return medianWithin(seriesB, elapsedMs, RAMP_MS, toMs);
}

function medianWithin(
  seriesB: readonly number[],
  elapsedMs: number,
  fromMs: number,
  toMs: number,
): RateEstimate | undefined {
  const slices = slicesBps(seriesB, elapsedMs, fromMs, toMs);
  const rateBps = median(slices);
  return rateBps === undefined
    ? undefined
    : { rateBps, dispersionRatio: dispersion(slices), durationMs: toMs };
}

/** Mean rate of every whole 250 ms slice within [fromMs, toMs), in bit/s; `toMs` ≤ `elapsedMs`. */
export function slicesBps(
  seriesB: readonly number[],
  elapsedMs: number,
  fromMs: number,
  toMs: number,
): number[] {
  const slices: number[] = [];
  for (let start = fromMs; start + SLICE_MS <= toMs; start += SLICE_MS) {
    const bytes =
      receivedB(seriesB, elapsedMs, start + SLICE_MS) - receivedB(seriesB, elapsedMs, start);
    slices.push((bytes * 8 * 1_000) / SLICE_MS);
  }
  return slices;
}

/** Bytes received before `ms`; within a slot they are taken to have come evenly. */
function receivedB(seriesB: readonly number[], elapsedMs: number, ms: number): number {
  const whole = Math.floor(ms / SLOT_MS);
  const intoMs = ms - whole * SLOT_MS;
  const before = seriesB.slice(0, whole).reduce((sum, bytes) => sum + bytes, 0);
  if (intoMs === 0) return before;
  const filledMs = Math.min(SLOT_MS, elapsedMs - whole * SLOT_MS);
  return before + ((seriesB[whole] ?? 0) * intoMs) / filledMs;
}

/** Collects arrivals into a byte series that starts with the first of them. */
export class ByteSeries {
  readonly seriesB: number[] = [];
  totalB = 0;
  #startMs: number | undefined;

  /** @param nowMs any monotonic clock, the same for every call */
  add(bytes: number, nowMs: number): void {
    this.#startMs ??= nowMs;
    const slot = Math.floor((nowMs - this.#startMs) / SLOT_MS);
    while (this.seriesB.length <= slot) this.seriesB.push(0);
    this.seriesB[slot] = (this.seriesB[slot] ?? 0) + bytes;
    this.totalB += bytes;
  }

  /** Time since the first arrival; 0 before it. */
  elapsedMs(nowMs: number): number {
    return this.#startMs === undefined ? 0 : nowMs - this.#startMs;
  }
}
