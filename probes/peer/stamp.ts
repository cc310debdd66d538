/**
 * The peer's STAMP reflector (RFC 8762, unauthenticated mode), stateful: it numbers its answers
 * itself, session by session, so that a sender can tell on which way a packet was lost (§4).
 *
 * It is no use to an amplifier: it answers a sender's packet, once, with as many bytes, and nothing
 * else; never another reflector's answer.
 */
import { isTestPacket, reflection, sessionOf, steadyClock } from '../net/stamp-packet.ts';

/** Sessions remembered at one time; the longest unheard are forgotten first and begin again at 0. */
const REMEMBERED = 10_000;
/** RFC 8762 §3: the reflector forgets a session that is silent (REFWAIT of RFC 5357 §3.1). */
const FORGET_NS = 900_000_000_000n;

interface Session {
  answered: number;
  heardNs: bigint;
}

export class Reflector {
  readonly #now: () => bigint;
  readonly #sessions = new Map<string, Session>();

  /** @param now Unix time in nanoseconds */
  constructor(now: () => bigint = steadyClock()) {
    this.#now = now;
  }

  /**
   * The answer to a datagram; undefined for silence.
   *
   * @param lateNs how long ago it came
   */
  answer(datagram: Buffer, address: string, port: number, lateNs = 0n): Buffer | undefined {
    const receivedNs = this.#now() - lateNs;
    if (!isTestPacket(datagram)) return undefined;
    const sequence = this.#number(`${address} ${port} ${sessionOf(datagram)}`, receivedNs);
    return reflection(datagram, receivedNs, this.#now(), sequence);
  }

  #number(key: string, nowNs: bigint): number {
    const known = this.#sessions.get(key);
    const isFresh = !known || nowNs - known.heardNs > FORGET_NS;
    const answered = isFresh ? 0 : known.answered;
    // Set again, the entry moves to the end: the first key is the one longest unheard.
    this.#sessions.delete(key);
    this.#sessions.set(key, { answered: (answered + 1) >>> 0, heardNs: nowNs });
    const oldest = this.#sessions.keys().next().value;
    if (this.#sessions.size > REMEMBERED && oldest !== undefined) this.#sessions.delete(oldest);
    return answered;
  }
}
