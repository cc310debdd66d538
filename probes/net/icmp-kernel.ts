/**
 * The kernel's own times of packets (Linux, SO_TIMESTAMPING), by recvmmsg(2) and sendmmsg(2) on
 * net-ping's socket.
 *
 * An answer is stamped where the kernel takes it from the driver, a request where it hands it to the
 * driver: the same places where tcpdump looks. Nothing that this process does in between, a busy
 * event loop or a late wake-up, is in the difference; nor is what waits in this machine's own queue
 * before the driver. The stamps of requests come back through the socket's error queue together with
 * the packet, and are always there before its answer is. A driver that does not stamp (few do not)
 * leaves the time read just before sending, one packet a call. In its first moments, until the kernel
 * has begun to stamp (net_enable_timestamp defers it), an answer has the time of reading.
 *
 * The stamps are of CLOCK_REALTIME, which can be set: whoever uses them compares it with a clock
 * that cannot (see the session).
 *
 * Memory is laid out by hand for 64-bit little-endian Linux: linux/socket.h, linux/errqueue.h,
 * linux/net_tstamp.h.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { endianness } from 'node:os';
import type { RawSocket } from 'net-ping';
import type { Family } from '../measurement.ts';
import { DATAGRAM_B, type Ears, type IcmpPort, type Outgoing } from './icmp-port.ts';

const SOL_SOCKET = 1;
const SO_TIMESTAMPING = 37;
const SO_COOKIE = 57;
const COOKIE_B = 8;
/** TX_SOFTWARE, RX_SOFTWARE, SOFTWARE (linux/net_tstamp.h). */
const STAMPS = (1 << 1) | (1 << 3) | (1 << 4);
const MSG_DONTWAIT = 0x40;
const MSG_ERRQUEUE = 0x2000;
const AF_INET = 2;
const AF_INET6 = 10;
const CLOCK_REALTIME = 0;

/** Packets of one call. */
const BATCH = 64;
/** Of a packet of ours that comes back with its stamp: link, IP and ICMP headers, nonce and serial. */
const ECHOED_B = 160;
const NAME_B = 28;
const CONTROL_B = 256;
const MESSAGE_B = 64; // struct mmsghdr
const VECTOR_B = 16; // struct iovec
const CONTROL_HEADER_B = 16; // struct cmsghdr

/** errno of a send: asm-generic/errno-base.h, errno.h. */
const SEND_FAILURES: Readonly<Record<number, string>> = {
  1: 'prohibited', // EPERM
  11: 'send-buffer-full', // EAGAIN
  13: 'prohibited', // EACCES
  90: 'too-big', // EMSGSIZE
  99: 'address-unavailable', // EADDRNOTAVAIL
  101: 'no-route', // ENETUNREACH
  105: 'send-buffer-full', // ENOBUFS
  113: 'unreachable', // EHOSTUNREACH
};

type Koffi = typeof import('koffi');
type Pointer = Buffer;

interface Kernel {
  readonly address: Koffi['address'];
  readonly errno: () => number;
  readonly sendmmsg: (fd: number, messages: Pointer, count: number, flags: number) => number;
  readonly recvmmsg: (
    fd: number,
    messages: Pointer,
    count: number,
    flags: number,
    timeout: null,
  ) => number;
  readonly getsockopt: (
    fd: number,
    level: number,
    option: number,
    value: Pointer,
    length: Pointer,
  ) => number;
  readonly clockGettime: (clock: number, time: Pointer) => number;
}

/**
 * @returns null where koffi is not installed, the machine's memory is laid out in another way, or
 *   the kernel does not stamp
 */
