/**
 * What a task's target says, decided before anything is sent. Pure.
 *
 * An address that cannot be meant for the task's family is refused, not tried: resolvers and
 * sockets would quietly answer with the other family.
 */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Family } from '../measurement.ts';

/** A host name, or an address in canonical form (RFC 5952). */
export type Host =
  | { readonly kind: 'name'; readonly name: string }
  | { readonly kind: 'address'; readonly address: string };

/** Why a target is not tried: the reason of a `skipped` outcome. */
export type Refusal =
  | 'malformed-target'
  | 'other-family'
  | 'mapped-address'
  | 'scoped-address'
  | 'unspecified-address';

export type Parsed<T> = T | { readonly kind: 'refused'; readonly reason: Refusal };

export interface HostAndPort {
  readonly kind: 'host-and-port';
  readonly host: Host;
  readonly port: number;
}

const LABEL = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/i;

/** A name or an address of `family`, without brackets. */
export function parseHost(text: string, family: Family): Parsed<Host> {
  // A zone means something on this machine only, and no record may carry it (RFC 4007 §11.2).
  if (text.includes('%')) return refused('scoped-address');
  if (isIP(text) !== 0) return parseAddress(text, family);
  return isHostName(text)
    ? { kind: 'name', name: text.toLowerCase() }
    : refused('malformed-target');
}

/** `name:port`, `a.b.c.d:port` or `[v6]:port`. */
export function parseHostAndPort(text: string, family: Family): Parsed<HostAndPort> {
  const match = /^(?:\[(?<v6>[^\]]+)\]|(?<other>[^:[\]]+)):(?<port>\d{1,5})$/.exec(text)?.groups;
  const port = Number(match?.port);
  const literal = match?.v6 ?? match?.other;
  if (literal === undefined || port < 1 || port > 65_535) return refused('malformed-target');
  const host = parseHost(literal, family);
  return host.kind === 'refused' ? host : { kind: 'host-and-port', host, port };
}

export interface WebTarget {
  readonly kind: 'url';
  readonly url: URL;
  readonly host: Host;
  readonly port: number;
}

/** An `http:` or `https:` URL without credentials, and the host in it. */
export function parseUrl(text: string, family: Family): Parsed<WebTarget> {
  if (/^[a-z]+:\/\/\[[^\]]*%/i.test(text)) return refused('scoped-address');
  if (!URL.canParse(text)) return refused('malformed-target');
  const url = new URL(text);
  if (!/^https?:$/.test(url.protocol) || url.username || url.password)
    return refused('malformed-target');
  const host = parseHost(url.hostname.replace(/^\[|\]$/g, ''), family);
  if (host.kind === 'refused') return host;
  const port = Number(url.port) || (url.protocol === 'https:' ? 443 : 80);
  return { kind: 'url', url, host, port };
}

/** An address of `family` in canonical form, or why it is refused. */
export function parseAddress(
  text: string,
  family: Family,
): Parsed<Extract<Host, { kind: 'address' }>> {
  if (text.includes('%')) return refused('scoped-address');
  if (isIP(text) === 0) return refused('malformed-target');
  const address = ipaddr.parse(text);
  if (address instanceof ipaddr.IPv6 && address.isIPv4MappedAddress())
    return refused('mapped-address');
  if (address instanceof ipaddr.IPv6 !== (family === 6)) return refused('other-family');
  if (address.range() === 'unspecified') return refused('unspecified-address');
  return { kind: 'address', address: canonical(address) };
}

/** Addresses of this machine, of its own network and of its carrier's, none of the Internet (RFC 6890). */
const PRIVATE_RANGES: ReadonlySet<string> = new Set([
  'unspecified',
  'loopback',
  'linkLocal',
  'private',
  'carrierGradeNat',
  'multicast',
  'broadcast',
  'uniqueLocal',
  'deprecatedSiteLocal',
  'ipv4Mapped',
]);

/**
 * Whether an address leads to this machine or into its own network, or wraps an IPv4 address that
 * does: mapped and compatible (RFC 4291 §2.5.5), NAT64 (RFC 6052 §2.1), 6to4 (RFC 3056 §2).
 * Blocks set aside for documentation and benchmarks lead nowhere, and are not private.
 *
 * @param address a literal
 */
export function isPrivate(address: string): boolean {
  const parsed = ipaddr.parse(address);
  if (PRIVATE_RANGES.has(parsed.range())) return true;
  const wrapped = parsed instanceof ipaddr.IPv6 ? wrappedIPv4(parsed) : undefined;
  return wrapped !== undefined && PRIVATE_RANGES.has(wrapped.range());
}

function wrappedIPv4({ parts }: ipaddr.IPv6): ipaddr.IPv4 | undefined {
  const from = (index: number) =>
    new ipaddr.IPv4(parts.slice(index, index + 2).flatMap((part) => [part >> 8, part & 0xff]));
  if (parts[0] === 0x2002) return from(1);
  const isNat64 = parts[0] === 0x64 && parts[1] === 0xff9b;
  return parts.slice(isNat64 ? 2 : 0, 6).every((part) => part === 0) ? from(6) : undefined;
}

function canonical(address: ipaddr.IPv4 | ipaddr.IPv6): string {
  return address instanceof ipaddr.IPv6 ? address.toRFC5952String() : address.toString();
}

/** RFC 1123 §2.1 with underscores; an all-numeric last label would be taken for an address. */
export function isHostName(text: string): boolean {
  const labels = text.replace(/\.$/, '').split('.');
  return (
    text.length <= 254 &&
    labels.every((label) => LABEL.test(label)) &&
    !/^(?:\d+|0x[0-9a-f]*)$/i.test(labels.at(-1) ?? '')
  );
}

function refused(reason: Refusal): { readonly kind: 'refused'; readonly reason: Refusal } {
  return { kind: 'refused', reason };
}
