/**
 * Which IPv6 addresses a DNS64 made up from IPv4 ones (RFC 6147, RFC 7050).
 *
 * Behind a DNS64 every IPv4 site seems to have an AAAA record. It says something of the line, and
 * nothing of the site.
 */
import ipaddr from 'ipaddr.js';
import { type Lookup, lookupAddresses } from '../net/resolve.ts';
import { unlessAborted, within } from '../net/time-limit.ts';

/** An IPv6 prefix in which a NAT64 keeps IPv4 addresses: `64:ff9b::/96`. */
export interface Pref64 {
  readonly prefix: ipaddr.IPv6;
  readonly length: number;
}

/** A name that has IPv4 addresses alone, and these two (RFC 7050 §8). */
const IPV4_ONLY = 'ipv4only.arpa';
const WELL_KNOWN_IPV4: ReadonlySet<string> = new Set(['192.0.0.170', '192.0.0.171']);
/** RFC 6052 §2.1. */
export const WELL_KNOWN_PREF64: Pref64 = { prefix: ipaddr.IPv6.parse('64:ff9b::'), length: 96 };
/** RFC 6052 §2.2; from the longest, in which nothing else can look like an address by chance. */
const LENGTHS = [96, 64, 56, 48, 40, 32];
const LIMIT_MS = 5_000;

/**
 * The prefix of this line's DNS64, as the resolvers of this machine show it (RFC 7050 §3).
 *
 * @returns undefined where there is no DNS64, or no answer in 5 s
 * @throws the signal's reason
 */
export async function discoverPref64(
  signal: AbortSignal,
  lookup: Lookup = lookupAddresses,
): Promise<Pref64 | undefined> {
  try {
    const found = await within(LIMIT_MS, signal, (limited) =>
      unlessAborted(lookup(IPV4_ONLY, 6), limited),
    );
    return found.map(pref64Of).find((prefix) => prefix !== undefined);
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** The prefix in an AAAA record of `ipv4only.arpa`; undefined where it is none. Pure. */
export function pref64Of(address: string): Pref64 | undefined {
  if (!ipaddr.IPv6.isValid(address)) return undefined;
  const bytes = ipaddr.IPv6.parse(address).toByteArray();
  const length = LENGTHS.find((each) => WELL_KNOWN_IPV4.has(embeddedIPv4(bytes, each)));
  if (length === undefined) return undefined;
  const prefix = new ipaddr.IPv6(bytes.map((byte, index) => (index < length / 8 ? byte : 0)));
  return { prefix, length };
}

/** Whether an IPv6 address lies in a NAT64's prefix, the line's own or the well-known one. Pure. */
export function isSynthesised(address: string, own: Pref64 | undefined): boolean {
  const parsed = ipaddr.IPv6.parse(address);
  return [WELL_KNOWN_PREF64, own].some((each) => each && parsed.match(each.prefix, each.length));
}

/** RFC 6052 §2.2: the octet at bits 64 to 71 is not part of it. */
function embeddedIPv4(bytes: readonly number[], length: number): string {
  const without = bytes.filter((_, index) => index !== 8 || length === 96);
  return without.slice(length / 8, length / 8 + 4).join('.');
}