export async function kernelPort(socket: RawSocket, family: Family): Promise<IcmpPort | null> {
  if (!['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch) || endianness() !== 'LE')
    return null;
  try {
    const kernel = await loadKernel();
    const fd = descriptorOf(socket, kernel);
    socket.setOption(SOL_SOCKET, SO_TIMESTAMPING, STAMPS);
    return new KernelPort(kernel, fd, family);
  } catch {
    return null;
  }
}

let loaded: Promise<Kernel> | undefined;

function loadKernel(): Promise<Kernel> {
  loaded ??= (async () => {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    return {
      address: koffi.address,
      errno: koffi.errno,
      sendmmsg: libc.func('int sendmmsg(int, void *, unsigned int, int)'),
      recvmmsg: libc.func('int recvmmsg(int, void *, unsigned int, int, void *)'),
      getsockopt: libc.func('int getsockopt(int, int, int, void *, void *)'),
      clockGettime: libc.func('int clock_gettime(int, void *)'),
    };
  })();
  return loaded;
}

/**
 * The descriptor that raw-socket keeps to itself: the one whose socket has the same cookie, a number
 * the kernel gives to one socket only.
 */
function descriptorOf(socket: RawSocket, { getsockopt }: Kernel): number {
  const wanted = Buffer.alloc(COOKIE_B);
  socket.getOption(SOL_SOCKET, SO_COOKIE, wanted, COOKIE_B);
  const cookie = Buffer.alloc(COOKIE_B);
  const length = Buffer.alloc(4);
  for (const name of readdirSync('/proc/self/fd')) {
    const fd = Number(name);
    length.writeUInt32LE(COOKIE_B);
    if (!isSocket(name) || getsockopt(fd, SOL_SOCKET, SO_COOKIE, cookie, length) !== 0) continue;
    if (cookie.equals(wanted)) return fd;
  }
  throw new Error('no descriptor has the cookie of the raw socket');
}

function isSocket(descriptor: string): boolean {
  try {
    return readlinkSync(`/proc/self/fd/${descriptor}`).startsWith('socket:');
  } catch {
    return false; // the descriptor with which the directory was read
  }
}

class KernelPort implements IcmpPort {
  readonly times = 'kernel';
  readonly #kernel: Kernel;
  readonly #fd: number;
  readonly #outgoing: Messages;
  readonly #arrived: Messages;
  readonly #stamped: Messages;
  readonly #time = Buffer.alloc(16);
  /** Whole seconds from which times are counted, so that a double holds nanoseconds. */
  readonly #originS: bigint;
  #driverStamps = false;

  constructor(kernel: Kernel, fd: number, family: Family) {
    this.#kernel = kernel;
    this.#fd = fd;
    const messages = (dataB: number) => new Messages(family, dataB, kernel.address);
    this.#outgoing = messages(DATAGRAM_B);
    this.#arrived = messages(DATAGRAM_B);
    this.#stamped = messages(ECHOED_B);
    kernel.clockGettime(CLOCK_REALTIME, this.#time);
    this.#originS = this.#time.readBigInt64LE(0);
  }

  /** Until a driver has stamped a packet, each is timed on its own. */
  get batch(): number {
    return this.#driverStamps ? BATCH : 1;
  }

  nowMs(): number {
    this.#kernel.clockGettime(CLOCK_REALTIME, this.#time);
    return timeMs(this.#time, 0, this.#originS);
  }

  send(packets: readonly Outgoing[]): (string | null)[] {
    const { sendmmsg, errno } = this.#kernel;
    const codes: (string | null)[] = [];
    for (let begin = 0; begin < packets.length; begin += BATCH) {
      const batch = packets.slice(begin, begin + BATCH);
      for (const [index, packet] of batch.entries()) this.#outgoing.fill(index, packet);
      // The kernel stops at the packet it cannot send, and says why when it is the first of a call.
      for (let done = 0; done < batch.length; ) {
        const sent = sendmmsg(
          this.#fd,
          this.#outgoing.from(done),
          batch.length - done,
          MSG_DONTWAIT,
        );
        const code = sent > 0 ? null : (SEND_FAILURES[errno()] ?? 'send-failed');
        const fate = Math.max(1, sent);
        for (let count = 0; count < fate; count++) codes.push(code);
        done += fate;
      }
    }
    return codes;
  }

  read(ears: Ears): boolean {
    // Answers are taken first: the stamps of their requests are then all there.
    const arrived = this.#receive(this.#arrived, MSG_DONTWAIT);
    let stamped: number;
    do {
      stamped = this.#receive(this.#stamped, MSG_DONTWAIT | MSG_ERRQUEUE);
      for (let index = 0; index < stamped; index++) {
        const atMs = this.#stamped.stampMs(index, this.#originS);
        if (atMs === null) continue;
        this.#driverStamps = true;
        ears.left(this.#stamped.datagram(index), atMs);
      }
    } while (stamped === BATCH);
    const nowMs = arrived > 0 ? this.nowMs() : 0;
    for (let index = 0; index < arrived; index++) {
      const atMs = this.#arrived.stampMs(index, this.#originS) ?? nowMs;
      ears.heard(this.#arrived.datagram(index), this.#arrived.source(index), atMs);
    }
    return arrived === BATCH;
  }

  #receive(messages: Messages, flags: number): number {
    messages.empty();
    return Math.max(0, this.#kernel.recvmmsg(this.#fd, messages.from(0), BATCH, flags, null));
  }
}

/** An array of `struct mmsghdr` with all that it points to. */
class Messages {
  readonly #dataB: number;
  readonly #addressAt: number;
  readonly #addressB: number;
  readonly #nameB: number;
  readonly #headers = Buffer.alloc(BATCH * MESSAGE_B);
  readonly #vectors = Buffer.alloc(BATCH * VECTOR_B);
  readonly #names = Buffer.alloc(BATCH * NAME_B);
  readonly #controls = Buffer.alloc(BATCH * CONTROL_B);
  readonly #data: Buffer;
  /** The headers with room for control messages, as they are before a call. */
  readonly #empty: Buffer;
  /** The headers from each on, cut once. */
  readonly #tails: readonly Buffer[];

  constructor(family: Family, dataB: number, address: Koffi['address']) {
    this.#dataB = dataB;
    this.#data = Buffer.alloc(BATCH * dataB);
    [this.#nameB, this.#addressAt, this.#addressB] = family === 6 ? [28, 8, 16] : [16, 4, 4];
    const [names, vectors, controls, data] = [
      this.#names,
      this.#vectors,
      this.#controls,
      this.#data,
    ].map(address) as [bigint, bigint, bigint, bigint];
    for (let index = 0; index < BATCH; index++) {
      const n = BigInt(index);
      const at = index * MESSAGE_B;
      this.#names.writeUInt16LE(family === 6 ? AF_INET6 : AF_INET, index * NAME_B);
      this.#vectors.writeBigUInt64LE(data + n * BigInt(dataB), index * VECTOR_B);
      this.#vectors.writeBigUInt64LE(BigInt(dataB), index * VECTOR_B + 8);
      this.#headers.writeBigUInt64LE(names + n * BigInt(NAME_B), at);
      this.#headers.writeUInt32LE(this.#nameB, at + 8);
      this.#headers.writeBigUInt64LE(vectors + n * BigInt(VECTOR_B), at + 16);
      this.#headers.writeBigUInt64LE(1n, at + 24);
      this.#headers.writeBigUInt64LE(controls + n * BigInt(CONTROL_B), at + 32);
    }
    this.#empty = Buffer.from(this.#headers);
    for (let at = 0; at < this.#empty.length; at += MESSAGE_B)
      this.#empty.writeUInt32LE(CONTROL_B, at + 40);
    this.#tails = Array.from({ length: BATCH }, (_, index) =>
      this.#headers.subarray(index * MESSAGE_B),
    );
  }

  from(index: number): Buffer {
    return this.#tails[index] as Buffer;
  }

  /** Makes room again: the kernel has written over the lengths. */
  empty(): void {
    this.#empty.copy(this.#headers);
  }

  /** Puts a packet where it is sent from. */
  fill(index: number, { packet, key }: Outgoing): void {
    const lengthB = packet.copy(this.#data, index * this.#dataB);
    this.#vectors.writeUInt32LE(lengthB, index * VECTOR_B + 8);
    this.#names.write(key, index * NAME_B + this.#addressAt, 'hex');
  }

  datagram(index: number): Buffer {
    const receivedB = this.#headers.readUInt32LE(index * MESSAGE_B + 56);
    const at = index * this.#dataB;
    return this.#data.subarray(at, at + Math.min(receivedB, this.#dataB));
  }

  /** As `addressKey` writes it. */
  source(index: number): string {
    const at = index * NAME_B + this.#addressAt;
    return this.#names.toString('hex', at, at + this.#addressB);
  }

  /** null where the kernel gave none. */
  stampMs(index: number, originS: bigint): number | null {
    const at = index * CONTROL_B;
    const end = at + this.#headers.readUInt32LE(index * MESSAGE_B + 40);
    return controlStampMs(this.#controls.subarray(at, end), originS);
  }
}

/**
 * The software stamp among the control messages of a datagram (the first of the three in struct
 * scm_timestamping), in milliseconds since `originS`; null where there is none. Pure.
 */
export function controlStampMs(control: Buffer, originS: bigint): number | null {
  for (let at = 0; at + CONTROL_HEADER_B + 16 <= control.length; ) {
    const lengthB = control.readUInt32LE(at);
    if (lengthB < CONTROL_HEADER_B || lengthB > control.length - at) return null;
    const [level, type] = [control.readInt32LE(at + 8), control.readInt32LE(at + 12)];
    if (level === SOL_SOCKET && type === SO_TIMESTAMPING && lengthB >= CONTROL_HEADER_B + 16) {
      const stampAt = at + CONTROL_HEADER_B;
      return control.readBigInt64LE(stampAt) === 0n ? null : timeMs(control, stampAt, originS);
    }
    at += (lengthB + 7) & ~7;
  }
  return null;
}

/** A struct timespec, since `originS`. */
function timeMs(bytes: Buffer, at: number, originS: bigint): number {
  const seconds = Number(bytes.readBigInt64LE(at) - originS);
  return seconds * 1_000 + bytes.readUInt32LE(at + 8) / 1e6;
}
