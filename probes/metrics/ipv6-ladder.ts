/**
 * How far up a web site is usable over IPv6: name, echo, TCP, TLS, HTTP, the whole page, the same
 * content as over IPv4, and the pages it links to within its site.
 *
 * The climb is over IPv6 alone; IPv4 is visited beside it, for comparison, and never stands in.
 * - An echo that is filtered does not end the climb: users need the page, not the echo (RFC 4890
 *   §4.3.1 asks to let it through). It is noted in `echoAnswered`, which is missing where this
 *   machine may not ask.
 * - Whether the name can be looked up over IPv6 alone is noted in `nameServersV6`: how many of its
 *   zone's authoritative servers answer over IPv6. 0 is said only where none has an AAAA record, or
 *   those that have do not answer while the line has IPv6; it does not end the climb, since a
 *   resolver that has IPv4 too finds the name.
 * - An AAAA record that a DNS64 made up (RFC 6147) is none of the site's: `dns/synthesised`.
 * - Where no header came it is asked for alone (HEAD). If it comes then, what is lost are full-size
 *   packets, as the first of the page is: `page/timeout`, not `http/timeout`.
 * - Content is compared where the page came over both families. Pages differ from one visit to the
 *   next, so it is the same from a `similarityRatio` of `similarAtLeast` on (`similarity.ts`).
 * - A linked page counts where it comes over at least one of the families: what is dead over both
 *   says nothing of IPv6. One that comes over IPv4 alone breaks the last rung.
 * - Delays are compared pair by pair, one visit right after the other, the order alternating; the
 *   ratio is the median of (v6 − v4) / v4 over the pairs. The first pair is the climb itself.
 *
 * Outcome: `ok` when every rung that could be tried held. Otherwise `failed`, the stage being the
 * rung that broke (`dns`, `tcp`, `tls`, `http`, `page`, `content`, `links`) and the code what broke
 * it there, as `http-fetch` names it; `content/differs`; `links` with the code seen most. Read
 * `highestRungV4` before blaming IPv6: where IPv4 came no further, the site was away. `adviseLadder`
 * puts it in words.
 *
 * Samples: the TCP handshakes in ms, pair by pair, IPv6 before IPv4.
 *
 * Traffic: at most (2 · pairs) · `limitB` + 2 · links · 0.5 MB, and seldom a tenth of it.
 */
import { z } from 'zod';
import { finding, rounded } from '../finding.ts';
import { adviseLadder } from '../ipv6/advice.ts';
import {
  brokenAt,
  degradationRatio,
  heightReached,
  judgeClimb,
  type Pair,
} from '../ipv6/ladder.ts';
import { answeringOverIPv6, type ServerFate, zoneServersOverIPv6 } from '../ipv6/name-servers.ts';
import { discoverPref64, isSynthesised, type Pref64 } from '../ipv6/nat64.ts';
import { similarityRatio } from '../ipv6/similarity.ts';
import type { Family } from '../measurement.ts';
import { defineMetric, SMALL_RUN_B, WITH_HEADERS } from '../metric.ts';
import { failed, skipped } from '../net/failure.ts';
import { openEchoSession } from '../net/icmp-session.ts';
import { type PageOptions, type Visit, visitPage } from '../net/page.ts';
import { type AddressPolicy, addressPolicy } from '../net/resolve.ts';
import { parseUrl, type WebTarget } from '../net/target.ts';
import { connectTcp } from '../net/tcp.ts';
import { unlessAborted, within } from '../net/time-limit.ts';
import { median } from '../sample.ts';
import { bytes, count, milliseconds, ratio } from './value-specs.ts';

const parameters = z.strictObject({
  /** Of one visit, from looking up the name to the last byte. */
  timeoutMs: z.number().min(100).max(10_000).default(8_000),
  /** Of one page. */
  limitB: z.int().min(1_500).max(20_000_000).default(3_000_000),
  redirects: z.int().min(0).max(10).default(5),
  pairs: z.int().min(1).max(5).default(3),
  links: z.int().min(0).max(10).default(5),
  similarAtLeast: z.number().min(0).max(1).default(0.7),
  ...addressPolicy,
});
type Parameters = z.infer<typeof parameters>;

