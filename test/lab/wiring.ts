/**
 * The province as text: what `ip`, `tc`, `nft` and `iptables-restore` are told. Pure.
 *
 *     host ── core ── server            site's e0 shaped up, core's cN shaped down,
 *              ├── site-01              delay and loss in core's forwarding
 *              └── site-NN
 */
import type { Site } from './sites.ts';

/** Addresses for benchmarking (RFC 2544) and documentation (RFC 3849): nobody's on the Internet. */
const SITES_V4 = '198.19';
const SERVER_V6 = '2001:db8:99::';
/** A shaper queues no longer than this: a small home router's buffer. */
const SHAPER_BUFFER_MS = 60;
/** NFQUEUE numbers of a site. */
const queuesOf = (site: Site) => ({ up: 2 * site.index, down: 2 * site.index + 1 });

/** One run's names and addresses. `slot` (0…127) keeps the host's addresses of two runs apart. */
export interface Network {
  run: string;
  slot: number;
}

export const MAX_SLOTS = 128;
export const coreOf = ({ run }: Network) => `${run}-core`;
export const serverOf = ({ run }: Network) => `${run}-server`;
export const namespaceOf = ({ run }: Network, site: Site) => `${run}-${site.name}`;
/** The cable to the host, as it is called in the router and in the host. */
export const HOST_CABLE_END = 'host';
export const hostLinkOf = ({ slot }: Network) => `tongda${slot}`;

export function serverAddresses({ slot }: Network): { 4: string; 6: string } {
  return { 4: `198.18.${slot}.2`, 6: `${SERVER_V6}2` };
}

/** The router's end of a site's cable, where what goes to the site is shaped. */
export const coreLink = (site: Site) => `c${site.index}`;
const siteV4 = (site: Site, host: number) => `${SITES_V4}.${site.index}.${host}`;
const siteV6 = (site: Site, host: number) =>
  `2001:db8:${(0x1000 + site.index).toString(16)}::${host}`;
const hostLinkV4 = ({ slot }: Network, host: number) => `198.18.${128 + slot}.${host}`;

const here = (program: string, lines: readonly string[]) =>
  `${program} <<'END'\n${lines.join('\n')}\nEND`;

/** `ip -batch` in the host: every namespace and every cable between them. */
export function cables(network: Network, sites: readonly Site[]): string {
  const core = coreOf(network);
  const far = [
    { link: 'server', namespace: serverOf(network) },
    ...sites.map((site) => ({ link: coreLink(site), namespace: namespaceOf(network, site) })),
  ];
  return [
    ...far.map(({ namespace }) => `netns add ${namespace}`),
    ...far.map(
      ({ link, namespace }) =>
        `link add ${link} netns ${core} type veth peer name e0 netns ${namespace}`,
    ),
  ].join('\n');
}

/** `ip -batch` in the host: the way to the server. The cable itself comes before, with the slot. */
export function hostRoute(network: Network): string {
  const link = hostLinkOf(network);
  return [
    `addr add ${hostLinkV4(network, 2)}/30 dev ${link}`,
    `link set ${link} up`,
    `route add ${serverAddresses(network)[4]}/32 via ${hostLinkV4(network, 1)}`,
  ].join('\n');
}

/** Of every namespace: addresses hold at once. */
const COMMON = ['for f in /proc/sys/net/ipv6/conf/*/accept_dad; do echo 0 > $f; done'];

/**
 * TCP is cubic, whatever the host prefers. As a property of the route, because a namespace may make
 * it the default only where the host's own settings allow it to everybody.
 */
const CUBIC = 'congctl cubic';

/** Shell script for the server's namespace. */
export function serverScript(network: Network): string {
  const address = serverAddresses(network);
  return [
    ...COMMON,
    here('ip -batch -', [
      'link set lo up',
      'link set e0 up',
      `addr add ${address[4]}/24 dev e0`,
      `addr add ${address[6]}/64 dev e0 nodad`,
      `route add default via 198.18.${network.slot}.1 ${CUBIC}`,
      `route add default via ${SERVER_V6}1 ${CUBIC}`,
    ]),
  ].join('\n');
}

/** Timers of a virtual machine come up to some ms late; rate a shaper cannot catch up on is lost. */
const BURST_S = 0.008;
const burstKB = (rateBps: number) => Math.max(16, Math.ceil((rateBps * BURST_S) / 8 / 1000));

function shaper(link: string, rateBps: number): string {
  return `qdisc add dev ${link} root tbf rate ${rateBps}bit burst ${burstKB(rateBps)}kb latency ${SHAPER_BUFFER_MS}ms`;
}

