/** What lies behind each broken rung of the IPv6 ladder, most likely, and its cure. Pure. */
import type { Advice, Finding } from '../metric.ts';
import { heightOf, RUNGS, type Rung } from './ladder.ts';

function advice(causeZh: string, causeEn: string, cureZh: string, cureEn: string): Advice {
  return { cause: { zh: causeZh, en: causeEn }, cure: { zh: cureZh, en: cureEn } };
}

/** For every code that a rung has no words of its own for. */
const OTHER = '*';

const NO_ROUTE_HERE = advice(
  '本线路没有 IPv6 地址或路由',
  'This line has no IPv6 address or route',
  '请运营商为该线路开通双栈并下发前缀;用 ipv6-line 查看线路现状',
  'Have the carrier enable dual stack and delegate a prefix; ipv6-line shows what the line has',
);

const FULL_SIZE_LOST = advice(
  '小包可通而大包停住,多为路径 MTU 黑洞(RFC 2923 §2.1)',
  'Small packets pass and full-size ones stall: most likely a path-MTU black hole (RFC 2923 §2.1)',
  '放行 ICMPv6 Packet Too Big(RFC 4890 §4.3.1),或在接入设备上钳制 TCP MSS',
  'Let ICMPv6 Packet Too Big through (RFC 4890 §4.3.1), or clamp the TCP MSS at the access device',
);

const CUT_SHORT = advice(
  'IPv6 一侧的服务或其前的设备中途断开',
  'The server on IPv6, or a device before it, breaks off',
  '查看服务端与负载均衡、防火墙在 IPv6 一侧的日志',
  'See the logs of the server, load balancer and firewall on the IPv6 side',
);

/** By rung and code; `content`, `links` and the rest as `ipv6-ladder` writes them. */
export const LADDER_ADVICE: Readonly<
  Record<Exclude<Rung, 'icmp'>, Readonly<Record<string, Advice>> & { readonly [OTHER]: Advice }>
