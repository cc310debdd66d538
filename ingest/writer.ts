/**
 * The writer: gathers the rows of concurrent reports into few large inserts and says so only when
 * they are durable. Idle, a report waits a few milliseconds; under load, rows wait for the inserts
 * before theirs, and the batch grows by itself.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { StoreFault } from '../sql/fault.ts';
import { encodeBlock } from '../sql/native.ts';
import { tables } from '../sql/rows.ts';
import type { Store } from '../sql/store.ts';
import { type BatchLimit, FairQueue, type Queued } from './fair-queue.ts';
import { inKeyOrder, type Run } from './key-order.ts';
import { Refusal } from './refusal.ts';
import type { Intake } from './report-reader.ts';

interface Waiting extends Queued {
  readonly intake: Intake;
  readonly durable: () => void;
  readonly failed: (reason: unknown) => void;
}

/** How long the first report of a batch waits for company. */
const GATHER_MS = 5;
/** One batch: large enough for the engine to be at its best, small enough to be done in a second. */
export const BATCH: BatchLimit = { rows: 100_000, sizeB: 32 * 1024 * 1024 };
/** A start this recent is news. */
const LIVE_MS = 15 * 60_000;

export interface WriterOptions {
  readonly now?: () => Date;
  readonly batch?: BatchLimit;
}

export class Writer {
  readonly #store: Pick<Store, 'insertEncoded'>;
  readonly #now: () => Date;
  readonly #batch: BatchLimit;
  readonly #queue = new FairQueue<Waiting>();
  /** One batch at a time: two at once were measured to be smaller, and dearer for the engine. */
  #flushing: Promise<void> | null = null;

  constructor(store: Pick<Store, 'insertEncoded'>, options: WriterOptions = {}) {
    this.#store = store;
    this.#now = options.now ?? (() => new Date());
    this.#batch = options.batch ?? BATCH;
  }

  /** Reports waiting for an insert to begin. */
  get waiting(): number {
    return this.#queue.length;
  }

  /** Bytes of backlog waiting for an insert. */
  get backlogB(): number {
    return this.#queue.backlogB;
  }

  /** Whether an intake counts as news. */
  isLive({ newestStartMs, days }: Intake): boolean {
    return days.length === 0 || newestStartMs > this.#now().getTime() - LIVE_MS;
  }

  /**
   * Resolves when everything in `intake` is durable on disk.
   *
   * @throws Refusal `not-stored` (503): any of it may not be durable; sent again it changes nothing
   */
  write(intake: Intake): Promise<void> {
    return new Promise((durable, failed) => {
      const { probe, rows, sizeB } = intake;
      this.#queue.push({ probe, rows, sizeB, live: this.isLive(intake), intake, durable, failed });
      this.#flushing ??= this.#flush();
    });
  }

  /** Resolves when nothing waits any more. */
  async drain(): Promise<void> {
    while (this.#flushing) await this.#flushing;
  }

  async #flush(): Promise<void> {
    await sleep(GATHER_MS);
    while (this.#queue.length > 0) {
      const batch = this.#queue.take(this.#batch);
      try {
        await this.#insert(batch);
      } catch (reason) {
        // The store's own faults say what is the matter and when to come back.
        const refusal = reason instanceof StoreFault ? reason : notStored(reason);
        // To those that are durable already this says nothing.
        for (const { failed } of batch) failed(refusal);
      }
    }
    this.#flushing = null;
  }

  /** Inserts a batch; whoever's last row is durable hears of it at once. */
  async #insert(batch: readonly Waiting[]): Promise<void> {
    const refused = batch.flatMap(({ intake: { quarantine } }) =>
      quarantine.length > 0 ? [quarantine] : [],
    );
    if (refused.length > 0)
      await this.#store.insertEncoded('quarantine', {
        format: 'RowBinary',
        columns: Object.keys(tables.quarantine),
        pieces: refused,
      });
    // One insert per partition: an insert over many days is many small parts, and slow.
    const days = new Map<number, Intake['days'][number][]>();
    for (const day of batch.flatMap(({ intake }) => intake.days)) {
      const found = days.get(day.day);
      if (found) found.push(day);
      else days.set(day.day, [day]);
    }
    const left = new Map(batch.map((waiting) => [waiting, waiting.intake.days.length]));
    const settle = (day: number | null) => {
      for (const [waiting, count] of left) {
        const more = count - (waiting.intake.days.some((one) => one.day === day) ? 1 : 0);
        left.set(waiting, more);
        if (more > 0) continue;
        left.delete(waiting);
        waiting.durable();
      }
    };
    settle(null);
    // The newest day first: its rows are the news.
    for (const [day, rows] of [...days].sort(([one], [other]) => other - one)) {
      // Samples first: a measurement that is there has its samples there, whatever happens between.
      await this.#insertRuns(
        'sample',
        rows.flatMap(({ samples }) => samples),
      );
      await this.#insertRuns(
        'measurement',
        rows.flatMap(({ measurements }) => measurements),
      );
      settle(day);
    }
  }

  async #insertRuns(table: 'sample' | 'measurement', runs: readonly Run[]): Promise<void> {
    if (runs.length > 0)
      await this.#store.insertEncoded(table, encodeBlock(tables[table], inKeyOrder(runs)));
  }
}

function notStored(reason: unknown): Refusal {
  const refusal = new Refusal(
    503,
    'not-stored',
    '存储暂不可用,报告未确认:请稍后重发',
    'the store is not available and the report is not acknowledged: send it again later',
    10,
  );
  refusal.cause = reason;
  return refusal;
}