const values = [
  count('highestRung', 'IPv6 到达级数(1–8)', 'Highest rung that held over IPv6 (1 to 8)'),
  count('highestRungV4', 'IPv4 到达级数(至 6)', 'Highest rung that held over IPv4 (up to 6)'),
  count('echoAnswered', 'ICMPv6 回显有应答', 'ICMPv6 echo answered'),
  milliseconds('echoMs', 'ICMPv6 往返时延', 'Round-trip time of the ICMPv6 echo'),
  milliseconds('connectV6Ms', 'IPv6 TCP 握手', 'TCP handshake over IPv6'),
  milliseconds('connectV4Ms', 'IPv4 TCP 握手', 'TCP handshake over IPv4'),
  ratio('connectDegradationRatio', 'TCP 握手劣化比', 'Degradation of the TCP handshake'),
  milliseconds('pageV6Ms', 'IPv6 页面总时延', 'Whole page over IPv6'),
  milliseconds('pageV4Ms', 'IPv4 页面总时延', 'Whole page over IPv4'),
  ratio('pageDegradationRatio', '页面时延劣化比', 'Degradation of the page'),
  bytes('pageB', '页面大小', 'Size of the page'),
  ratio('similarityRatio', '与 IPv4 内容相似度', 'Likeness to the page over IPv4'),
  count('linksTried', '二级链接数', 'Linked pages tried'),
  count('linksOk', '二级链接可达数', 'Linked pages that came'),
  bytes('movedB', '读取的正文总量', 'Bodies read, over all visits'),
  count(
    'nameServersV6',
    '经 IPv6 应答的权威域名服务器数',
    'Authoritative name servers that answer over IPv6',
  ),
];

const ECHOES = 3;
const ECHO = { payloadB: 56, timeoutMs: 1_000 };
const CONNECT_MS = 3_000;
/** Of all questions together; two that are not answered take 4 s. */
const NAME_SERVERS_MS = 6_000;
/** Enough of a page to find its links in and to compare it by. */
const KEEP_B = 256 * 1024;
const LINK_LIMIT_B = 256 * 1024;
const LINKS_AT_ONCE = 5;

