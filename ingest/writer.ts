/**
 * The writer: gathers the rows of concurrent reports into few large inserts and says so only when
 * they are durable. Idle, a report waits a few milliseconds; under load, rows wait for the insert
 * before theirs, and the batch grows by itself.
 */
import type { Store } from '../sql/store.ts';
import type { MeasurementInsert, QuarantineInsert, SampleInsert } from './admission.ts';
import { dayOf } from './month.ts';

/** What one report adds to the store. */
export interface Intake {
  readonly measurements: readonly MeasurementInsert[];
  readonly samples: readonly SampleInsert[];
  readonly quarantine: readonly QuarantineInsert[];
}

interface Waiting extends Intake {
  readonly durable: () => void;
  readonly failed: (reason: unknown) => void;
}

/** How long the first report of a batch waits for company. */
const GATHER_MS = 5;

export class Writer {
  readonly #store: Store;
  #waiting: Waiting[] = [];
  #flushing: Promise<void> | null = null;

  constructor(store: Store) {
    this.#store = store;
  }

  /** Rows waiting for an insert. */
  get depth(): number {
    return this.#waiting.reduce((rows, intake) => rows + intake.measurements.length, 0);
  }

  /** Resolves when everything in `intake` is durable on disk; rejects when any of it may not be. */
  write(intake: Intake): Promise<void> {
    return new Promise((durable, failed) => {
      this.#waiting.push({ ...intake, durable, failed });
      this.#flushing ??= this.#flush();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  async #flush(): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, GATHER_MS));
    while (this.#waiting.length > 0) {
      const batch = this.#waiting;
      this.#waiting = [];
      try {
        await this.#insert(batch);
        for (const { durable } of batch) durable();
      } catch (reason) {
        for (const { failed } of batch) failed(reason);
      }
    }
    this.#flushing = null;
  }

  async #insert(batch: readonly Intake[]): Promise<void> {
    const quarantine = batch.flatMap((intake) => intake.quarantine);
    if (quarantine.length > 0) await this.#store.insert('quarantine', quarantine);
    // Samples first: a measurement that is there has its samples there, whatever happens between.
    for (const rows of byDay(batch.flatMap((intake) => intake.samples)))
      await this.#store.insert('sample', rows);
    for (const rows of byDay(batch.flatMap((intake) => intake.measurements)))
      await this.#store.insert('measurement', rows);
  }
}

/** One insert per partition: an insert over many days is many small parts, and slow. */
function byDay<Row extends { readonly start: string }>(rows: readonly Row[]): Row[][] {
  const days = new Map<string, Row[]>();
  for (const row of rows) {
    const day = dayOf(new Date(row.start));
    const found = days.get(day);
    if (found) found.push(row);
    else days.set(day, [row]);
  }
  return [...days.values()];
}
