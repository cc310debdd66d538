/**
 * The way to one ClickHouse: follows it when it comes back at another address, and sends again what
 * may be sent again. Bounded in times and in time, so that whoever waits hears of it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClickHouseClient } from '@clickhouse/client';
import { storeAway, troubleFault, troubleOf } from './trouble.ts';

/** Where a ClickHouse answers and who may ask. */
export interface Endpoint {
  readonly url: string;
  readonly username: string;
  readonly password: string;
}

/** May a request be sent again when it is not known whether it was carried out? */
export type Repeatable =
  /** Rows with a key: those of the first sending and of the second fall on each other. */
  | 'insert'
  /** Changes nothing. Sent again when nobody answered, not when ClickHouse says it is too heavy. */
  | 'question'
  | 'never';

/** How long to wait before each sending after the first, in ms. */
export type Pauses = Readonly<Record<Repeatable, readonly number[]>>;

/**
 * A restarted engine is back within a second, on a large store within some; a longer absence is the
 * asker's to wait for. Rows wait longer than a reader would.
 */
const PAUSES_MS: Pauses = {
  insert: [100, 300, 900, 2_700],
  question: [100, 300, 900],
  never: [],
};
/** No request is sent again later than this after it was first sent. */
const REPEAT_WITHIN_MS = 20_000;
const PING_MS = 2_000;

export class Connection {
  readonly #whereabouts: () => Endpoint | null;
  readonly #connect: (endpoint: Endpoint) => ClickHouseClient;
  readonly #pausesMs: Pauses;
  #endpoint: Endpoint | null = null;
  #client: ClickHouseClient | null = null;

  /** @param whereabouts where ClickHouse is now; null while it is known to be away */
  constructor(
    whereabouts: () => Endpoint | null,
    connect: (endpoint: Endpoint) => ClickHouseClient,
    pausesMs: Pauses = PAUSES_MS,
  ) {
    this.#whereabouts = whereabouts;
    this.#connect = connect;
    this.#pausesMs = pausesMs;
  }

  /**
   * Does `work`, again where that is safe and may help.
   *
   * @throws StoreFault `store-away`, `store-busy`, `store-full`; else the error of the request itself
   */
  async run<T>(repeatable: Repeatable, work: (client: ClickHouseClient) => Promise<T>): Promise<T> {
    const latest = Date.now() + REPEAT_WITHIN_MS;
    for (let attempt = 0; ; attempt++) {
      try {
        return await work(this.#current());
      } catch (error) {
        const trouble = troubleOf(error);
        const again = trouble === 'away' || (trouble === 'busy' && repeatable === 'insert');
        const pauseMs = this.#pausesMs[repeatable][attempt];
        if (!again || pauseMs === undefined || Date.now() + pauseMs > latest)
          throw troubleFault(trouble, error);
        await sleep(pauseMs);
      }
    }
  }

  /** Whether it answers now, within two seconds. */
  async ping(): Promise<boolean> {
    if (this.#whereabouts() === null) return false;
    const silence = new AbortController();
    try {
      return await Promise.race([
        this.#current()
          .ping({ select: true, abort_signal: silence.signal })
          .then(({ success }) => success),
        sleep(PING_MS, false, { signal: silence.signal }),
      ]);
    } finally {
      silence.abort();
    }
  }

  async close(): Promise<void> {
    await this.#client?.close();
  }

  #current(): ClickHouseClient {
    const endpoint = this.#whereabouts();
    if (endpoint === null) throw storeAway();
    if (this.#client === null || endpoint !== this.#endpoint) {
      // What is still under way there fails by itself.
      void this.#client?.close();
      this.#endpoint = endpoint;
      this.#client = this.#connect(endpoint);
    }
    return this.#client;
  }
}
