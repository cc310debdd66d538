/**
 * What a metric is: one file in `metrics/`, one line in `catalogue.ts`, nothing else to touch.
 *
 * A metric takes target, parameters, family and signal, and gives a finding. It throws only when it
 * could not look; a network that does not answer is a finding with a `failed` outcome.
 */
import type { ZodType } from 'zod';
import type { Family, Hop, Outcome } from './measurement.ts';

/** Chinese first, English second. */
export interface Title {
  readonly zh: string;
  readonly en: string;
}

/** One number a metric reports. */
export interface ValueSpec {
  /** camelCase, ending in its unit: `rttMedianMs`, `rateBps`, `lossRatio`. */
  readonly name: string;
  readonly title: Title;
  /** As printed: `ms`, `bit/s`, `1` for ratios and counts, `B` for bytes. */
  readonly unit: string;
  /** The store keeps whole multiples of this: 0.001 ms, 1 bit/s, 0.000001 for ratios. */
  readonly resolution: number;
}

/** What one run of a metric found. */
export interface Finding {
  readonly outcome: Outcome;
  /** The address really used; null when none was. */
  readonly address: string | null;
  readonly values: Readonly<Record<string, number>>;
  readonly samples?: readonly number[];
  readonly hops?: readonly Hop[];
  /** Only where the method that ran is not the metric's own first choice. */
  readonly method?: string;
}

export interface MetricContext {
  /** Pinned; a metric never answers with the other family. */
  readonly family: Family;
  /** Aborts the run; the metric ends promptly and frees its sockets. */
  readonly signal: AbortSignal;
}

/** Takes what a target came to as soon as it is known; `index` is the target's place in the list. */
export type Found = (index: number, finding: Finding) => void;

export interface Metric<P = unknown> {
  readonly name: string;
  readonly title: Title;
  /** `name/version`; raised by whatever alters a published figure, and noted in the changelog. */
  readonly method: string;
  /** The standard the method follows, e.g. `RFC 2681`. */
  readonly source: string;
  /** What a target looks like, for `--help`. */
  readonly targetHint: string;
  /** `quiet` metrics are disturbed by traffic; `loud` ones make it. The agent never overlaps the two unnoticed. */
  readonly load: 'quiet' | 'loud';
  readonly parameters: ZodType<P>;
  /** The order is the storage contract: append only, at most 16, never reorder. */
  readonly values: readonly ValueSpec[];
  /**
   * The most bytes one run can move, both ways and with all headers: charged to the month's budget
   * before it runs. Afterwards a value `movedB`, `payloadB` or `bodyB` says what it was. Without
   * this hook a run is taken for `SMALL_RUN_B`.
   */
  costB?(parameters: P): number;
  /** null, or the reason (a name, e.g. `no-raw-socket`) this machine cannot run it: recorded as skipped. */
  canRun(family: Family): Promise<string | null>;
  run(target: string, parameters: P, context: MetricContext): Promise<Finding>;
  /** Many targets at once, where that is more than `run` several times; each is to be found once. */
  runMany?(
    targets: readonly string[],
    parameters: P,
    context: MetricContext & { readonly found: Found },
  ): Promise<void>;
}

/** More than any run that moves no bodies: a few dozen packets, a TLS handshake and its certificates. */
export const SMALL_RUN_B = 64 * 1024;
/** A body with the headers of all layers, acknowledgements and what is retransmitted, over itself. */
export const WITH_HEADERS = 1.1;

/** Keeps the parameter type of one metric while it is written. */
export function defineMetric<P>(metric: Metric<P>): Metric<P> {
  return metric;
}
