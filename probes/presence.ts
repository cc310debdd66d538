/**
 * Who runs beside whom in one probe, and how long: tasks that disturb each other name each other, and one
 * that does not end when told to counts as running until it really ends.
 */
import type { Metric } from './metric.ts';

/** How long a metric may take to end once its signal says so. */
const GRACE_MS = 1_000;
/** As many as a measurement may name. */
const CONFLICTS_LIMIT = 32;

/** A task in progress, so that tasks running at one time can name each other. */
export interface Running {
  readonly task: string;
  readonly load: Metric['load'];
  readonly conflicts: Set<string>;
}

/** A task among those that run now, until everything it has begun has really ended. */
export class Presence {
  readonly #self: Running;
  readonly #present: Set<Running>;
  #runs = 0;
  #over = false;

  constructor(task: string, load: Metric['load'], present: Set<Running>) {
    this.#self = { task, load, conflicts: new Set() };
    this.#present = present;
    meet(this.#self, present);
  }

  get conflicts(): string[] {
    return [...this.#self.conflicts].slice(0, CONFLICTS_LIMIT);
  }

  /** `run`, whose end is waited for. */
  during<T>(run: Promise<T>): Promise<T> {
    this.#runs++;
    return run.finally(() => {
      this.#runs--;
      this.#leave();
    });
  }

  /** Nothing more will begin. */
  end(): void {
    this.#over = true;
    this.#leave();
  }

  #leave(): void {
    if (this.#over && this.#runs === 0) this.#present.delete(this.#self);
  }
}

/** Makes tasks that disturb each other name each other. */
function meet(newcomer: Running, present: Set<Running>): void {
  for (const other of present)
    if (other.load === 'loud' || newcomer.load === 'loud') {
      other.conflicts.add(newcomer.task);
      newcomer.conflicts.add(other.task);
    }
  present.add(newcomer);
}

/**
 * Runs a metric under a time limit. One that does not end when told to is left behind, and counts
 * as running until it really ends.
 */
export async function limited<T>(
  run: (signal: AbortSignal) => Promise<T>,
  stop: AbortSignal,
  limitMs: number,
  presence: Presence,
): Promise<T> {
  const control = new AbortController();
  let abandon: (reason: unknown) => void = () => {};
  const abandoned = new Promise<never>((_, reject) => {
    abandon = reject;
  });
  let grace: NodeJS.Timeout | undefined;
  const end = (reason: unknown) => {
    control.abort(reason);
    grace ??= setTimeout(() => abandon(reason), GRACE_MS);
  };
  const overdue = new Error(`no end within ${limitMs} ms`);
  const limit = setTimeout(() => end(overdue), limitMs);
  const stopped = () => end(stop.reason);
  stop.addEventListener('abort', stopped, { once: true });
  if (stop.aborted) stopped();
  const finding = presence.during(run(control.signal));
  try {
    const found = await Promise.race([finding, abandoned]);
    // What a metric says after it was cut short is not what the network said.
    if (control.signal.aborted) throw overdue;
    return found;
  } finally {
    finding.catch(() => {});
    clearTimeout(limit);
    clearTimeout(grace);
    stop.removeEventListener('abort', stopped);
  }
}
