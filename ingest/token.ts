/** Bearer tokens: 32 random bytes that their holder alone knows; the store has their SHA-256. */
import { createHash, randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the store said is good for this long, unless said otherwise; a revoked token dies within it. */
const KEEP_MS = 30_000;
/** Between two looks into the store for a stranger's sake. */
const LOOK_AGAIN_MS = 1_000;

export function hashToken(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** 32 random bytes: known to its holder alone, stored only as its SHA-256. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The token of `Authorization: Bearer <token>`. */
export function bearerOf(authorization: string | undefined): string | undefined {
  return /^Bearer ([\w-]{20,200})$/.exec(authorization ?? '')?.[1];
}

/** Holders by the hash of their token. Read from the store; an unknown token makes it look again. */
export class TokenDirectory<Holder> {
  readonly #load: () => Promise<ReadonlyMap<string, Holder>>;
  readonly #now: () => number;
  readonly #keepMs: number;
  #byToken: Promise<ReadonlyMap<string, Holder>> | null = null;
  #loadedAt = Number.NEGATIVE_INFINITY;

  constructor(
    load: () => Promise<ReadonlyMap<string, Holder>>,
    now: () => number = Date.now,
    keepMs: number = KEEP_MS,
  ) {
    this.#load = load;
    this.#now = now;
    this.#keepMs = keepMs;
  }

  /** Whose a token is; null for a token that is unknown or revoked. */
  async authenticate(token: string): Promise<Holder | null> {
    const hash = hashToken(token);
    const asked = this.#now();
    const known = this.find(await this.#readAfter(asked - this.#keepMs), hash);
    if (known) return known;
    // Enrolment may happen in another process, so a stranger makes us look again: at most once a
    // second, for which all strangers wait together, rather than turn a newcomer away.
    await sleep(Math.max(0, this.#loadedAt + LOOK_AGAIN_MS - asked));
    return this.find(await this.#readAfter(asked), hash) ?? null;
  }

  /** How long it takes says nothing of a token: what is looked up is its hash. */
  protected find(holders: ReadonlyMap<string, Holder>, hash: string): Holder | undefined {
    return holders.get(hash);
  }

  /** Everybody, as the store said after an instant; whoever asks meanwhile waits for one answer. */
  #readAfter(instantMs: number): Promise<ReadonlyMap<string, Holder>> {
    if (this.#byToken && this.#loadedAt > instantMs) return this.#byToken;
    this.#loadedAt = this.#now();
    const loading = this.#load();
    this.#byToken = loading;
    loading.catch(() => {
      if (this.#byToken === loading) this.#byToken = null;
    });
    return loading;
  }
}