export const ipv6Ladder = defineMetric<Parameters>({
  name: 'ipv6-ladder',
  title: { zh: 'IPv6 逐级可用性', en: 'IPv6, rung by rung' },
  method: 'ipv6-ladder/1',
  source: 'RFC 1034, RFC 4443, RFC 9110, RFC 7050',
  targetHint: 'https://example.net/',
  load: 'quiet',
  parameters,
  values,
  costB: ({ pairs, limitB, links }) =>
    SMALL_RUN_B + Math.ceil(2 * (pairs * limitB + links * LINK_LIMIT_B) * WITH_HEADERS),
  canRun: async (family) => (family === 6 ? null : 'ipv6-only'),
  async run(target, wanted, { family, signal }) {
    const page = parseUrl(target, family);
    if (page.kind === 'refused') return finding(values, { outcome: skipped(page.reason) });
    if (family !== 6) return finding(values, { outcome: skipped('ipv6-only') });

    let movedB = 0;
    const look: Look = async (at, over, options) => {
      const { timeoutMs, limitB, redirects, allowPrivate } = wanted;
      const usual = { family: over, timeoutMs, limitB, redirects, allowPrivate, keepB: KEEP_B };
      const visit = await visitPage(at, { ...usual, ...options }, signal);
      movedB += visit.bodyB ?? 0;
      return visit;
    };
    const v4Page = parseUrl(target, 4);
    const [v6, pref64] = await Promise.all([
      look(page, 6),
      page.host.kind === 'name' ? discoverPref64(signal) : undefined,
    ]);
    // An IPv6 literal has no other half.
    const v4 = v4Page.kind === 'url' ? await look(v4Page, 4) : undefined;
    const highestRungV4 = v4 && heightReached(v4);
    const { address } = v6;
    const where = address === undefined ? {} : { address };
    if (address !== undefined && isSynthesised(address, pref64)) {
      const outcome = failed('dns', 'synthesised');
      const reached = { highestRung: 0, highestRungV4, movedB };
      return finding(values, { outcome, ...where, values: reached });
    }

    if (isWithoutHeader(v6) && (await look(page, 6, { method: 'HEAD' })).status !== undefined)
      v6.outcome = failed('body', 'timeout', 'the header comes when it is asked for alone');
    const echo = address === undefined ? undefined : await echoOf(address, signal);
    const connects = await pairConnects(v6, v4, wanted.pairs, signal);
    const pages = await paired(
      pairOf(wholeMs(v6), wholeMs(v4)),
      async () => wholeMs(await look(page, 6)),
      async () => (v4Page.kind === 'url' ? wholeMs(await look(v4Page, 4)) : undefined),
      wanted.pairs,
    );
    const likeness = isLoaded(v6) && isLoaded(v4) ? likenessOf(v6, v4) : undefined;
    const [links, servers] = await Promise.all([
      isLoaded(v6) ? tryLinks(v6, wanted.links, look) : undefined,
      page.host.kind === 'name' ? serversOf(page.host.name, wanted, pref64, signal) : [],
    ]);
    const isLineOnIPv6 = v6.connectMs !== undefined || echo?.echoAnswered === 1;
    const { outcome, highestRung } = judgeClimb({
      visit: v6,
      isEchoAnswered: echo?.echoAnswered === 1,
      similarityRatio: likeness,
      similarAtLeast: wanted.similarAtLeast,
      links,
    });
    return finding(values, {
      outcome,
      ...where,
      values: {
        highestRung,
        highestRungV4,
        ...echo,
        connectV6Ms: median(connects.map(({ v6Ms }) => v6Ms)),
        connectV4Ms: median(connects.map(({ v4Ms }) => v4Ms)),
        connectDegradationRatio: median(connects.map(degradationRatio)),
        pageV6Ms: median(pages.map(({ v6Ms }) => v6Ms)),
        pageV4Ms: median(pages.map(({ v4Ms }) => v4Ms)),
        pageDegradationRatio: median(pages.map(degradationRatio)),
        pageB: v6.bodyB,
        similarityRatio: likeness,
        linksTried: links && links.ok + links.codes.length,
        linksOk: links?.ok,
        movedB,
        nameServersV6: answeringOverIPv6(servers, isLineOnIPv6),
      },
      samples: connects.flatMap(({ v6Ms, v4Ms }) => [rounded(v6Ms, 0.001), rounded(v4Ms, 0.001)]),
    });
  },
  advise: adviseLadder,
});

/** A visit as this run makes them. */
type Look = (page: WebTarget, family: Family, options?: Partial<PageOptions>) => Promise<Visit>;

function isWithoutHeader({ outcome }: Visit): boolean {
  return outcome.status === 'failed' && outcome.stage === 'header' && outcome.code === 'timeout';
}

function isLoaded(visit: Visit | undefined): visit is Visit {
  return visit !== undefined && brokenAt(visit) === undefined;
}

function likenessOf(v6: Visit, v4: Visit): number | undefined {
  if (v6.bodyHash48 !== undefined && v6.bodyHash48 === v4.bodyHash48) return 1;
  return v6.body && v4.body && similarityRatio(v6.body, v4.body);
}

/** Nothing where this machine may not send one. */
async function echoOf(
  address: string,
  signal: AbortSignal,
): Promise<{ readonly echoAnswered: number; readonly echoMs?: number } | undefined> {
  const session = await openEchoSession(6).catch(() => undefined);
  if (!session) return undefined;
  try {
    const echoes = Array.from({ length: ECHOES }, () => session.echo(address, ECHO));
    const results = await unlessAborted(Promise.all(echoes), signal);
    const echoMs = median(results.flatMap((each) => (each.kind === 'reply' ? [each.rttMs] : [])));
    return echoMs === undefined ? { echoAnswered: 0 } : { echoAnswered: 1, echoMs };
  } finally {
    session.close();
  }
}

