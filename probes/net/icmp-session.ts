/**
 * An echo session: net-ping's Session, repaired.
 *
 * As published (1.2.4, on raw-socket 1.8.1) it takes an IPv4 literal on an IPv6 session for `::`,
 * lets two sessions of a process answer for each other, does not look at who answered, never
 * matches an ICMPv6 error, sets the wrong option for the hop limit, resends what was lost, times in
 * whole milliseconds of a clock that can be set, and overruns its own receive buffer. Kept of it are
 * the socket and its life; sending, matching and timing are done here, by the kernel's time stamps
 * where they can be had.
 *
 * One session serves any number of targets at once, at a bounded pace.
 */
import { randomBytes, randomInt } from 'node:crypto';
import { isIP } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { RawSocket } from 'net-ping';
import type { Family } from '../measurement.ts';
import { kernelPort } from './icmp-kernel.ts';
import {
  addressKey,
  echoRequest,
  HEADER_B,
  keyAddress,
  MINIMUM_PAYLOAD_B,
  NONCE_B,
  readAnswer,
  sentSerial,
  WANTED_TYPES,
} from './icmp-packet.ts';
import { DATAGRAM_B, type Ears, type IcmpPort, type Outgoing, processPort } from './icmp-port.ts';

export type EchoResult =
  | { readonly kind: 'reply'; readonly rttMs: number }
  /** A router or the target said why not; `rttMs` is the time until it was heard. */
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly source: string;
      readonly rttMs: number;
      /** Of `too-big`, where the router said what fits. */
      readonly mtuB?: number;
    }
  | { readonly kind: 'timeout' }
  /** The packet never left this machine: it is not lost, it was not sent. */
  | { readonly kind: 'not-sent'; readonly code: string };

export interface EchoOptions {
  readonly payloadB: number;
  readonly timeoutMs: number;
  readonly hopLimit?: number;
}

export interface EchoSession {
  /** Whose clock times the packets, see `IcmpPort`. */
  readonly times: IcmpPort['times'];
  /** @param address a literal of the session's family, as `parseAddress` gives it */
  echo(address: string, options: EchoOptions): Promise<EchoResult>;
  /** Datagrams the kernel dropped because this socket's buffer was full: loss that is ours. */
  socketDrops(): number;
  /** Frees the socket; what is still out ends as `not-sent` with code `closed`. */
  close(): void;
}

export interface SessionOptions {
  /** Sends per second, over all targets. */
  readonly pacePerS?: number;
  /** Packets go out whole or not at all, whatever is believed of the path's MTU. */
  readonly whole?: boolean;
  /** `process` leaves the kernel's time stamps alone. */
  readonly times?: IcmpPort['times'];
}

/** What a reader in JavaScript keeps up with; 56 B echoes fill 10 Mbit/s of an Ethernet at this pace. */
export const FASTEST_PER_S = 12_500;
/** A timer that comes late by 4 ms does not slow the pace. */
const BURST = 64;
/** Well below the 65,536 sequence numbers there are. */
const OUTSTANDING_LIMIT = 60_000;
const RECEIVE_BUFFER_B = 8 << 20;
const HOP_LIMIT = 64;
/** Two clocks of one machine drift apart by less within any timeout; more, and one of them was set. */
const CLOCK_SET_MS = 1;
/** More than the receive buffer holds; a flood does not keep us for ever. */
const DRAINS = 1_024;
/** Errors of the socket in a row, with nothing to read behind them, after which it is broken. */
const EMPTY_ERRORS = 16;

// Linux numbers: asm-generic/socket.h, linux/in.h, linux/in6.h, linux/icmp.h, linux/icmpv6.h.
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
const SO_RCVBUFFORCE = 33;
const SO_MEMINFO = 55;
const MEMINFO_B = 36;
const MEMINFO_DROPS_OFFSET = 32;
const IPPROTO_IP = 0;
const IP_TTL = 2;
const IP_MTU_DISCOVER = 10;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_MTU_DISCOVER = 23;
/** Do not fragment, and do not believe what was heard of the path before (linux/in.h). */
const PMTUDISC_PROBE = 3;
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
  departure: Departure | undefined;
  /** When the driver had it, by the port's clock, where the kernel said so. */
  leftMs: number | undefined;
}

/** Just before some requests were handed to the kernel. */
interface Departure {
  /** By the port's clock. */
  readonly atMs: number;
  readonly monotonicMs: number;
  /** How far the port's clock was ahead of the monotonic one. */
  readonly settingMs: number;
}

/**
 * Opens a raw ICMP socket of `family`.
 *
 * @throws where net-ping or its native part is not installed, or the right (CAP_NET_RAW) is missing
 */
