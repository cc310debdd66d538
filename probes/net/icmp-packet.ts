/**
 * ICMP and ICMPv6 echo on the wire (RFC 792, RFC 4443). Pure.
 *
 * An echo request of ours carries, after the header, 8 random bytes of its session and the upper half
 * of a serial that is never used twice, of which the sequence number is the lower half: an answer to
 * another process, to another session of this one, or to an earlier packet with the same sequence
 * number is not taken for ours. Two more bytes keep the checksum of all requests of a session the
 * same: routers that spread load by the first bytes of the header send them one way, so that a
 * traceroute sees one path (Augustin et al., "Avoiding traceroute anomalies with Paris traceroute",
 * IMC 2006).
 */
import ipaddr from 'ipaddr.js';
import type { Family } from '../measurement.ts';

export const HEADER_B = 8;
export const NONCE_B = 8;
const SERIAL_AT = HEADER_B + NONCE_B;
const BALANCE_AT = SERIAL_AT + 2;
/** Smallest payload that can be told to be ours: nonce, half a serial, balance. */
export const MINIMUM_PAYLOAD_B = NONCE_B + 4;

const ICMP = { request: 8, reply: 0, unreachable: 3, timeExceeded: 11, parameterProblem: 12 };
const ICMP6 = {
  request: 128,
  reply: 129,
  unreachable: 1,
  tooBig: 2,
  timeExceeded: 3,
  parameterProblem: 4,
};

const PROTOCOL_ICMP = 1;
const NEXT_HEADER_ICMP6 = 58;

/** Types a session wants to see; the kernel is told to keep everything else. */
export const WANTED_TYPES: Readonly<Record<Family, readonly number[]>> = {
  4: [ICMP.reply, ICMP.unreachable, ICMP.timeExceeded, ICMP.parameterProblem],
  6: [ICMP6.reply, ICMP6.unreachable, ICMP6.tooBig, ICMP6.timeExceeded, ICMP6.parameterProblem],
};

/** What identifies one request. */
export interface EchoIdentity {
  readonly sessionId: number;
  readonly nonce: Buffer;
  /** Its low 16 bits are the sequence number on the wire. */
  readonly serial: number;
}

export type EchoAnswer =
  | { readonly kind: 'reply'; readonly sequence: number; readonly serial: number }
  /** `serial` is undefined where the router quoted too little of our packet to carry it. */
  | {
      readonly kind: 'error';
      readonly code: string;
      readonly sequence: number;
      readonly serial: number | undefined;
      /** To whom the packet in question was sent, as `addressKey` writes it. */
      readonly destination: string;
      /** Of `too-big`: what fits, where the router said so (RFC 1191 §4, RFC 4443 §3.2). */
      readonly mtuB?: number;
    };

export function echoRequest(family: Family, identity: EchoIdentity, payloadB: number): Buffer {
  // From the pool: thousands of small buffers of their own are what garbage is made of.
  const packet = Buffer.allocUnsafe(HEADER_B + payloadB).fill(0);
  packet[0] = family === 6 ? ICMP6.request : ICMP.request;
  packet.writeUInt16BE(identity.sessionId, 4);
  packet.writeUInt16BE(identity.serial & 0xffff, 6);
  identity.nonce.copy(packet, HEADER_B);
  const upper = identity.serial >>> 16;
  packet.writeUInt16BE(upper, SERIAL_AT);
  packet.writeUInt16BE(0xffff - folded(upper + (identity.serial & 0xffff)), BALANCE_AT);
  // The kernel fills in the checksum of ICMPv6 (RFC 3542 §3.1), not that of ICMP.
  if (family === 4) packet.writeUInt16BE(internetChecksum(packet), 2);
  return packet;
}

/**
 * Reads what a raw socket delivered: for IPv4 with the IP header, for IPv6 without.
 *
 * @returns undefined for whatever is not an answer to this session
 */
export function readAnswer(
  family: Family,
  datagram: Buffer,
  session: Pick<EchoIdentity, 'sessionId' | 'nonce'>,
): EchoAnswer | undefined {
  const message = family === 6 ? datagram : ipv4Payload(datagram);
  const type = message?.[0];
  if (!message || message.length < HEADER_B || type === undefined) return undefined;
  if (type === (family === 6 ? ICMP6.reply : ICMP.reply)) {
    if (message.readUInt16BE(4) !== session.sessionId) return undefined;
    const serial = serialOf(message, session.nonce);
    if (typeof serial !== 'number') return undefined;
    return { kind: 'reply', sequence: message.readUInt16BE(6), serial };
  }
  const code = errorCode(family, type, message[1] ?? 0);
  // The packet in question follows the 8 bytes of the error's own header (RFC 4443 §3, RFC 792).
  const quoted = code && quotedEcho(family, message.subarray(HEADER_B));
  if (!code || !quoted || quoted.echo.readUInt16BE(4) !== session.sessionId) return undefined;
  const serial = serialOf(quoted.echo, session.nonce);
  if (serial === 'foreign') return undefined;
  const { destination, echo } = quoted;
  const mtuB = code === 'too-big' ? mtuOf(family, message) : 0;
  return {
    kind: 'error',
    code,
    sequence: echo.readUInt16BE(6),
    serial,
    destination,
    ...(mtuB > 0 ? { mtuB } : {}),
  };
}

/**
 * The serial of a request of ours that came back with its time of sending, behind whatever headers
 * its link has; undefined where it is none.
 */
