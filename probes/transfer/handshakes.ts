/**
 * Round trips while the line is idle and while it is full: TCP handshakes with the peer, 20 a second,
 * each on a connection of its own that carries nothing.
 *
 * A SYN is answered by the peer's kernel, so its event loop is not in the figure; and it is timed by
 * ours (`net/tcp-info.ts`), so that this one is not either. Where the kernel does not tell, a thread
 * that waits for nothing else takes the time, some tenths of a millisecond above it on a calm machine.
 */
import { Worker } from 'node:worker_threads';
import { unlessAborted } from '../net/time-limit.ts';

/** Twenty a second are at most 4 kB/s upwards: a thousandth of a line of 30 Mbit/s. */
const INTERVAL_MS = 50;

export interface HandshakeOrder {
  /** A literal: nothing is resolved. */
  readonly address: string;
  readonly port: number;
  readonly intervalMs: number;
}

export interface Handshake {
  /** By `monotonicMs`. */
  readonly beganMs: number;
  /** From SYN to SYN/ACK; undefined where none came. */
  readonly rttMs: number | undefined;
}

/** The one monotonic clock that threads share. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

export class Handshakes {
  readonly #thread: Worker;
  readonly #ended: Handshake[] = [];
  readonly #over: Promise<void>;
  #onHandshake = () => {};

  /** Begins at once; `close` ends it. */
  constructor({ address, port }: { readonly address: string; readonly port: number }) {
    const order: HandshakeOrder = { address, port, intervalMs: INTERVAL_MS };
    this.#thread = startThread('handshake-thread', order);
    this.#thread.on('message', (handshake: Handshake) => {
      this.#ended.push(handshake);
      this.#onHandshake();
    });
    // A thread that cannot run leaves a run without delays; its rate is as good as ever.
    this.#over = new Promise((resolve) => {
      this.#thread.on('error', () => resolve()).on('exit', () => resolve());
    });
  }

  /** Begun so far and ended, answered or not. */
  get count(): number {
    return this.#ended.length;
  }

  /** Resolves once `count` have ended, or `limitMs` have passed; rejects with the signal's reason. */
  async until(count: number, limitMs: number, signal: AbortSignal): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const enough = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, limitMs);
      this.#onHandshake = () => {
        if (this.#ended.length >= count) resolve();
      };
    });
    await unlessAborted(Promise.race([enough, this.#over]), signal).finally(() =>
      clearTimeout(timer),
    );
  }

  /** Begins no more; resolves when those under way are answered, or a second later. */
  async stop(signal: AbortSignal): Promise<void> {
    this.#thread.postMessage('stop');
    await unlessAborted(this.#over, signal);
  }

  /** Round-trip times of those that began within [fromMs, toMs) and were answered, in order. */
  rttsMs(fromMs: number, toMs: number): number[] {
    return this.#ended
      .filter(({ beganMs }) => beganMs >= fromMs && beganMs < toMs)
      .sort((a, b) => a.beganMs - b.beganMs)
      .flatMap(({ rttMs }) => rttMs ?? []);
  }

  close(): void {
    void this.#thread.terminate();
  }
}

/** Node runs only JavaScript: from the sources, the thread is the one in the build. */
export function startThread(name: string, workerData?: unknown): Worker {
  const built = import.meta.url.endsWith('.ts') ? '../../.build/probes/transfer/' : './';
  // Flags of this process are about this process.
  return new Worker(new URL(`${built}${name}.js`, import.meta.url), { workerData, execArgv: [] });
}
