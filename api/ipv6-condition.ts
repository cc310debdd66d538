/**
 * What a line's measurements say of its IPv6, several metrics held together. Pure.
 *
 * One metric alone misleads: an echo that is filtered looks like an outage, and a path-MTU black
 * hole looks healthy to every packet that is small.
 */
import type { Family } from '../probes/measurement.ts';
import type { Ipv6Condition } from './contract/measurement.ts';
import type { Title } from './contract/place.ts';

/** How many runs of one target ended in one way. */
export interface OutcomeCount {
  readonly metric: string;
  readonly family: number;
  readonly target: string;
  readonly outcome: string;
  readonly stage: string;
  readonly code: string;
  readonly runs: number;
}

/** From this share of runs on we say "it works", up to the complement "it does not". */
const MOSTLY = 0.8;

/**
 * Causes that lie on the line itself: the machine there has no address or no route. A router's
 * "unreachable" is not among them: it comes from somewhere on the way.
 */
const NO_IPV6_HERE = new Set(['no-route', 'address-unavailable']);

const FAMILY: Family = 6;

export function ipv6Condition(outcomes: readonly OutcomeCount[]): Ipv6Condition {
  const runs = outcomes.filter(({ family, outcome }) => family === FAMILY && outcome !== 'skipped');
  const connects = runs.filter(({ metric }) => metric === 'tcp-connect');
  const fetches = runs.filter(({ metric }) => metric === 'http-fetch');
  const echoes = runs.filter(({ metric }) => metric === 'icmp-rtt');
  if (connects.length === 0) return 'no evidence';

  const connected = shareOk(connects) ?? 0;
  if (connected <= 1 - MOSTLY) {
    const failures = connects.filter(({ outcome }) => outcome === 'failed');
    return share(failures, ({ code }) => NO_IPV6_HERE.has(code)) >= MOSTLY ? 'none' : 'dropped';
  }
  if (connected < MOSTLY) return 'unstable';

  // Small pages come through while full-size ones stall: packets of full size are lost and nobody
  // tells the sender (RFC 2923 §2.1). The header may share the first of them, so it stalls there too.
  const targets = [...new Set(fetches.map(({ target }) => target))];
  const ofTarget = (target: string) => fetches.filter((fetch) => fetch.target === target);
  const stalls = ({ stage, code }: OutcomeCount) =>
    code === 'timeout' && (stage === 'header' || stage === 'body');
  const stalled =
    targets.some((target) => share(ofTarget(target), stalls) >= MOSTLY) &&
    targets.some((target) => (shareOk(ofTarget(target)) ?? 0) >= MOSTLY);
  if (stalled) return 'path-mtu-black-hole';
  if ((shareOk(fetches) ?? 1) < MOSTLY) return 'unstable';
  if ((shareOk(echoes) ?? 1) <= 1 - MOSTLY) return 'echo-filtered';
  return 'works';
}

function share(counts: readonly OutcomeCount[], is: (count: OutcomeCount) => boolean): number {
  const total = counts.reduce((sum, { runs }) => sum + runs, 0);
  return total === 0
    ? 0
    : counts.reduce((sum, count) => sum + (is(count) ? count.runs : 0), 0) / total;
}

function shareOk(counts: readonly OutcomeCount[]): number | null {
  return counts.length === 0 ? null : share(counts, ({ outcome }) => outcome === 'ok');
}

export const CONDITION_TITLES: Readonly<
  Record<Ipv6Condition, { title: Title; advice: Title | null }>
> = {
  works: { title: { zh: '正常', en: 'works' }, advice: null },
  none: {
    title: { zh: '无 IPv6', en: 'none' },
    advice: {
      zh: '线路没有 IPv6 地址或路由:请运营商为该线路开通双栈并下发前缀',
      en: 'The line has no IPv6 address or route: enable dual stack and delegate a prefix',
    },
  },
  dropped: {
    title: { zh: '有地址但不通', en: 'dropped' },
    advice: {
      zh: '域名有 AAAA 记录而 IPv6 连接超时:检查接入侧与回程路由、ACL 及防火墙的 IPv6 策略',
      en: 'AAAA exists but IPv6 connects time out: check access and return routes, ACLs and IPv6 firewall rules',
    },
  },
  'path-mtu-black-hole': {
    title: { zh: '路径 MTU 黑洞', en: 'path-MTU black hole' },
    advice: {
      zh: '小包可通、大包停住:放行 ICMPv6 Packet Too Big(RFC 4890 §4.3.1),或在接入设备上钳制 TCP MSS',
      en: 'Small packets pass, full-size ones stall: let ICMPv6 Packet Too Big through (RFC 4890 §4.3.1) or clamp the TCP MSS',
    },
  },
  'echo-filtered': {
    title: { zh: '可用,回显被过滤', en: 'echo filtered' },
    advice: {
      zh: '业务可达但 ICMPv6 回显被过滤:建议放行 Echo(RFC 4890 §4.3.1),以便监测',
      en: 'Services are reached but ICMPv6 echo is filtered: let echo through (RFC 4890 §4.3.1) so that the line can be watched',
    },
  },
  unstable: {
    title: { zh: '时通时断', en: 'unstable' },
    advice: {
      zh: '同一线路的 IPv6 结果不一致:查看各次测量的失败环节',
      en: 'IPv6 results of this line disagree: look at the stage at which runs failed',
    },
  },
  'no evidence': { title: { zh: '无证据', en: 'no evidence' }, advice: null },
};
