/**
 * Whose turn it is: quiet work runs side by side, loud work runs alone, first come first served, so
 * that a throughput test neither disturbs a latency test nor waits for ever.
 */
import type { Metric } from './metric.ts';

type Load = Metric['load'];

export class Turns {
  #running = 0;
  #loud = false;
  readonly #queue: { load: Load; start: () => void }[] = [];

  /** Runs `work` when its turn comes. */
  async take<T>(load: Load, work: () => Promise<T>): Promise<T> {
    await new Promise<void>((start) => {
      this.#queue.push({ load, start });
      this.#advance();
    });
    try {
      return await work();
    } finally {
      this.#running--;
      this.#loud = false;
      this.#advance();
    }
  }

  #advance(): void {
    for (let next = this.#queue[0]; next && this.#admits(next.load); next = this.#queue[0]) {
      this.#queue.shift();
      this.#running++;
      this.#loud = next.load === 'loud';
      next.start();
    }
  }

  #admits(load: Load): boolean {
    return this.#running === 0 || (load === 'quiet' && !this.#loud);
  }
}
