/** What an accuracy bench is: it holds our figures against a referee's, in one run on one machine. */
export interface AccuracyRow {
  /** What was measured, with its parameters. */
  readonly what: string;
  readonly ours: number;
  readonly referee: number;
  /** Who the referee is. */
  readonly against: string;
  readonly unit: string;
  /** ours − referee, in `unit`; of rates and bytes as a share of the referee's. */
  readonly difference: number;
  /** The most that the difference may be; in its own unit. */
  readonly goal: number;
  readonly met: boolean;
}

export interface Accuracy {
  readonly name: string;
  run(context: { progress(text: string): void; quick: boolean }): Promise<AccuracyRow[]>;
}
