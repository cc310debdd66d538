/**
 * What the line itself has of IPv6: addresses, prefixes, a default route, a resolver, a NAT64; and
 * whether a connection over it succeeds.
 *
 * - Addresses and routes are the kernel's (`/proc/net`), read, not guessed from traffic. Native is an
 *   address within 2000::/3; 6to4 and Teredo run over IPv4 and are counted apart, as are unique local
 *   ones (RFC 4193), which lead nowhere outside. Deprecated, tentative and duplicate ones are not counted.
 * - `delegatedPrefixLength` is there only where this machine is the router that holds the prefix.
 * - `resolverV6Ms`: any answer of the first resolver that is configured over IPv6.
 * - `pref64Length`: length of the NAT64 prefix that the resolvers show for `ipv4only.arpa` (RFC 7050).
 * - `happyEyeballsV6`: 1 where a client that races the families (RFC 8305 §5: IPv4 starts 250 ms
 *   later) would have ended up on IPv6, 0 where on IPv4. Worked out from connections that were each
 *   made on their own; nothing here is ever raced.
 *
 * Outcome: `ok` when there is a native address and a default route, and the target was reached over
 * IPv6. Otherwise `failed` at `address` (`no-native-address`), at `route` (`no-default-route`), at
 * `dns` as `resolveHost` says, at `connect` as `tcp-connect` does. An address but no connection is a
 * line that was built and does not work: never the same record as a line without.
 */
import { getServers } from 'node:dns';
import { readFile } from 'node:fs/promises';
import { isIPv6 } from 'node:net';
import { z } from 'zod';
import { finding } from '../finding.ts';
import { lineState, readAddresses, readRoutes } from '../ipv6/line-state.ts';
import { discoverPref64 } from '../ipv6/nat64.ts';
import type { Family, Outcome } from '../measurement.ts';
import { defineMetric } from '../metric.ts';
import { askOverUdp } from '../net/dns.ts';
import { failed, failureCode, OK, skipped } from '../net/failure.ts';
import { addressPolicy, resolveHost } from '../net/resolve.ts';
import { parseHostAndPort } from '../net/target.ts';
import { connectTcp } from '../net/tcp.ts';
import { pause, within } from '../net/time-limit.ts';
import { median } from '../sample.ts';
import { count, milliseconds } from './value-specs.ts';

const parameters = z.strictObject({
  /** Connections tried over each family, in turn. */
  pairs: z.int().min(1).max(10).default(3),
  intervalMs: z.number().min(10).max(10_000).default(100),
  /** Of one of them, and of the question to the resolver. */
  timeoutMs: z.number().min(100).max(10_000).default(3_000),
  ...addressPolicy,
});
type Parameters = z.infer<typeof parameters>;

const values = [
  count('nativeAddresses', '原生 IPv6 地址数', 'Native IPv6 addresses'),
  count('tunnelAddresses', '隧道地址数(6to4、Teredo)', 'Tunnel addresses (6to4, Teredo)'),
  count('uniqueLocalAddresses', '本地唯一地址数', 'Unique local addresses'),
  count('temporaryAddresses', '临时(隐私)地址数', 'Temporary (privacy) addresses'),
  count('prefixLength', '链路前缀长度', 'Prefix length on the link'),
  count('delegatedPrefixLength', '委派前缀长度', 'Length of the delegated prefix'),
  count('defaultRoute', '有 IPv6 默认路由', 'Has an IPv6 default route'),
  count('resolversV6', 'IPv6 解析服务器数', 'Resolvers configured over IPv6'),
  milliseconds('resolverV6Ms', 'IPv6 解析服务器应答时延', 'Answer of a resolver over IPv6'),
  count('pref64Length', 'NAT64 前缀长度', 'Length of the NAT64 prefix'),
  milliseconds('connectV6Ms', 'IPv6 TCP 握手', 'TCP handshake over IPv6'),
  milliseconds('connectV4Ms', 'IPv4 TCP 握手', 'TCP handshake over IPv4'),
  count('happyEyeballsV6', '双栈竞速会选 IPv6', 'Happy Eyeballs would choose IPv6'),
];

/** RFC 8305 §8: Connection Attempt Delay. */
const ATTEMPT_DELAY_MS = 250;
const DNS_PORT = 53;