> = {
  dns: {
    'no-aaaa': advice(
      '域名没有 AAAA 记录:网站未开通 IPv6',
      'The name has no AAAA record: the site is not on IPv6',
      '请网站为该域名发布 AAAA 记录,并在此前确认服务器已监听 IPv6',
      'Have the site publish an AAAA record, once its servers listen on IPv6',
    ),
    'unknown-name': advice(
      '域名不存在,或其权威服务器未被找到',
      'The name does not exist, or its authoritative servers are not found',
      '核对域名;检查上级域的委派(NS、粘合记录)',
      'Check the name, and the delegation from the zone above (NS, glue)',
    ),
    synthesised: advice(
      'AAAA 记录由线路的 DNS64 合成,网站自己只有 IPv4',
      'The AAAA record was made up by the line’s DNS64: the site itself has IPv4 alone',
      '请网站发布自己的 AAAA 记录;在无 DNS64 的线路上复测',
      'Have the site publish an AAAA record of its own; measure again on a line without DNS64',
    ),
    'private-address': advice(
      '域名指向本机或内网地址:域名被劫持,或解析配置有误',
      'The name leads to this machine or into its own network: hijacked, or wrongly configured',
      '用 dns-resolve 向多个服务器核对;确属内网服务的,任务设 allowPrivate',
      'Ask several servers with dns-resolve; for a service of your own network set allowPrivate',
    ),
    'unusable-address': advice(
      'AAAA 记录不是可用的 IPv6 地址(如 IPv4 映射地址)',
      'The AAAA record is no usable IPv6 address (such as an IPv4-mapped one)',
      '请网站更正 AAAA 记录为 2000::/3 内的地址',
      'Have the site correct its AAAA record to an address within 2000::/3',
    ),
    [OTHER]: advice(
      '本机的解析服务器没有应答',
      'The resolvers of this machine do not answer',
      '检查线路的 DNS 设置与解析服务器;用 dns-resolve 逐个核对',
      'Check the line’s DNS settings and resolvers; dns-resolve asks them one by one',
    ),
  },
  tcp: {
    'no-route': NO_ROUTE_HERE,
    'address-unavailable': NO_ROUTE_HERE,
    timeout: advice(
      'AAAA 已发布而连接无应答:途中路由缺失,或防火墙丢弃 IPv6',
      'AAAA is published and connects go unanswered: a missing route, or a firewall that drops IPv6',
      '其他 IPv6 站点可通则查网站一侧的路由、ACL 与防火墙;均不通则查接入侧与回程路由',
      'If other IPv6 sites are reached, check routes, ACLs and firewall at the site; if none is, check access and return routes',
    ),
    refused: advice(
      '主机可达,但该端口没有在 IPv6 上监听',
      'The host is reached, and nothing listens on that port over IPv6',
      '请网站让服务器或负载均衡同时监听 IPv6(如 listen [::]:443)',
      'Have the site’s server or load balancer listen on IPv6 too (such as listen [::]:443)',
    ),
    prohibited: advice(
      '途中的设备以策略拒绝了 IPv6',
      'A device on the way forbids it over IPv6',
      '检查两端防火墙与 ACL 的 IPv6 规则,使其与 IPv4 一致',
      'Check the IPv6 rules of firewalls and ACLs at both ends; make them equal to those for IPv4',
    ),
    unreachable: advice(
      '途中的路由器报告不可达',
      'A router on the way says it is unreachable',
      '用 path 找到报告者;检查其 IPv6 路由与邻居发现',
      'Find who says so with path; check its IPv6 routes and neighbour discovery',
    ),
    [OTHER]: CUT_SHORT,
  },
  tls: {
    'certificate-expired': advice(
      'IPv6 一侧的证书已过期',
      'The certificate on IPv6 has expired',
      '请网站在 IPv6 入口更换证书(与 IPv4 入口一并自动续期)',
      'Have the site renew the certificate of its IPv6 entry, together with that of IPv4',
    ),
    'certificate-name': advice(
      'IPv6 入口出示的是别的域名的证书',
      'The IPv6 entry shows the certificate of another name',
      '请网站检查 IPv6 入口的虚拟主机与 SNI 配置,或 AAAA 是否指错',
      'Have the site check virtual hosts and SNI of its IPv6 entry, or whether AAAA points elsewhere',
    ),
    timeout: advice(
      '握手停住:证书链大于一个包,多为路径 MTU 黑洞',
      'The handshake stalls: a certificate chain is larger than a packet, most likely a path-MTU black hole',
      '放行 ICMPv6 Packet Too Big(RFC 4890 §4.3.1),或钳制 TCP MSS',
      'Let ICMPv6 Packet Too Big through (RFC 4890 §4.3.1), or clamp the TCP MSS',
    ),
    'not-tls': advice(
      'IPv6 上该端口说的不是 TLS',
      'What answers on that port over IPv6 does not speak TLS',
      '请网站检查 IPv6 入口的监听配置',
      'Have the site check what listens at its IPv6 entry',
    ),
    [OTHER]: advice(
      'IPv6 入口的 TLS 或证书不被接受',
      'TLS or the certificate of the IPv6 entry is not accepted',
      '用 tls-handshake 分别测 IPv4 与 IPv6,请网站使两侧的证书链与协议一致',
      'Measure both families with tls-handshake, and have the site make chain and protocols equal',
    ),
  },
  http: {
    timeout: advice(
      '连接已建立而没有应答头:服务在 IPv6 一侧停住,或应答的首包过大而丢失(路径 MTU 黑洞)',
      'Connected, and no header comes: the service hangs on IPv6, or its first packet is full-size and lost (path-MTU black hole)',
      '用 path 核对路径 MTU;请网站查看 IPv6 一侧的反向代理与后端',
      'Check the path MTU with path; have the site look at the proxy and backends on IPv6',
    ),
    'redirect-limit': advice(
      'IPv6 上的重定向没有尽头',
      'Redirects over IPv6 do not end',
      '请网站核对 IPv6 入口的跳转规则',
      'Have the site check the redirect rules of its IPv6 entry',
    ),
    'redirect-loop': advice(
      'IPv6 上的重定向成环',
      'Redirects over IPv6 go in a circle',
      '请网站核对 IPv6 入口的跳转规则',
      'Have the site check the redirect rules of its IPv6 entry',
    ),
    'other-family': advice(
      '网站把 IPv6 用户转到 IPv4 地址',
      'The site sends users of IPv6 to an IPv4 address',
      '请网站跳转到域名而不是地址',
      'Have the site redirect to a name, not to an address',
    ),
    'http-403': advice(
      'IPv6 来源被网站或其防护拒绝',
      'The site, or what guards it, refuses clients on IPv6',
      '请网站检查访问控制与防护名单是否涵盖 IPv6',
      'Have the site check whether its access lists know IPv6',
    ),
    'http-502': CUT_SHORT,
    'http-503': CUT_SHORT,
    'http-504': CUT_SHORT,
    [OTHER]: advice(
      'IPv6 入口的应答有误',
      'The IPv6 entry answers with an error',
      '请网站在 IPv6 一侧打开同一网址,对照其日志',
      'Have the site open the same URL over IPv6 and read its logs',
    ),
  },
  page: { timeout: FULL_SIZE_LOST, [OTHER]: CUT_SHORT },
  content: {
    [OTHER]: advice(
      'IPv6 与 IPv4 给出的页面不同:旧版本、默认页或维护页',
      'IPv6 serves another page than IPv4: an old version, a default page or a maintenance page',
      '请网站让两个入口指向同一份内容;页面本就因人而异的,调低 similarAtLeast',
      'Have the site serve one content at both entries; where pages differ by design, lower similarAtLeast',
    ),
  },
  links: {
    'no-aaaa': advice(
      '二级页面在没有 AAAA 记录的域名上',
      'Linked pages are at names without an AAAA record',
      '请网站为其子域名发布 AAAA 记录',
      'Have the site publish AAAA records for its subdomains',
    ),
    [OTHER]: advice(
      '首页可用,而二级页面仅 IPv4 可达',
      'The first page works, and linked pages come over IPv4 alone',
      '请网站逐个检查子域名与子系统的 IPv6 入口',
      'Have the site check the IPv6 entry of every subdomain and subsystem',
    ),
  },
};

