/**
 * What a peer on the open Internet lets strangers do to it. Of whatever is held at one time, but for
 * upload tests, one subscriber has at most half.
 */

export interface PeerLimits {
  /** Downloads at one time, in connections; beyond it 503. */
  readonly downloads: number;
  /** Upload tests at one time; beyond it 503. */
  readonly uploads: number;
  /** Open connections of all kinds; beyond it new ones are closed. */
  readonly connections: number;
  /** ndt7 tests at one time; beyond it 503. */
  readonly ndt7Tests: number;
  /** iperf3 tests at one time, and streams of one in each direction; beyond it iperf3 is told so. */
  readonly iperfTests: number;
  readonly iperfStreams: number;
  /** Of one iperf3 test, which field engineers like longer. */
  readonly iperfS: number;
  /** How long an ndt7 download is sent; 10 by the protocol. */
  readonly ndt7S: number;
  /** Of one download or upload connection, and of one ndt7 or iperf3 test. */
  readonly testS: number;
  readonly testB: number;
  readonly pageB: number;
  /**
   * HTTP requests a minute from one address (one /64 of IPv6); beyond it 429. As many iperf3
   * connections; beyond it they are closed.
   */
  readonly requestsPerMinute: number;
  /** DNS queries a second from one address; beyond it silence. */
  readonly queriesPerS: number;
  /** STAMP packets a second from one address; beyond it silence. */
  readonly reflectionsPerS: number;
}

export const DEFAULT_LIMITS: PeerLimits = {
  downloads: 96,
  uploads: 24,
  // A message of an upload may be 16 MiB and is kept until it is whole.
  ndt7Tests: 16,
  iperfTests: 8,
  iperfStreams: 32,
  iperfS: 60,
  ndt7S: 10,
  connections: 1_000,
  testS: 15,
  testB: 20_000_000_000,
  pageB: 5_000_000,
  requestsPerMinute: 600,
  queriesPerS: 50,
  reflectionsPerS: 1_000,
};

/** So many at one time, and no more than half of them for one subscriber. */
export class Places {
  readonly #share: number;
  #free: number;
  readonly #taken = new Map<string, number>();

  constructor(places: number) {
    this.#free = places;
    this.#share = Math.ceil(places / 2);
  }

  /** Takes a place, and gives what returns it; undefined where none is free. */
  take(address: string): (() => void) | undefined {
    const key = subscriberOf(address);
    const own = this.#taken.get(key) ?? 0;
    if (this.#free <= 0 || own >= this.#share) return undefined;
    this.#move(key, 1);
    let isTaken = true;
    return () => {
      if (isTaken) this.#move(key, -1);
      isTaken = false;
    };
  }

  #move(key: string, taken: 1 | -1): void {
    this.#free -= taken;
    const own = (this.#taken.get(key) ?? 0) + taken;
    if (own === 0) this.#taken.delete(key);
    else this.#taken.set(key, own);
  }
}

/** Addresses remembered at one time; the longest unheard are forgotten first. */
const REMEMBERED = 10_000;

/** A token bucket for every address. */
export class RateLimit {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #buckets = new Map<string, { tokens: number; atMs: number }>();

  /** @param burst tokens of a full bucket, which fills in `fillMs` */
  constructor(burst: number, fillMs: number) {
    this.#burst = burst;
    this.#perMs = burst / fillMs;
  }

  /** Takes a token; false where there is none. */
  take(address: string, nowMs: number): boolean {
    const key = subscriberOf(address);
    const bucket = this.#buckets.get(key) ?? { tokens: this.#burst, atMs: nowMs };
    bucket.tokens = Math.min(this.#burst, bucket.tokens + (nowMs - bucket.atMs) * this.#perMs);
    bucket.atMs = nowMs;
    const isAllowed = bucket.tokens >= 1;
    if (isAllowed) bucket.tokens--;
    // Set again, the entry moves to the end: the first key is the one longest unheard.
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    const oldest = this.#buckets.keys().next().value;
    if (this.#buckets.size > REMEMBERED && oldest !== undefined) this.#buckets.delete(oldest);
    return isAllowed;
  }
}

/** An IPv4 address, or the first 64 bits of an IPv6 address: one subscriber has at least those. */
export function subscriberOf(address: string): string {
  if (!address.includes(':')) return address;
  const [head = '', tail] = address.replace(/%.*$/, '').split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : 8 - left.length - right.length;
  return [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4).join(':');
}
