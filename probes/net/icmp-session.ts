/**
 * An echo session: net-ping's Session, repaired.
 *
 * As published (1.2.4, on raw-socket 1.8.1) it takes an IPv4 literal on an IPv6 session for `::`,
 * lets two sessions of a process answer for each other, does not look at who answered, never
 * matches an ICMPv6 error, sets the wrong option for the hop limit, resends what was lost, times in
 * whole milliseconds of a clock that can be set, and overruns its own receive buffer. Kept of it are
 * the socket and its life; sending, matching and timing are done here.
 *
 * One session serves any number of targets at once, at a bounded pace.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { RawSocket } from 'net-ping';
import type { Family } from '../measurement.ts';
import {
  addressKey,
  echoRequest,
  MINIMUM_PAYLOAD_B,
  NONCE_B,
  readAnswer,
  WANTED_TYPES,
} from './icmp-packet.ts';
import { parseAddress } from './target.ts';

export type EchoResult =
  | { readonly kind: 'reply'; readonly rttMs: number }
  /** A router or the target said why not. */
  | { readonly kind: 'error'; readonly code: string; readonly source: string }
  | { readonly kind: 'timeout' }
  /** The packet never left this machine: it is not lost, it was not sent. */
  | { readonly kind: 'not-sent'; readonly code: string };

export interface EchoOptions {
  readonly payloadB: number;
  readonly timeoutMs: number;
  readonly hopLimit?: number;
}

export interface EchoSession {
  /** @param address a literal of the session's family */
  echo(address: string, options: EchoOptions): Promise<EchoResult>;
  /** Datagrams the kernel dropped because this socket's buffer was full: loss that is ours. */
  socketDrops(): number;
  /** Frees the socket; what is still out ends as `not-sent` with code `closed`. */
  close(): void;
}

/** Sends per second of one session, over all targets: what a reader in JavaScript keeps up with. */
const PACE_PER_S = 5_000;
const BURST = 16;
/** Well below the 65,536 sequence numbers there are. */
const OUTSTANDING_LIMIT = 60_000;
const RECEIVE_BUFFER_B = 8 << 20;
/** Datagrams read before other work gets its turn. */
const DRAIN = 64;
const HOP_LIMIT = 64;

// Linux numbers: asm-generic/socket.h, netinet/in.h, linux/icmp.h, linux/icmpv6.h.
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const MEMINFO_B = 36;
const MEMINFO_DROPS_OFFSET = 32;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const SOL_RAW = 255;
const ICMP_FILTER = 1;
const IPPROTO_ICMPV6 = 58;
const ICMP6_FILTER = 1;

interface Request {
  readonly address: string;
  readonly key: string;
  readonly options: EchoOptions;
  readonly settle: (result: EchoResult) => void;
  serial: number;
  sentMs: number;
  timer: NodeJS.Timeout | undefined;
}

/**
 * Opens a raw ICMP socket of `family`.
 *
 * @throws where net-ping or its native part is not installed, or the right (CAP_NET_RAW) is missing
 */
