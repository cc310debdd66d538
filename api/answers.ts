/**
 * Answers that readers share, so that twenty readers of a page cost one question. A failure is nobody's
 * answer but that of those who waited for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const FRESH_MS = 3_000;
/** How much longer an answer is given out while it is asked anew. */
const STALE_MS = 7_000;
/** So that whoever has his answer already does not share the machine with the question. */
const RENEW_AFTER_MS = 25;
/** Of what is never out of date: how long it is kept after it was last wanted. */
const UNWANTED_MS = 600_000;

interface Kept {
  /** When it is asked again. */
  readonly until: number;
  /** When it is forgotten. */
  readonly gone: number;
  readonly answer: Promise<unknown>;
}

/** What a question is told apart by: the same key, the same question. */
type Ask<T> = () => Promise<T>;

export class Answers {
  readonly #now: () => Date;
  readonly #kept = new Map<string, Kept>();
  readonly #underway = new Map<string, Promise<unknown>>();

  /** @param now the clock by which answers age */
  constructor(now: () => Date) {
    this.#now = now;
  }

  /** The answer of those who ask it while it is under way; later ones ask anew. */
  shared<T>(key: string, ask: Ask<T>): Promise<T> {
    const underway = this.#underway.get(key) as Promise<T> | undefined;
    if (underway) return underway;
    const answer = ask().finally(() => this.#underway.delete(key));
    this.#underway.set(key, answer);
    return answer;
  }

  /** At most three seconds old. */
  recent<T>(key: string, ask: Ask<T>): Promise<T> {
    return this.#keep(key, ask, FRESH_MS, 0);
  }

  /**
   * At most ten seconds old, and nobody waits who came soon after somebody else: the old answer is given
   * out once more while it is asked anew (RFC 5861 §3, stale-while-revalidate).
   */
  renewed<T>(key: string, ask: Ask<T>): Promise<T> {
    return this.#keep(key, ask, FRESH_MS, STALE_MS);
  }

  /** Of what never changes under its key; kept while it is wanted. */
  lasting<T>(key: string, ask: Ask<T>): Promise<T> {
    const answer = this.#keep(key, ask, UNWANTED_MS, 0);
    this.#note(key, answer, UNWANTED_MS, 0);
    return answer;
  }

  /** Forgets all whose keys begin so, but the one of `except`. */
  forget(prefix: string, except: string): void {
    for (const key of this.#kept.keys())
      if (key.startsWith(prefix) && key !== except) this.#kept.delete(key);
  }

  #keep<T>(key: string, ask: Ask<T>, freshMs: number, staleMs: number): Promise<T> {
    const now = this.#now().getTime();
    for (const [old, { gone }] of this.#kept) if (now >= gone) this.#kept.delete(old);
    const kept = this.#kept.get(key);
    if (kept && now < kept.until) return kept.answer as Promise<T>;
    const answer = kept ? sleep(RENEW_AFTER_MS, undefined, { ref: false }).then(ask) : ask();
    const given = (kept?.answer ?? answer) as Promise<T>;
    const entry = this.#note(key, given, freshMs, staleMs);
    answer.then(
      () => {
        if (this.#kept.get(key) === entry) this.#kept.set(key, { ...entry, answer });
      },
      () => {
        if (this.#kept.get(key)?.answer === given) this.#kept.delete(key);
      },
    );
    return given;
  }

  #note(key: string, answer: Promise<unknown>, freshMs: number, staleMs: number): Kept {
    const until = this.#now().getTime() + freshMs;
    const entry = { until, gone: until + staleMs, answer };
    this.#kept.set(key, entry);
    return entry;
  }
}
