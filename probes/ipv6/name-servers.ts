/**
 * Whether a name can be looked up over IPv6 alone: which of the authoritative servers of its zone
 * (RFC 1034 §4.2) have an IPv6 address of their own, and answer there.
 *
 * A site may be on IPv6 and its zone not: users do not notice as long as their resolver has IPv4 too.
 */
import { getServers } from 'node:dns';
import { isIP } from 'node:net';
import { askOverTcp, askOverUdp, type DnsAnswer, type Question } from '../net/dns.ts';
import { failureCode } from '../net/failure.ts';
import { type AddressPolicy, type Lookup, lookupAddresses, resolveHost } from '../net/resolve.ts';
import { isHostName } from '../net/target.ts';
import type { UdpPeer } from '../net/udp.ts';
import { isSynthesised, type Pref64 } from './nat64.ts';

/** What a name server came to. */
export type ServerFate =
  /** As one who holds the zone, over IPv6. */
  | 'answers'
  /** It has no IPv6 address of its own. */
  | 'unpublished'
  /** It has one, and is silent there, or does not hold the zone. */
  | 'fails'
  /** That it could not be asked says nothing of it. */
  | 'unknown';

const DNS_PORT = 53;
const TIMEOUT_MS = 2_000;
/** Zones have two to four as a rule; whoever names a thousand has not all of them asked. */
const SERVERS_LIMIT = 8;
/** Zones cut further below a name's top than this are nobody's. */
const LABELS_LIMIT = 8;
/** Of these a resolver would not be asked twice. */
const RESOLVERS_LIMIT = 2;
/** What the line says, or this machine, before anybody is asked. */
const NOT_ASKED: ReadonlySet<string> = new Set(['no-route', 'address-unavailable']);
/** RFC 1035 §4.1.1. */
const NOERROR = 0;
const NXDOMAIN = 3;

export interface ZoneOptions {
  /** Who is asked for the servers' names; the resolvers of this machine unless told. */
  readonly resolvers?: readonly Pick<UdpPeer, 'address' | 'port'>[];
  /** Where name servers listen. */
  readonly port?: number;
  readonly lookup?: Lookup;
  readonly policy: AddressPolicy;
  /** Addresses in it are the line's, and no server's. */
  readonly pref64: Pref64 | undefined;
}

/**
 * What each authoritative server of the zone that `name` lies in came to, 8 of them at most; none
 * where no resolver says who they are.
 *
 * @throws the signal's reason
 */
export async function zoneServersOverIPv6(
  name: string,
  {
    resolvers = ownResolvers(),
    port = DNS_PORT,
    lookup = lookupAddresses,
    policy,
    pref64,
  }: ZoneOptions,
  signal: AbortSignal,
): Promise<readonly ServerFate[]> {
  const zone = await zoneOf(name, resolvers, signal);
  if (!zone) return [];
  const asked = zone.servers.slice(0, SERVERS_LIMIT).map(async (server): Promise<ServerFate> => {
    const host = { kind: 'name', name: server } as const;
    const resolved = await resolveHost(host, 6, signal, policy, lookup);
    if (resolved.kind === 'outcome') {
      const { outcome } = resolved;
      const isPublished = outcome.status !== 'failed' || outcome.code !== 'no-aaaa';
      return isPublished ? 'unknown' : 'unpublished';
    }
    const { address } = resolved;
    if (isSynthesised(address, pref64)) return 'unpublished';
    return fateOf({ address, port, timeoutMs: TIMEOUT_MS }, zone.name, signal);
  });
  return Promise.all(asked);
}

/**
 * How many servers answer over IPv6; undefined where none did and that may not be the zone's fault.
 * Pure.
 *
 * @param isLineOnIPv6 whether anything else came over IPv6: that a server is silent says something
 */
export function answeringOverIPv6(
  fates: readonly ServerFate[],
  isLineOnIPv6: boolean,
): number | undefined {
  const answering = fates.filter((fate) => fate === 'answers').length;
  if (answering > 0) return answering;
  const isWithout = (fate: ServerFate) =>
    fate === 'unpublished' || (fate === 'fails' && isLineOnIPv6);
  return fates.length > 0 && fates.every(isWithout) ? 0 : undefined;
}

async function fateOf(server: UdpPeer, zone: string, signal: AbortSignal): Promise<ServerFate> {
  try {
    const { answer } = await askOverUdp(
      server,
      { name: zone, type: 'NS', isOfHolder: true },
      signal,
    );
    return answer.isAuthoritative && answer.rcode === NOERROR ? 'answers' : 'fails';
  } catch (error) {
    signal.throwIfAborted();
    return NOT_ASKED.has(failureCode(error)) ? 'unknown' : 'fails';
  }
}

interface Zone {
  readonly name: string;
  readonly servers: readonly string[];
}

/** The nearest name above that has servers of its own; a top-level domain is nobody's site. */
async function zoneOf(
  name: string,
  resolvers: Required<ZoneOptions>['resolvers'],
  signal: AbortSignal,
): Promise<Zone | undefined> {
  const labels = name.replace(/\.$/, '').split('.').slice(-LABELS_LIMIT);
  for (let from = 0; labels.length - from >= 2; from++) {
    const above = labels.slice(from).join('.');
    const answer = await firstAnswer(resolvers, { name: above, type: 'NS' }, signal);
    if (answer?.rcode !== NOERROR && answer?.rcode !== NXDOMAIN) return undefined;
    const servers = answer.records.filter(isHostName);
    // Servers at the end of an alias are another zone's.
    if (answer.aliases === 0 && servers.length > 0) return { name: above, servers };
  }
  return undefined;
}

async function firstAnswer(
  resolvers: Required<ZoneOptions>['resolvers'],
  question: Question,
  signal: AbortSignal,
): Promise<DnsAnswer | undefined> {
  for (const resolver of resolvers.slice(0, RESOLVERS_LIMIT)) {
    const server = { ...resolver, timeoutMs: TIMEOUT_MS };
    try {
      const { answer } = await askOverUdp(server, question, signal);
      return answer.isTruncated ? (await askOverTcp(server, question, signal)).answer : answer;
    } catch {
      signal.throwIfAborted();
    }
  }
  return undefined;
}

/** Those at the usual port. */
function ownResolvers(): Required<ZoneOptions>['resolvers'] {
  return getServers()
    .filter((server) => isIP(server) !== 0)
    .map((address) => ({ address, port: DNS_PORT }));
}
