/**
 * Keeps the embedded engine alive: starts it again when it ends by itself or no longer answers, and
 * holds its directory meanwhile. It comes back at another port with another password, so that
 * nobody on the machine can wait at the old port for the station's secrets.
 */
import { resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from './connection.ts';
import {
  askVersion,
  type Engine,
  type EngineOptions,
  startEngine,
  takeDirectory,
} from './engine.ts';
import { StoreFault } from './fault.ts';

export interface KeptEngine extends Endpoint {
  /** Where the engine is now; null while it is away. */
  whereabouts(): Endpoint | null;
  /** Of the engine's process; null while there is none. */
  readonly pid: number | null;
  /** Resolves when it is not started again, because it would not tell the truth: `store-damaged`. */
  readonly lost: Promise<StoreFault>;
  stop(): Promise<void>;
}

export interface KeeperOptions extends Omit<EngineOptions, 'lock'> {
  /** Between two looks at its health, 5 s unless told. */
  readonly watchMs?: number;
  /** For an answer at such a look, 10 s unless told: a machine under full load is slow, not dead. */
  readonly patienceMs?: number;
}

const WATCH_MS = 5_000;
/** So many looks without an answer, and it is taken for hung. */
const SILENCES = 3;
/** An engine that lived so long did not fail by its start. */
const SETTLED_MS = 60_000;

/**
 * Starts the engine and keeps it.
 *
 * @throws StoreFault `store-damaged`, and those of `startEngine`, when the first start fails
 */
export async function keepEngine(options: KeeperOptions): Promise<KeptEngine> {
  const lock = takeDirectory(resolve(options.directory));
  try {
    const keeper = new Keeper({ ...options, lock });
    return await keeper.begin();
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Before the attempt after so many failed ones: at once, then 0.5 s doubling to 30 s. Pure. */
export function restartDelayMs(failures: number): number {
  return failures === 0 ? 0 : Math.min(30_000, 250 * 2 ** failures);
}

type HeldOptions = KeeperOptions & Required<Pick<EngineOptions, 'lock'>>;

class Keeper {
  readonly #options: HeldOptions;
  readonly #stopping = new AbortController();
  #engine: Engine | null = null;
  #keeping: Promise<void> = Promise.resolve();

  constructor(options: HeldOptions) {
    this.#options = options;
  }

  async begin(): Promise<KeptEngine> {
    const first = await this.#start();
    let lose: (reason: StoreFault) => void = () => {};
    const lost = new Promise<StoreFault>((settle) => {
      lose = settle;
    });
    this.#keeping = this.#keep(first).catch(lose);
    const current = () => this.#engine;
    const { url, username, password } = first;
    return {
      ...{ url, username, password },
      get pid() {
        return current()?.pid ?? null;
      },
      whereabouts: current,
      lost,
      stop: async () => {
        this.#stopping.abort();
        await this.#engine?.stop();
        await this.#keeping;
        this.#options.lock.release();
      },
    };
  }

  /** Ends when told to; rejects when the engine must not be started again. */
  async #keep(first: Engine): Promise<void> {
    const { log } = this.#options;
    const { signal } = this.#stopping;
    let engine = first;
    let failures = 0;
    for (;;) {
      const began = Date.now();
      this.#engine = engine;
      const exit = await this.#watched(engine);
      this.#engine = null;
      if (signal.aborted) return;
      log.error(exit, '内置引擎意外退出,正在重启 · the engine ended by itself, starting it again');
      if (Date.now() - began > SETTLED_MS) failures = 0;
      for (;;) {
        await sleep(restartDelayMs(failures++), null, { signal }).catch(() => {});
        if (signal.aborted) return;
        try {
          engine = await this.#start();
          if (!signal.aborted) break;
          return await engine.stop();
        } catch (error) {
          if ((error as Partial<StoreFault>).code === 'store-damaged') throw error;
          const retryMs = restartDelayMs(failures);
          log.error(
            { error, retryMs },
            '内置引擎未能重启,稍后再试 · the engine did not start, trying again',
          );
        }
      }
    }
  }

  async #start(): Promise<Engine> {
    const engine = await startEngine(this.#options);
    if (engine.brokenParts.length === 0) return engine;
    await engine.stop();
    const parts = engine.brokenParts.map(({ table, name }) => `${table}/${name}`).join(', ');
    const { directory } = this.#options;
    throw new StoreFault(
      'store-damaged',
      `${directory} 中有损坏的数据分片(${parts}):请从备份恢复后再启动`,
      `${directory} has broken parts (${parts}): restore a backup before starting`,
    );
  }

  /** Resolves when the engine has ended; ends it when it stays silent. */
  async #watched(engine: Engine) {
    const { log, watchMs = WATCH_MS, patienceMs } = this.#options;
    let gone = false;
    const ended = engine.exited.then((exit) => {
      gone = true;
      return exit;
    });
    for (let silences = 0; ; ) {
      const timer = new AbortController();
      await Promise.race([ended, sleep(watchMs, null, { signal: timer.signal }).catch(() => {})]);
      timer.abort();
      if (gone) return ended;
      silences =
        (await Promise.race([askVersion(engine, patienceMs), ended])) === null ? silences + 1 : 0;
      if (silences < SILENCES || gone) continue;
      log.error(
        { pid: engine.pid },
        '内置引擎无响应,将其结束 · the engine does not answer, ending it',
      );
      await engine.stop();
    }
  }
}