export const ipv6Line = defineMetric<Parameters>({
  name: 'ipv6-line',
  title: { zh: '线路的 IPv6 条件', en: 'What the line has of IPv6' },
  method: 'ipv6-line/1',
  source: 'RFC 4291, RFC 8981, RFC 7050, RFC 8305',
  targetHint: 'example.net:443 | [2001:db8::1]:443',
  load: 'quiet',
  parameters,
  values,
  async canRun(family) {
    if (family !== 6) return 'ipv6-only';
    return process.platform === 'linux' ? null : 'no-procfs';
  },
  async run(target, wanted, { family, signal }) {
    const parsed = parseHostAndPort(target, family);
    if (parsed.kind === 'refused') return finding(values, { outcome: skipped(parsed.reason) });
    if (family !== 6) return finding(values, { outcome: skipped('ipv6-only') });

    const state = lineState(
      readAddresses(await procNet('if_inet6')),
      readRoutes(await procNet('ipv6_route')),
    );
    const resolvers = getServers().filter((server) => isIPv6(server));
    const [pref64, resolverV6Ms] = await Promise.all([
      discoverPref64(signal),
      resolverMs(resolvers[0], wanted.timeoutMs, signal),
    ]);
    const connected = await connects(target, wanted, signal);
    const { v6, v4 } = connected;
    const connectV6Ms = median(v6.rttsMs);
    const connectV4Ms = median(v4.rttsMs);
    return finding(values, {
      outcome: outcomeOf(state.native.length, state.hasDefaultRoute, v6),
      ...(v6.address === undefined ? {} : { address: v6.address }),
      values: {
        nativeAddresses: state.native.length,
        tunnelAddresses: state.tunnels,
        uniqueLocalAddresses: state.uniqueLocal,
        temporaryAddresses: state.temporary,
        prefixLength: state.prefixLength,
        delegatedPrefixLength: state.delegatedPrefixLength,
        defaultRoute: state.hasDefaultRoute ? 1 : 0,
        resolversV6: resolvers.length,
        resolverV6Ms,
        pref64Length: pref64?.length,
        connectV6Ms,
        connectV4Ms,
        happyEyeballsV6:
          isTried(v6) && isTried(v4) ? happyEyeballs(connectV6Ms, connectV4Ms) : undefined,
      },
    });
  },
});

/** Empty where this kernel has no IPv6. */
async function procNet(file: string): Promise<string> {
  try {
    return await readFile(`/proc/net/${file}`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** @returns undefined without such a resolver, or without an answer */
async function resolverMs(
  server: string | undefined,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  if (server === undefined) return undefined;
  try {
    const question = { name: 'ipv4only.arpa', type: 'AAAA' as const };
    const peer = { address: server, port: DNS_PORT, timeoutMs };
    return (await askOverUdp(peer, question, signal)).responseMs;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

/** What the connections over one family came to. */
interface Tried {
  address?: string;
  readonly rttsMs: number[];
  /** Of the last that failed. */
  failure?: Outcome;
}

/** Connects over each family in turn, so that both meet the same moments. */
async function connects(
  target: string,
  wanted: Parameters,
  signal: AbortSignal,
): Promise<{ readonly v6: Tried; readonly v4: Tried }> {
  const v6: Tried = { rttsMs: [] };
  const v4: Tried = { rttsMs: [] };
  for (let pair = 0; pair < wanted.pairs; pair++) {
    if (pair > 0) await pause(wanted.intervalMs, signal);
    await connectOnce(target, 6, v6, wanted, signal);
    await connectOnce(target, 4, v4, wanted, signal);
  }
  return { v6, v4 };
}

async function connectOnce(
  target: string,
  family: Family,
  tried: Tried,
  { timeoutMs, allowPrivate }: Parameters,
  signal: AbortSignal,
): Promise<void> {
  const parsed = parseHostAndPort(target, family);
  // A literal has no other half.
  if (parsed.kind === 'refused') return;
  const { host, port } = parsed;
  const resolved =
    tried.address === undefined
      ? await resolveHost(host, family, signal, { allowPrivate })
      : { kind: 'address' as const, address: tried.address };
  if (resolved.kind === 'outcome') {
    tried.failure = resolved.outcome;
    return;
  }
  const { address } = resolved;
  tried.address = address;
  try {
    const connected = await within(timeoutMs, signal, (limited) =>
      connectTcp(address, port, limited),
    );
    connected.socket.destroy();
    tried.rttsMs.push(connected.connectMs);
  } catch (error) {
    signal.throwIfAborted();
    tried.failure = failed('connect', failureCode(error));
  }
}

/** False of the other half of a literal. */
function isTried({ address, failure }: Tried): boolean {
  return address !== undefined || failure !== undefined;
}

function outcomeOf(native: number, hasDefaultRoute: boolean, v6: Tried): Outcome {
  if (native === 0) return failed('address', 'no-native-address');
  if (!hasDefaultRoute) return failed('route', 'no-default-route');
  return v6.rttsMs.length > 0 ? OK : (v6.failure ?? failed('connect', 'timeout'));
}

/** Undefined where neither family connected: a race nobody won. Pure. */
export function happyEyeballs(
  v6Ms: number | undefined,
  v4Ms: number | undefined,
): 0 | 1 | undefined {
  if (v6Ms === undefined) return v4Ms === undefined ? undefined : 0;
  return v4Ms === undefined || v6Ms <= ATTEMPT_DELAY_MS + v4Ms ? 1 : 0;
}
