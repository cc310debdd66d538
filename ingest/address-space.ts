/**
 * Addresses and prefixes of both families as numbers of 128 bits; IPv4 stands where IPv4-mapped IPv6
 * does (RFC 4291 §2.5.5.2), as the store keeps addresses. Pure.
 */
import { isIPv4, isIPv6 } from 'node:net';
import ipaddr from 'ipaddr.js';

export interface Prefix {
  readonly family: 4 | 6;
  /** The first address. */
  readonly first: bigint;
  /** How many of the 128 bits are fixed. */
  readonly bits: number;
}

export type PrefixRefusal =
  | { readonly code: 'prefix-malformed' | 'prefix-scoped' | 'prefix-mapped' | 'prefix-family' }
  | { readonly code: 'prefix-host-bits'; readonly meant: string };

const MAPPED: Prefix = { family: 6, first: 0xffff_0000_0000n, bits: 96 };

/** An address of either family, IPv4 also as IPv4-mapped; null for anything else. */
export function parseAddress(text: string): bigint | null {
  // As the store writes IPv4, of which there is most.
  const decimal = text.startsWith('::ffff:') ? text.slice('::ffff:'.length) : text;
  if (isIPv4(decimal)) return MAPPED.first | BigInt(numberOfIpv4(decimal));
  return isIPv6(text) && !text.includes('%') ? numberOfIpv6(text) : null;
}

/** `a.b.c.d/n` or `x::/n` as it is written, or why it is no prefix. */
export function parsePrefix(text: string): Prefix | PrefixRefusal {
  const [, address = '', digits = ''] = /^([^/]{2,60})\/(0|[1-9]\d{0,2})$/.exec(text) ?? [];
  if (address === '') return { code: 'prefix-malformed' };
  if (address.includes('%')) return { code: 'prefix-scoped' };
  const value = parseAddress(address);
  if (value === null) return { code: 'prefix-malformed' };
  const family = address.includes(':') ? 6 : 4;
  const length = Number(digits);
  if (length > 128) return { code: 'prefix-malformed' };
  if (family === 4 && length > 32) return { code: 'prefix-family' };
  const bits = family === 4 ? 96 + length : length;
  const prefix = { family, first: (value >> tail(bits)) << tail(bits), bits } as const;
  if (family === 6 && intersects(prefix, MAPPED)) return { code: 'prefix-mapped' };
  if (prefix.first !== value) return { code: 'prefix-host-bits', meant: prefixText(prefix) };
  return prefix;
}

export function isPrefix(parsed: Prefix | PrefixRefusal): parsed is Prefix {
  return 'bits' in parsed;
}

/** As RFC 5952 and CIDR write it. */
export function prefixText({ family, first, bits }: Prefix): string {
  return `${addressText(first)}/${family === 4 ? bits - 96 : bits}`;
}

/** As RFC 5952 writes it; IPv4 as four decimals. */
export function addressText(address: bigint): string {
  return isMapped(address) ? ipv4BytesOf(address).join('.') : ipv6Of(address).toRFC5952String();
}

export function lastOf({ first, bits }: Prefix): bigint {
  return first | ((1n << tail(bits)) - 1n);
}

/** Whether `outer` holds every address of `inner`; a prefix covers itself. */
export function covers(outer: Prefix, inner: Prefix): boolean {
  return (
    outer.bits <= inner.bits && outer.first >> tail(outer.bits) === inner.first >> tail(outer.bits)
  );
}

function intersects(one: Prefix, other: Prefix): boolean {
  return covers(one, other) || covers(other, one);
}

/** Special blocks that a wider prefix might swallow; single addresses are asked of ipaddr.js. */
const SPECIAL = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '224.0.0.0/3',
  '2001:db8::/32',
]
  .map(parsePrefix)
  .filter(isPrefix);

/** Space that is routed on the Internet: global unicast (IPv6: 2000::/3, RFC 4291 §2.4), nothing special within. */
export function isPublic(prefix: Prefix): boolean {
  return (
    isPublicAddress(prefix.first) &&
    isPublicAddress(lastOf(prefix)) &&
    SPECIAL.every((special) => !intersects(prefix, special))
  );
}

export function isPublicAddress(address: bigint): boolean {
  if (isMapped(address)) return new ipaddr.IPv4(ipv4BytesOf(address)).range() === 'unicast';
  return address >> 125n === 1n && ipv6Of(address).range() === 'unicast';
}

function isMapped(address: bigint): boolean {
  return address >> 32n === 0xffffn;
}

function tail(bits: number): bigint {
  return BigInt(128 - bits);
}

function ipv6Of(address: bigint) {
  const hex = address.toString(16).padStart(32, '0');
  return new ipaddr.IPv6(Array.from(Buffer.from(hex, 'hex')));
}

function ipv4BytesOf(address: bigint): number[] {
  const number = Number(address & 0xffff_ffffn);
  return [24, 16, 8, 0].map((shift) => (number >>> shift) & 255);
}

function numberOfIpv4(decimal: string): number {
  return decimal.split('.').reduce((number, part) => number * 256 + Number(part), 0);
}

/** Of a text that is an address: up to eight groups, and `::` for those left out. */
function numberOfIpv6(text: string): bigint {
  const [head = '', rest] = text.split('::');
  const before = groupsOf(head);
  const after = groupsOf(rest ?? '');
  return BigInt(`0x${before}${'0'.repeat(32 - before.length - after.length)}${after}`);
}

/** Groups as 32 hexadecimal digits at most; the last two may be written as IPv4. */
function groupsOf(text: string): string {
  if (text === '') return '';
  return text
    .split(':')
    .map((group) =>
      group.includes('.')
        ? numberOfIpv4(group).toString(16).padStart(8, '0')
        : group.padStart(4, '0'),
    )
    .join('');
}
