/** What a bench is: it measures us against a referee, in one run on one machine. */
export interface Ratio {
  /** What was measured, with its parameters. */
  readonly what: string;
  readonly ours: number;
  readonly referee: number;
  /** Who the referee is. */
  readonly against: string;
  readonly unit: string;
  /** ours / referee; what is good depends on the unit. */
  readonly ratio: number;
}

export interface BenchContext {
  /** An empty directory, removed afterwards. */
  readonly directory: string;
  /** How many rows, where a bench can take more or less of them (`--rows`). */
  readonly rows?: number;
  /** Several of them, for a bench that holds one against the other (`--rows 1000000,10000000`). */
  readonly sizes?: readonly number[];
  /** Where a bench may leave what took long to make, and find it the next time (`--keep DIR`). */
  readonly keep?: string;
  /** Says on standard error how far it is. */
  progress(text: string): void;
  /** How long a bench that can be any length should take; its own choice when not told. */
  readonly minutes?: number;
}

export interface Bench {
  readonly name: string;
  /** Takes minutes: runs with `--only` and not among all. */
  readonly onlyWhenAsked?: boolean;
  run(context: BenchContext): Promise<Ratio[]>;
}

export function ratioOf(measured: Omit<Ratio, 'ratio'>): Ratio {
  return { ...measured, ratio: measured.ours / measured.referee };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const upper = sorted[Math.floor(middle)] ?? Number.NaN;
  return sorted.length % 2 ? upper : ((sorted[middle - 1] ?? Number.NaN) + upper) / 2;
}

/** The value that `share` of the values do not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
