/**
 * Statistics of one run's sample. Pure; nothing here knows a socket or a clock.
 *
 * A sample is an array in the order of sending; `undefined` stands for a packet that was lost.
 * RFC 2681 §2.4: the round-trip time of a lost packet is undefined, never 0. Delay statistics are
 * therefore of the packets that arrived, and loss is reported beside them (RFC 6703 §5).
 */

/** One delay per packet sent, in order; undefined where the packet was lost. */
export type DelaySample = readonly (number | undefined)[];

/**
 * The smallest observed value x with F(x) ≥ `p`, F being the empirical distribution
 * (RFC 2330 §11.3). Never interpolated: the answer is a value that was really seen.
 *
 * @returns undefined for an empty sample
 */
export function percentile(values: readonly number[], p: number): number | undefined {
  const sorted = ascending(values);
  // The subtraction forgives the rounding of n·p: 100 × 0.55 is 55.000000000000007.
  const rank = Math.max(1, Math.ceil(sorted.length * p - 1e-9));
  return sorted[rank - 1];
}

/** RFC 2330 §11.3: of an even number of values, the mean of the two central ones. */
export function median(values: readonly number[]): number | undefined {
  const sorted = ascending(values);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.ceil(sorted.length / 2) - 1];
  return upper === undefined || lower === undefined ? undefined : (lower + upper) / 2;
}

/** Mean of the values up to the `p` percentile; undefined for an empty sample. */
export function trimmedMean(values: readonly number[], p: number): number | undefined {
  const kept = ascending(values).slice(0, Math.ceil(values.length * p - 1e-9));
  return kept.length === 0 ? undefined : kept.reduce((sum, value) => sum + value) / kept.length;
}

/** Interquartile range over median: 0 for a steady series; undefined where the median is 0 or missing. */
export function dispersion(values: readonly number[]): number | undefined {
  const middle = median(values);
  const low = percentile(values, 0.25);
  const high = percentile(values, 0.75);
  if (!middle || low === undefined || high === undefined) return undefined;
  return (high - low) / middle;
}

export interface DelayStatistics {
  readonly minMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
  /** Packet delay variation: p95 − min (RFC 5481 §4.2). */
  readonly pdvMs: number;
  /** Mean |Δ| of neighbours that both arrived (RFC 3393, RFC 5481 §4.1); undefined without such a pair. */
  readonly ipdvMs: number | undefined;
}

/** @returns undefined when every packet was lost: there is no delay to speak of */
export function delayStatistics(sampleMs: DelaySample): DelayStatistics | undefined {
  const arrived = sampleMs.filter((value) => value !== undefined);
  const minMs = percentile(arrived, 0);
  const medianMs = median(arrived);
  const p95Ms = percentile(arrived, 0.95);
  const maxMs = percentile(arrived, 1);
  if (minMs === undefined || medianMs === undefined) return undefined;
  if (p95Ms === undefined || maxMs === undefined) return undefined;
  return { minMs, medianMs, p95Ms, maxMs, pdvMs: p95Ms - minMs, ipdvMs: meanStep(sampleMs) };
}

/** Lost / sent (RFC 2680 §4.1); undefined when nothing was sent: no evidence is not 0 % and not 100 %. */
export function lossRatio(sent: number, received: number): number | undefined {
  return sent === 0 ? undefined : (sent - received) / sent;
}

function meanStep(sample: DelaySample): number | undefined {
  let sum = 0;
  let pairs = 0;
  for (const [index, value] of sample.entries()) {
    const previous = index > 0 ? sample[index - 1] : undefined;
    if (value === undefined || previous === undefined) continue;
    sum += Math.abs(value - previous);
    pairs++;
  }
  return pairs === 0 ? undefined : sum / pairs;
}

function ascending(values: readonly number[]): number[] {
  return [...values].sort((a, b) => a - b);
}