export function sentSerial(
  packet: Buffer,
  { nonce }: Pick<EchoIdentity, 'nonce'>,
): number | undefined {
  const at = packet.indexOf(nonce);
  if (at < HEADER_B || at + MINIMUM_PAYLOAD_B > packet.length) return undefined;
  const serial = serialOf(packet.subarray(at - HEADER_B), nonce);
  return typeof serial === 'number' ? serial : undefined;
}

/** One spelling for one address: its bytes in hexadecimal. */
export function addressKey(address: string): string {
  return Buffer.from(ipaddr.process(address.replace(/%.*$/, '')).toByteArray()).toString('hex');
}

/** The address of a key, in canonical form (RFC 5952). */
export function keyAddress(key: string): string {
  const address = ipaddr.fromByteArray([...Buffer.from(key, 'hex')]);
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** RFC 1071. */
export function internetChecksum(bytes: Buffer): number {
  let sum = 0;
  for (let index = 0; index < bytes.length; index += 2)
    sum += ((bytes[index] ?? 0) << 8) + (bytes[index + 1] ?? 0);
  return ~folded(sum) & 0xffff;
}

/** A sum of 16-bit words in one's complement. */
function folded(sum: number): number {
  let word = sum;
  while (word > 0xffff) word = (word & 0xffff) + (word >>> 16);
  return word;
}

/** The serial after our nonce; `foreign` for another nonce, undefined where the packet is cut before it. */
function serialOf(echo: Buffer, nonce: Buffer): number | 'foreign' | undefined {
  if (echo.length < HEADER_B + MINIMUM_PAYLOAD_B) return undefined;
  if (!nonce.equals(echo.subarray(HEADER_B, HEADER_B + NONCE_B))) return 'foreign';
  return ((echo.readUInt16BE(SERIAL_AT) << 16) | echo.readUInt16BE(6)) >>> 0;
}

interface QuotedEcho {
  /** From the echo's own header on. */
  readonly echo: Buffer;
  readonly destination: string;
}

function quotedEcho(family: Family, packet: Buffer): QuotedEcho | undefined {
  return family === 6 ? quotedEcho6(packet) : quotedEcho4(packet);
}

function quotedEcho4(packet: Buffer): QuotedEcho | undefined {
  const echo = ipv4Payload(packet);
  if (!echo || packet[9] !== PROTOCOL_ICMP) return undefined;
  if (echo.length < HEADER_B || echo[0] !== ICMP.request) return undefined;
  return { echo, destination: packet.toString('hex', 16, 20) };
}

function quotedEcho6(packet: Buffer): QuotedEcho | undefined {
  if (packet.length < 40 || (packet[0] ?? 0) >> 4 !== 6) return undefined;
  let next = packet[6];
  let offset = 40;
  // Hop-by-hop, routing and destination options may stand before the echo (RFC 8200 §4); a
  // fragment header too, of which only the first fragment carries the echo's header.
  while (next === 0 || next === 43 || next === 60 || next === 44) {
    if (offset + 8 > packet.length) return undefined;
    if (next === 44 && (packet.readUInt16BE(offset + 2) & 0xfff8) !== 0) return undefined;
    const lengthB = next === 44 ? 8 : ((packet[offset + 1] ?? 0) + 1) * 8;
    next = packet[offset];
    offset += lengthB;
  }
  const echo = packet.subarray(offset);
  if (next !== NEXT_HEADER_ICMP6 || echo.length < HEADER_B || echo[0] !== ICMP6.request)
    return undefined;
  return { echo, destination: packet.toString('hex', 24, 40) };
}

/** What follows the IPv4 header and its options. */
function ipv4Payload(packet: Buffer): Buffer | undefined {
  if (packet.length < 20 || (packet[0] ?? 0) >> 4 !== 4) return undefined;
  const headerB = ((packet[0] ?? 0) & 0x0f) * 4;
  return headerB < 20 || packet.length < headerB ? undefined : packet.subarray(headerB);
}

function mtuOf(family: Family, message: Buffer): number {
  return family === 6 ? message.readUInt32BE(4) : message.readUInt16BE(6);
}

function errorCode(family: Family, type: number, code: number): string | undefined {
  if (family === 6) {
    if (type === ICMP6.unreachable) return UNREACHABLE_6[code] ?? 'unreachable';
    if (type === ICMP6.tooBig) return 'too-big';
    if (type === ICMP6.timeExceeded) return 'time-exceeded';
    if (type === ICMP6.parameterProblem) return 'parameter-problem';
    return undefined;
  }
  if (type === ICMP.unreachable) return UNREACHABLE_4[code] ?? 'unreachable';
  if (type === ICMP.timeExceeded) return 'time-exceeded';
  if (type === ICMP.parameterProblem) return 'parameter-problem';
  return undefined;
}

/** RFC 4443 §3.1. */
const UNREACHABLE_6: Readonly<Record<number, string>> = {
  0: 'no-route',
  1: 'prohibited',
  5: 'prohibited',
  6: 'prohibited',
};

/** RFC 1812 §5.2.7.1; 4 is "fragmentation needed". */
const UNREACHABLE_4: Readonly<Record<number, string>> = {
  0: 'no-route',
  4: 'too-big',
  6: 'no-route',
  9: 'prohibited',
  10: 'prohibited',
  13: 'prohibited',
};