export async function openEchoSession(
  family: Family,
  { pacePerS = FASTEST_PER_S, whole = false, times = 'kernel' }: SessionOptions = {},
): Promise<EchoSession> {
  // Only Linux has the filters and counters that make the figures trustworthy.
  if (process.platform !== 'linux') throw new Error('raw ICMP sockets are used on Linux only');
  const { default: ping } = await import('net-ping');

  class RepairedSession extends ping.Session implements EchoSession, Ears {
    readonly #nonce = randomBytes(NONCE_B);
    readonly #socket: RawSocket;
    #port: IcmpPort;
    #waiting: Request[] = [];
    /** How many of `#waiting` are gone already. */
    #taken = 0;
    readonly #outstanding = new Map<number, Request>();
    readonly #memory = Buffer.alloc(MEMINFO_B);
    #serial = randomInt(0x1_0000);
    #tokens = BURST;
    #refilledMs = performance.now();
    #pump: NodeJS.Timeout | undefined;
    #emptyErrors = 0;
    #settingMs = 0;
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
      if (whole) sendWhole(this.#socket, family);
      this.#port = processPort(this.#socket);
      const { wrap } = this.#socket;
      wrap.removeAllListeners('recvReady');
      wrap.on('recvReady', () => this.#drain());
      wrap.removeAllListeners('error');
      wrap.on('error', () => this.#drainErrors());
      this.#socket.pauseRecv();
    }

    get times(): IcmpPort['times'] {
      return this.#port.times;
    }

    async open(): Promise<this> {
      if (times === 'kernel') this.#port = (await kernelPort(this.#socket, family)) ?? this.#port;
      return this;
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
      // raw-socket would quietly send to `::`.
      if (isIP(address) !== family || address.includes('%'))
        return Promise.resolve({ kind: 'not-sent', code: 'other-family' });
      if (this.#closed) return Promise.resolve({ kind: 'not-sent', code: 'closed' });
      if (options.payloadB < MINIMUM_PAYLOAD_B || options.payloadB > DATAGRAM_B - HEADER_B)
        throw new RangeError(`an echo carries no ${options.payloadB} B`);
      return new Promise((settle) => {
        const key = addressKey(address);
        const unsent = { serial: 0, departure: undefined, leftMs: undefined };
        this.#waiting.push({ address, key, options, settle, ...unsent });
        if (this.#pump === undefined) this.#send();
      });
    }

    socketDrops(): number {
      if (this.#closed) return 0;
      this.#socket.getOption(SOL_SOCKET, SO_MEMINFO, this.#memory, MEMINFO_B);
      return this.#memory.readUInt32LE(MEMINFO_DROPS_OFFSET);
    }

    override close(): this {
      if (this.#closed) return this;
      this.#closed = true;
      clearTimeout(this.#pump);
      super.close();
      const unanswered = [...this.#outstanding.values(), ...this.#waiting.slice(this.#taken)];
      for (const request of unanswered) this.#finish(request, { kind: 'not-sent', code: 'closed' });
      return this;
    }

    /** Sends what the pace allows and comes back for the rest. */
    #send(): void {
      this.#pump = undefined;
      if (this.#closed) return;
      const nowMs = performance.now();
      const earned = ((nowMs - this.#refilledMs) * pacePerS) / 1_000;
      this.#tokens = Math.min(BURST, this.#tokens + earned);
      this.#refilledMs = nowMs;
      for (let batch = this.#take(); batch.length > 0; batch = this.#take()) this.#sendBatch(batch);
      if (this.#taken < this.#waiting.length) {
        this.#pump = setTimeout(() => this.#send(), 1);
        return;
      }
      this.#waiting = [];
      this.#taken = 0;
    }

    /** The next requests that may go out in one call: of one hop limit and one timeout. */
    #take(): Request[] {
      const room = OUTSTANDING_LIMIT - this.#outstanding.size;
      const most = Math.min(this.#tokens, room, this.#port.batch);
      const batch: Request[] = [];
      for (let next = this.#waiting[this.#taken]; next; next = this.#waiting[this.#taken]) {
        const first = batch[0]?.options ?? next.options;
        const { hopLimit, timeoutMs } = next.options;
        if (batch.length + 1 > most) break;
        if (hopLimit !== first.hopLimit || timeoutMs !== first.timeoutMs) break;
        batch.push(next);
        this.#taken++;
      }
      this.#tokens -= batch.length;
      return batch;
    }

    #sendBatch(batch: readonly Request[]): void {
      const packets: Outgoing[] = [];
      for (const request of batch) {
        const { address, key, options } = request;
        request.serial = this.#unusedSerial();
        const identity = { sessionId: this.sessionId, nonce: this.#nonce, serial: request.serial };
        packets.push({ packet: echoRequest(family, identity, options.payloadB), address, key });
        this.#outstanding.set(request.serial & 0xffff, request);
      }
      const { hopLimit = HOP_LIMIT, timeoutMs = 0 } = batch[0]?.options ?? {};
      if (this.#socket.recvPaused) {
        // What others were told meanwhile must not take the room of our answers.
        this.#drainAll();
        this.#socket.resumeRecv();
      }
      this.setTTL(hopLimit);
      const settingMs = this.#clockSettingMs();
      const monotonicMs = performance.now();
      const departure = { settingMs, monotonicMs, atMs: this.#port.nowMs() };
      for (const request of batch) request.departure = departure;
      for (const [index, code] of this.#port.send(packets).entries())
        if (code !== null) this.#finish(batch[index] as Request, { kind: 'not-sent', code });
      // While anything is out the open socket keeps the process alive; the timer need not.
      setTimeout(() => this.#expire(batch), timeoutMs).unref();
      // The stamps of what was sent are mostly there already; left alone they end the wait as errors.
      if (this.#port.times === 'kernel') this.#drain();
    }

    #unusedSerial(): number {
      do this.#serial = (this.#serial + 1) >>> 0;
      while (this.#outstanding.has(this.#serial & 0xffff));
      return this.#serial;
    }

    /** An answer may lie in the buffer already when this process was kept from running. */
    #expire(batch: readonly Request[]): void {
      this.#drainAll();
      for (const request of batch)
        if (this.#outstanding.get(request.serial & 0xffff) === request)
          this.#finish(request, { kind: 'timeout' });
    }

    #drainAll(): void {
      for (let count = 0; count < DRAINS && this.#drain(); count++);
    }

    /** False where nothing more is to be read. */
    #drain(): boolean {
      if (this.#closed) return false;
      this.#settingMs = this.#clockSettingMs();
      return this.#port.read(this);
    }

    /**
     * libuv takes the time stamps of what was sent for errors of the socket, and stops watching it.
     */
    #drainErrors(): void {
      this.#emptyErrors++;
      this.#drainAll();
      if (this.#closed) return;
      if (this.#emptyErrors > EMPTY_ERRORS) this.close();
      else if (!this.#socket.recvPaused) this.#socket.resumeRecv();
    }

    left(packet: Buffer, atMs: number): void {
      this.#emptyErrors = 0;
      const serial = sentSerial(packet, { nonce: this.#nonce });
      if (serial === undefined) return;
      const request = this.#outstanding.get(serial & 0xffff);
      if (request?.serial === serial) request.leftMs = atMs;
    }

    heard(datagram: Buffer, source: string, atMs: number): void {
      this.#emptyErrors = 0;
      const identity = { sessionId: this.sessionId, nonce: this.#nonce };
      const answer = readAnswer(family, datagram, identity);
      const request = answer && this.#outstanding.get(answer.sequence);
      if (!answer || !request) return;
      if (answer.serial !== undefined && answer.serial !== request.serial) return;
      const from = answer.kind === 'reply' ? source : answer.destination;
      if (from !== request.key) return;
      const rttMs = this.#roundTripMs(request, atMs);
      // Heard too late is not heard, however late this process came to read it.
      if (rttMs > request.options.timeoutMs) return;
      if (answer.kind === 'reply') {
        this.#finish(request, { kind: 'reply', rttMs });
        return;
      }
      const { code, mtuB } = answer;
      const error = { kind: 'error', code, source: keyAddress(source), rttMs } as const;
      this.#finish(request, mtuB === undefined ? error : { ...error, mtuB });
    }

    /** Where the port's clock was set in between, what is left is the time until it was read. */
    #roundTripMs({ departure, leftMs }: Request, atMs: number): number {
      if (!departure) return Number.NaN;
      const wasSet = Math.abs(this.#settingMs - departure.settingMs) > CLOCK_SET_MS;
      if (wasSet) return performance.now() - departure.monotonicMs;
      return atMs - (leftMs ?? departure.atMs);
    }

    /** How far the port's clock is ahead of the monotonic one; read again where it took too long. */
    #clockSettingMs(): number {
      for (let tries = 3; ; tries--) {
        const before = performance.now();
        const portMs = this.#port.nowMs();
        const after = performance.now();
        if (after - before < CLOCK_SET_MS / 2 || tries === 0) return portMs - (before + after) / 2;
      }
    }

    #finish(request: Request, result: EchoResult): void {
      this.#outstanding.delete(request.serial & 0xffff);
      // A paused socket does not keep the process alive.
      if (!this.#closed && this.#outstanding.size === 0) this.#socket.pauseRecv();
      request.settle(result);
    }
  }

  return new RepairedSession().open();
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

function sendWhole(socket: RawSocket, family: Family): void {
  const [level, option] =
    family === 6 ? [IPPROTO_IPV6, IPV6_MTU_DISCOVER] : [IPPROTO_IP, IP_MTU_DISCOVER];
  socket.setOption(level, option, PMTUDISC_PROBE);
}