/**
 * Shell script for a site's namespace. Behind a small MTU the site itself knows the size of the
 * link but announces the usual MSS, so that only what is sent to it meets the black hole.
 */
export function siteScript(site: Site): string {
  const small = (headersB: number) =>
    site.mtuB < 1500 ? ` mtu ${site.mtuB} advmss ${1500 - headersB}` : '';
  const v6 = [
    `addr add ${siteV6(site, 2)}/64 dev e0 nodad`,
    `route add default via ${siteV6(site, 1)} ${CUBIC}${small(60)}`,
  ];
  return [
    ...COMMON,
    here('ip -batch -', [
      'link set lo up',
      'link set e0 up',
      `addr add ${siteV4(site, 2)}/24 dev e0`,
      `route add default via ${siteV4(site, 1)} ${CUBIC}${small(40)}`,
      ...(site.ipv6 === 'none' ? [] : v6),
    ]),
    `tc ${shaper('e0', site.upBps)}`,
  ].join('\n');
}

/** Shell script for the router's namespace: routes, shapers, faults, and the queues of the delay. */
export function coreScript(network: Network, sites: readonly Site[]): string {
  return [
    ...COMMON,
    'echo 1 > /proc/sys/net/ipv4/ip_forward',
    'echo 1 > /proc/sys/net/ipv6/conf/all/forwarding',
    // Else the router itself limits its ICMPv6 errors and a fault looks like another.
    'echo 0 > /proc/sys/net/ipv6/icmp/ratelimit',
    here('ip -batch -', [
      'link set lo up',
      'link set server up',
      `addr add 198.18.${network.slot}.1/24 dev server`,
      `addr add ${SERVER_V6}1/64 dev server nodad`,
      `link set ${HOST_CABLE_END} up`,
      `addr add ${hostLinkV4(network, 1)}/30 dev ${HOST_CABLE_END}`,
      ...sites.flatMap((site) => [
        `link set ${coreLink(site)} up mtu ${site.mtuB}`,
        `addr add ${siteV4(site, 1)}/24 dev ${coreLink(site)}`,
        ...(site.ipv6 === 'none'
          ? []
          : [`addr add ${siteV6(site, 1)}/64 dev ${coreLink(site)} nodad`]),
      ]),
    ]),
    here(
      'tc -batch -',
      sites.map((site) => shaper(coreLink(site), site.downBps)),
    ),
    here('nft -f -', faults(sites)),
    ...['iptables-restore', 'ip6tables-restore'].map((restore) => here(restore, queues(sites))),
  ].join('\n');
}

/** nftables: what each line loses, at random or by its fault. */
export function faults(sites: readonly Site[]): string[] {
  const drops = sites.flatMap((site) => {
    const link = coreLink(site);
    const lose = `numgen random mod 1000000 < ${Math.round(site.lossRatio * 1e6)} drop`;
    return [
      ...(site.lossRatio > 0 ? [`iifname "${link}" ${lose}`, `oifname "${link}" ${lose}`] : []),
      ...(site.ipv6 === 'dropped' ? [`oifname "${link}" meta nfproto ipv6 drop`] : []),
      ...(site.ipv6 === 'echo-filtered' ? [`oifname "${link}" icmpv6 type echo-reply drop`] : []),
    ];
  });
  const blackHole = sites.some((site) => site.ipv6 === 'path-mtu-black-hole');
  return [
    'table inet lab {',
    'chain impair {',
    'type filter hook forward priority 0; policy accept;',
    ...drops,
    '}',
    'chain router {',
    'type filter hook output priority 0; policy accept;',
    ...(blackHole ? ['oifname "server" icmpv6 type packet-too-big drop'] : []),
    '}',
    '}',
  ];
}

/** iptables: a kernel may lack nftables' own `queue`. Without a delay running, packets pass. */
function queues(sites: readonly Site[]): string[] {
  return [
    '*mangle',
    ':FORWARD ACCEPT [0:0]',
    ...sites.flatMap((site) => {
      const link = coreLink(site);
      const { up, down } = queuesOf(site);
      return [
        `-A FORWARD -i ${link} -j NFQUEUE --queue-num ${up} --queue-bypass`,
        `-A FORWARD -o ${link} -j NFQUEUE --queue-num ${down} --queue-bypass`,
      ];
    }),
    'COMMIT',
  ];
}

/** Arguments of the delay: `QUEUE:DELAY_MS`, both ways of every site. */
export function delayArguments(sites: readonly Site[]): string[] {
  return sites.flatMap((site) =>
    Object.values(queuesOf(site)).map((queue) => `${queue}:${site.oneWayDelayMs}`),
  );
}