/** Nothing where it takes too long to find out. */
async function serversOf(
  name: string,
  policy: AddressPolicy,
  pref64: Pref64 | undefined,
  signal: AbortSignal,
): Promise<readonly ServerFate[]> {
  try {
    return await within(NAME_SERVERS_MS, signal, (limited) =>
      zoneServersOverIPv6(name, { policy, pref64 }, limited),
    );
  } catch {
    signal.throwIfAborted();
    return [];
  }
}

/** Handshakes with the two ends that served the page, the first pair being the visits' own. */
function pairConnects(
  v6: Visit,
  v4: Visit | undefined,
  pairs: number,
  signal: AbortSignal,
): Promise<readonly Pair[]> {
  const again = (visit: Visit | undefined) => async () => {
    const { address, port } = visit ?? {};
    if (address === undefined || port === undefined) return undefined;
    return await connectMs(address, port, signal);
  };
  return paired(pairOf(v6.connectMs, v4?.connectMs), again(v6), again(v4), pairs);
}

async function connectMs(
  address: string,
  port: number,
  signal: AbortSignal,
): Promise<number | undefined> {
  try {
    const connected = await within(CONNECT_MS, signal, (limited) =>
      connectTcp(address, port, limited),
    );
    connected.socket.destroy();
    return connected.connectMs;
  } catch {
    signal.throwIfAborted();
    return undefined;
  }
}

function wholeMs(visit: Visit | undefined): number | undefined {
  return visit?.outcome.status === 'ok' ? visit.totalMs : undefined;
}

/** Further pairs after the first, in alternating order; ends where one has no second half. */
async function paired(
  first: Pair | undefined,
  v6: () => Promise<number | undefined>,
  v4: () => Promise<number | undefined>,
  count: number,
): Promise<readonly Pair[]> {
  const pairs: Pair[] = [];
  for (let next = first; next; ) {
    pairs.push(next);
    if (pairs.length === count) break;
    if (pairs.length % 2 === 0) next = pairOf(await v6(), await v4());
    else {
      const v4Ms = await v4();
      next = pairOf(await v6(), v4Ms);
    }
  }
  return pairs;
}

function pairOf(v6Ms: number | undefined, v4Ms: number | undefined): Pair | undefined {
  return v6Ms === undefined || v4Ms === undefined ? undefined : { v6Ms, v4Ms };
}

/** The pages that this one links to, each over IPv6, and over IPv4 where that failed. */
async function tryLinks(
  { body, url }: Visit,
  limit: number,
  look: Look,
): Promise<{ readonly ok: number; readonly codes: readonly string[] }> {
  // Loaded when first needed: a parser of HTML is memory that an idle probe does not have to hold.
  const { siteLinks } = await import('../ipv6/page-links.ts');
  const links = siteLinks(String(body ?? ''), url, limit);
  const codes: string[] = [];
  let ok = 0;
  for (let from = 0; from < links.length; from += LINKS_AT_ONCE) {
    const some = links.slice(from, from + LINKS_AT_ONCE);
    for (const tried of await Promise.all(some.map((link) => tryLink(link, look)))) {
      if (tried === 'ok') ok++;
      else if (tried !== 'dead') codes.push(tried);
    }
  }
  return { ok, codes };
}

/** `ok`; `dead` where it does not come over IPv4 either; else what went wrong over IPv6. */
async function tryLink(link: URL, look: Look): Promise<string> {
  const over = async (family: Family): Promise<string> => {
    const page = parseUrl(link.href, family);
    if (page.kind === 'refused') return page.reason;
    const visit = await look(page, family, { limitB: LINK_LIMIT_B, keepB: 0 });
    return brokenAt(visit)?.code ?? 'ok';
  };
  const v6 = await over(6);
  return v6 === 'ok' || (await over(4)) === 'ok' ? v6 : 'dead';
}