export async function openEchoSession(family: Family): Promise<EchoSession> {
  // Only Linux has the filters and counters that make the figures trustworthy.
  if (process.platform !== 'linux') throw new Error('raw ICMP sockets are used on Linux only');
  const { default: ping } = await import('net-ping');

  class RepairedSession extends ping.Session implements EchoSession {
    readonly #nonce = randomBytes(NONCE_B);
    readonly #socket: RawSocket;
    readonly #waiting: Request[] = [];
    readonly #outstanding = new Map<number, Request>();
    #serial = randomInt(0x1_0000);
    #tokens = BURST;
    #refilledMs = performance.now();
    #pump: NodeJS.Timeout | undefined;
    #closed = false;

    constructor() {
      super({
        networkProtocol: family === 6 ? ping.NetworkProtocol.IPv6 : ping.NetworkProtocol.IPv4,
        retries: 0,
        sessionId: randomInt(1, 0xffff),
        ttl: HOP_LIMIT,
      });
      this.on('error', () => this.close());
      this.#socket = this.getSocket();
      filterTypes(this.#socket, family);
      widenReceiveBuffer(this.#socket);
      const { wrap } = this.#socket;
      wrap.removeAllListeners('recvReady');
      wrap.on('recvReady', () => this.#drain());
      this.#socket.pauseRecv();
    }

    /** Called by the base constructor too, before any field of this class is there. */
    override setTTL(hopLimit: number): void {
      if (this.ttl === hopLimit) return;
      const [level, option] =
        family === 6 ? [IPPROTO_IPV6, IPV6_UNICAST_HOPS] : [IPPROTO_IP, IP_TTL];
      this.getSocket().setOption(level, option, hopLimit);
      this.ttl = hopLimit;
    }

    echo(address: string, options: EchoOptions): Promise<EchoResult> {
      const parsed = parseAddress(address, family);
      if (parsed.kind === 'refused')
        return Promise.resolve({ kind: 'not-sent', code: parsed.reason });
      if (options.payloadB < MINIMUM_PAYLOAD_B)
        throw new RangeError(`an echo carries at least ${MINIMUM_PAYLOAD_B} B`);
      return new Promise((settle) => {
        const { address } = parsed;
        const key = addressKey(address);
        this.#waiting.push({
          address,
          key,
          options,
          settle,
          serial: 0,
          sentMs: 0,
          timer: undefined,
        });
        if (this.#pump === undefined) this.#send();
      });
    }

    socketDrops(): number {
      if (this.#closed) return 0;
      const memory = Buffer.alloc(MEMINFO_B);
      this.#socket.getOption(SOL_SOCKET, SO_MEMINFO, memory, MEMINFO_B);
      return memory.readUInt32LE(MEMINFO_DROPS_OFFSET);
    }

    override close(): this {
      if (this.#closed) return this;
      this.#closed = true;
      clearTimeout(this.#pump);
      super.close();
      for (const request of [...this.#outstanding.values(), ...this.#waiting.splice(0)])
        this.#finish(request, { kind: 'not-sent', code: 'closed' });
      return this;
    }

    /** Sends what the pace allows and comes back for the rest. */
    #send(): void {
      this.#pump = undefined;
      if (this.#closed) return;
      const nowMs = performance.now();
      const earned = ((nowMs - this.#refilledMs) * PACE_PER_S) / 1_000;
      this.#tokens = Math.min(BURST, this.#tokens + earned);
      this.#refilledMs = nowMs;
      while (this.#tokens >= 1 && this.#outstanding.size < OUTSTANDING_LIMIT) {
        const request = this.#waiting.shift();
        if (!request) return;
        this.#tokens--;
        this.#sendOne(request);
      }
      if (this.#waiting.length > 0) this.#pump = setTimeout(() => this.#send(), 1);
    }

    #sendOne(request: Request): void {
      const { address, options } = request;
      do this.#serial = (this.#serial + 1) >>> 0;
      while (this.#outstanding.has(this.#serial & 0xffff));
      request.serial = this.#serial;
      const identity = { sessionId: this.sessionId, nonce: this.#nonce, serial: request.serial };
      const packet = echoRequest(family, identity, options.payloadB);
      this.#outstanding.set(request.serial & 0xffff, request);
      if (this.#socket.recvPaused) this.#socket.resumeRecv();
      try {
        this.setTTL(options.hopLimit ?? HOP_LIMIT);
        request.sentMs = performance.now();
        this.#socket.wrap.send(packet, 0, packet.length, address, () => {});
        request.timer = setTimeout(() => this.#expire(request), options.timeoutMs);
      } catch (error) {
        this.#finish(request, { kind: 'not-sent', code: sendFailure(error) });
      }
    }

    /** An answer may lie in the buffer already when this process was kept from running. */
    #expire(request: Request): void {
      this.#drain();
      if (this.#outstanding.get(request.serial & 0xffff) === request)
        this.#finish(request, { kind: 'timeout' });
    }

    #drain(): void {
      const { wrap, buffer } = this.#socket;
      for (let count = 0; count < DRAIN && !this.#closed; count++) {
        try {
          wrap.recv(buffer, (datagram, bytes, source) =>
            this.#receive(datagram.subarray(0, bytes), source, performance.now()),
          );
        } catch {
          return; // nothing more to read
        }
      }
    }

    #receive(datagram: Buffer, source: string, nowMs: number): void {
      const identity = { sessionId: this.sessionId, nonce: this.#nonce };
      const answer = readAnswer(family, datagram, identity);
      const request = answer && this.#outstanding.get(answer.sequence);
      if (!answer || !request) return;
      if (answer.serial !== undefined && answer.serial !== request.serial) return;
      if (answer.kind === 'reply') {
        if (addressKey(source) === request.key)
          this.#finish(request, { kind: 'reply', rttMs: nowMs - request.sentMs });
      } else if (answer.destination === request.key)
        this.#finish(request, { kind: 'error', code: answer.code, source });
    }

    #finish(request: Request, result: EchoResult): void {
      clearTimeout(request.timer);
      this.#outstanding.delete(request.serial & 0xffff);
      // A paused socket does not keep the process alive.
      if (!this.#closed && this.#outstanding.size === 0) this.#socket.pauseRecv();
      request.settle(result);
    }
  }

  return new RepairedSession();
}

/** Lets the kernel drop what no session wants, other people's requests first. */
function filterTypes(socket: RawSocket, family: Family): void {
  const mask = Buffer.alloc(family === 6 ? 32 : 4, 0xff); // a set bit blocks
  for (const type of WANTED_TYPES[family]) {
    const word = (type >> 5) * 4;
    mask.writeUInt32LE((mask.readUInt32LE(word) & ~(1 << (type & 31))) >>> 0, word);
  }
  if (family === 6) socket.setOption(IPPROTO_ICMPV6, ICMP6_FILTER, mask, mask.length);
  else socket.setOption(SOL_RAW, ICMP_FILTER, mask, mask.length);
}

/** Past the system's limit where we may (CAP_NET_ADMIN), else up to it. */
function widenReceiveBuffer(socket: RawSocket): void {
  try {
    socket.setOption(SOL_SOCKET, SO_RCVBUFFORCE, RECEIVE_BUFFER_B);
  } catch {
    socket.setOption(SOL_SOCKET, SO_RCVBUF, RECEIVE_BUFFER_B);
  }
}

/** raw-socket throws the text of strerror(3) in the C locale's words. */
function sendFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  return SEND_FAILURES[text] ?? 'send-failed';
}

const SEND_FAILURES: Readonly<Record<string, string>> = {
  'Network is unreachable': 'no-route',
  'No route to host': 'unreachable',
  'Permission denied': 'prohibited',
  'Operation not permitted': 'prohibited',
  'Cannot assign requested address': 'address-unavailable',
  'Message too long': 'too-big',
  'No buffer space available': 'send-buffer-full',
  'Resource temporarily unavailable': 'send-buffer-full',
};