const SITE_AWAY = advice(
  'IPv4 也没有走得更远:网站或线路整体有问题,不是 IPv6 的问题',
  'IPv4 comes no further: the site or the line as a whole is at fault, not IPv6',
  '先排除网站与线路本身的故障,再复测',
  'Mend the site or the line first, then measure again',
);

const ECHO_FILTERED = advice(
  '业务可达而 ICMPv6 回显被过滤',
  'The site is reached, and ICMPv6 echo is filtered',
  '不影响使用;建议放行 Echo(RFC 4890 §4.3.1)以便监测',
  'Users do not notice; let echo through (RFC 4890 §4.3.1) so that it can be watched',
);

const ZONE_WITHOUT_IPV6 = advice(
  '网站可达,而域名的权威服务器没有一台经 IPv6 应答:纯 IPv6 的解析服务器查不到它',
  'The site is reached, and no authoritative server of its zone answers over IPv6: a resolver on IPv6 alone cannot find it',
  '请网站或其 DNS 服务商为至少两台权威服务器发布 AAAA 与粘合记录,并在 IPv6 上放行 UDP 与 TCP 53 端口',
  'Have the site or its DNS provider publish AAAA and glue for at least two of its servers, and let UDP and TCP port 53 through over IPv6',
);

/** Codes that are about IPv6 wherever IPv4 stands. */
const IPV6_ALONE: ReadonlySet<string> = new Set(['no-aaaa', 'synthesised', 'other-family']);

/** The words for a climb; undefined where all is well, or nothing was looked at. */
export function adviseLadder({
  outcome,
  values,
}: Pick<Finding, 'outcome' | 'values'>): Advice | undefined {
  if (outcome.status === 'ok') {
    if (values.nameServersV6 === 0) return ZONE_WITHOUT_IPV6;
    return values.echoAnswered === 0 ? ECHO_FILTERED : undefined;
  }
  if (outcome.status === 'skipped') return undefined;
  const rung = RUNGS.find((each) => each === outcome.stage);
  if (rung === undefined || rung === 'icmp') return undefined;
  const cameNoFurther = (values.highestRungV4 ?? Number.POSITIVE_INFINITY) < heightOf(rung);
  if (cameNoFurther && heightOf(rung) <= heightOf('page') && !IPV6_ALONE.has(outcome.code))
    return SITE_AWAY;
  return LADDER_ADVICE[rung][outcome.code] ?? LADDER_ADVICE[rung][OTHER];
}
