/**
 * Test packets of STAMP in unauthenticated mode (RFC 8762 §4.2.1, §4.3.1, with the session
 * identifier of RFC 8972 §3). Pure.
 *
 * Both kinds are 44 octets and what the sender adds. Fields, by octet:
 *
 *     0 sequence number  4 timestamp  12 error estimate  14 session identifier
 *     16 receive timestamp  24 sender's sequence number  28 sender's timestamp
 *     36 sender's error estimate  38 zero  40 sender's TTL  41 zero
 *
 * From 16 on a sender leaves zeros.
 */

/** The least a packet has, in both directions. */
export const BASE_B = 44;

/** RFC 4656 §4.1.2: an NTP timestamp of a clock that claims no synchronisation, right to 1 s (1 × 2⁻³² × 2³²). */
const ERROR_ESTIMATE = (32 << 8) | 1;
/** RFC 5357 §4.2.1, for those who cannot see the TTL a packet arrived with. */
const UNKNOWN_TTL = 255;
/** From 1900 to 1970 (RFC 5905 §6). */
const NTP_EPOCH_S = 2_208_988_800n;
const NS_PER_S = 1_000_000_000n;
const UINT32 = 0xffff_ffffn;

export interface SentPacket {
  readonly sequence: number;
  /** Unix time. */
  readonly sentNs: bigint;
  /** RFC 8972 §3; 0 where there is none. */
  readonly session: number;
  /** Length of the packet, at least `BASE_B`. */
  readonly sizeB: number;
}

/** What a sender sends. */
export function testPacket({ sequence, sentNs, session, sizeB }: SentPacket): Buffer {
  const packet = Buffer.alloc(sizeB);
  packet.writeUInt32BE(sequence, 0);
  packet.writeBigUInt64BE(ntpTimestamp(sentNs), 4);
  packet.writeUInt16BE(ERROR_ESTIMATE, 12);
  packet.writeUInt16BE(session, 14);
  return packet;
}

/**
 * Whether a datagram is one of a sender. What a reflector sent is not: two reflectors would answer
 * each other for ever. RFC 8762 has the zeros ignored on receipt; here they are the one thing that
 * tells the two apart.
 */
export function isTestPacket(datagram: Buffer): boolean {
  return datagram.length >= BASE_B && datagram.subarray(16, BASE_B).every((octet) => octet === 0);
}

/** The session a sender's packet belongs to. */
export function sessionOf(packet: Buffer): number {
  return packet.readUInt16BE(14);
}

/**
 * What a reflector sends back: never longer than what came. Octets after the first 44 return as
 * they were, and with them the U flags of TLVs that were not understood (RFC 8972 §4).
 *
 * @param sequence the reflector's own number, or undefined for the sender's (RFC 8762 §4, stateless)
 */
export function reflection(
  packet: Buffer,
  receivedNs: bigint,
  sentNs: bigint,
  sequence = packet.readUInt32BE(0),
): Buffer {
  const reply = Buffer.from(packet);
  reply.writeUInt32BE(sequence, 0);
  reply.writeBigUInt64BE(ntpTimestamp(sentNs), 4);
  reply.writeUInt16BE(ERROR_ESTIMATE, 12);
  reply.writeBigUInt64BE(ntpTimestamp(receivedNs), 16);
  packet.copy(reply, 24, 0, 14);
  reply.writeUInt8(UNKNOWN_TTL, 40);
  return reply;
}

export interface Reflection {
  /** Equal to `senderSequence` where the reflector keeps no state. */
  readonly sequence: number;
  readonly senderSequence: number;
  /** Unix time by the reflector's clock. */
  readonly receivedNs: bigint;
  readonly sentNs: bigint;
}

/**
 * A reflector's answer to one of our packets; undefined for anything else. The time a packet was
 * sent, to the nanosecond, and the session are what a forger off the path would have to guess.
 *
 * @param session ours; a reflector that does not know RFC 8972 leaves 0
 * @param sentNs when the packet of that number was sent, undefined for one that was not
 */
export function readReflection(
  datagram: Buffer,
  session: number,
  sentNs: (sequence: number) => bigint | undefined,
): Reflection | undefined {
  if (datagram.length < BASE_B) return undefined;
  const answered = datagram.readUInt16BE(14);
  if (answered !== session && answered !== 0) return undefined;
  const senderSequence = datagram.readUInt32BE(24);
  const sent = sentNs(senderSequence);
  if (sent === undefined || datagram.readBigUInt64BE(28) !== ntpTimestamp(sent)) return undefined;
  return {
    sequence: datagram.readUInt32BE(0),
    senderSequence,
    receivedNs: unixNs(datagram.readBigUInt64BE(16)),
    sentNs: unixNs(datagram.readBigUInt64BE(4)),
  };
}

/** RFC 5905 §6: seconds since 1900 modulo 2³², and their fraction. */
function ntpTimestamp(ns: bigint): bigint {
  const seconds = (ns / NS_PER_S + NTP_EPOCH_S) & UINT32;
  return (seconds << 32n) | (((ns % NS_PER_S) << 32n) / NS_PER_S);
}

/** The era is the one that began in 1900: after 2036 differences stay right, dates do not. */
function unixNs(ntp: bigint): bigint {
  return ((ntp >> 32n) - NTP_EPOCH_S) * NS_PER_S + (((ntp & UINT32) * NS_PER_S) >> 32n);
}

/** Unix time in nanoseconds that never steps: set once, carried on by the monotonic clock. */
export function steadyClock(): () => bigint {
  const epochNs = BigInt(Date.now()) * 1_000_000n - process.hrtime.bigint();
  return () => epochNs + process.hrtime.bigint();
}
