/**
 * The path to a target: its routers, and the largest packet that goes through.
 *
 * A traceroute of ICMP echoes with growing hop limits. All have one checksum, so that routers that
 * spread load by flow send them one way (see `net/icmp-packet.ts`). `hops` is what answered, in
 * order; a router that stays silent has no address and no time. Its time is the shortest of `tries`:
 * routers answer when they find the time.
 *
 * Then echoes of full size go out that no router may fragment (RFC 1191, RFC 8201). Where they are
 * answered they fit. Where a router says "too big", its size is tried instead. Where small ones are
 * answered and large ones met with silence, the path is a black hole (RFC 2923 §2.1): connections
 * open and pages hang. A host that drops large echoes on purpose looks the same; `http-fetch` of a
 * full page tells them apart.
 *
 * Outcome: `ok` where the target answered and so did a full-size packet or a router's "too big".
 * `failed` at `trace`: `timeout`, or what a router said (`no-route`, `unreachable`, `prohibited`);
 * at `mtu`: `black-hole`, or `too-big` where not even the size that a router named goes through; at
 * `send` when no packet left this machine; at `dns` as `resolveHost` says.
 */
import { z } from 'zod';
import { finding, rounded } from '../finding.ts';
import type { Family, Hop } from '../measurement.ts';
import { defineMetric, type Finding } from '../metric.ts';
import { commonest, failed, OK, skipped } from '../net/failure.ts';
import { HEADER_B, MINIMUM_PAYLOAD_B } from '../net/icmp-packet.ts';
import { type EchoResult, type EchoSession, openEchoSession } from '../net/icmp-session.ts';
import { addressPolicy, resolveHost } from '../net/resolve.ts';
import { parseHost } from '../net/target.ts';
import { pause, unlessAborted } from '../net/time-limit.ts';
import { bytes, count, milliseconds } from './value-specs.ts';

/** Ethernet, PPPoE on it, a roomy tunnel, and what every IPv6 link carries (RFC 8200 §5). */
const SIZES_B = [1_500, 1_492, 1_400, 1_280];
const IP_HEADER_B = { 4: 20, 6: 40 } as const;
/** Hop limits tried at once; where all of them stay silent there is nothing further to hear. */
const WINDOW = 8;
/** Routers that name one size after the other; more than a few, and they name none in earnest. */
const NAMED_LIMIT = 4;

const parameters = z.strictObject({
  maxHops: z.int().min(1).max(64).default(30),
  /** Echoes of each hop limit and size. */
  tries: z.int().min(1).max(10).default(3),
  /** Between the tries: routers limit what they say in a second. */
  intervalMs: z.number().min(10).max(10_000).default(200),
  timeoutMs: z.number().min(100).max(10_000).default(1_000),
  ...addressPolicy,
});
type Parameters = z.infer<typeof parameters>;

const values = [
  count('hopCount', '跳数', 'Hops to the target'),
  milliseconds('rttLastHopMs', '目标的往返时延', 'Round-trip time of the target'),
  count('silentHops', '不应答的跳数', 'Hops that stayed silent'),
  bytes('pathMtuB', '应答过的最大报文', 'Largest packet that was answered'),
  bytes('namedMtuB', '路由器告知的路径 MTU', 'Path MTU as routers named it'),
  bytes('blackHoleB', '无声丢弃的最小报文', 'Smallest packet that vanished in silence'),
  count('socketDrops', '本机接收缓冲丢弃', 'Dropped by the receive buffer of the probe'),
];

export const path = defineMetric<Parameters>({
  name: 'path',
  title: { zh: '路径:逐跳与路径 MTU', en: 'Path: its hops and its MTU' },
  method: 'path/1',
  source: 'RFC 792, RFC 4443, RFC 1191, RFC 8201',
  targetHint: 'example.net | 192.0.2.1 | 2001:db8::1',
  load: 'quiet',
  parameters,
  values,
  // Small echoes to every hop, large ones to the target, and what comes back.
  costB: ({ maxHops, tries }) =>
    2 * tries * (maxHops * 128 + (SIZES_B.length + NAMED_LIMIT) * 1_600),
  async canRun(family) {
    try {
      (await openEchoSession(family)).close();
      return null;
    } catch {
      return 'no-raw-socket';
    }
  },
  async run(target, wanted, { family, signal }) {
    const host = parseHost(target, family);
    if (host.kind === 'refused') return finding(values, { outcome: skipped(host.reason) });
    const resolved = await resolveHost(host, family, signal, wanted);
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;
    const session = await openEchoSession(family, { whole: true });
    try {
      const echo: Echo = (options) =>
        session.echo(address, {
          payloadB: MINIMUM_PAYLOAD_B,
          timeoutMs: wanted.timeoutMs,
          ...options,
        });
      const steps = await trace(echo, wanted, signal);
      const sized = steps.some(reached) ? await probeSizes(echo, family, wanted, signal) : [];
      return judge(address, steps, sized, session.socketDrops());
    } finally {
      session.close();
    }
  },
});

type Echo = (options: {
  readonly hopLimit?: number;
  readonly payloadB?: number;
}) => ReturnType<EchoSession['echo']>;

/** What the tries of one hop limit came to. */
export type Step = readonly EchoResult[];

/** What the tries of one size came to. */
export interface Sized {
  readonly sizeB: number;
  readonly results: readonly EchoResult[];
}

/** Steps from hop limit 1 on, until the target or a router that knows no further has answered. */
async function trace(echo: Echo, wanted: Parameters, signal: AbortSignal): Promise<Step[]> {
  const steps: Step[] = [];
  while (steps.length < wanted.maxHops) {
    const first = steps.length + 1;
    const limits = range(first, Math.min(first + WINDOW - 1, wanted.maxHops));
    const window = await tried(limits, (hopLimit) => echo({ hopLimit }), wanted, signal);
    const end = window.findIndex(isLast);
    steps.push(...(end < 0 ? window : window.slice(0, end + 1)));
    if (end >= 0 || window.every(silent)) break;
  }
  return steps;
}

/** All sizes, then the sizes that routers name. */
async function probeSizes(
  echo: Echo,
  family: Family,
  wanted: Parameters,
  signal: AbortSignal,
): Promise<Sized[]> {
  const headersB = IP_HEADER_B[family] + HEADER_B;
  const probe = async (sizesB: readonly number[]): Promise<Sized[]> => {
    const send = (sizeB: number) => echo({ payloadB: sizeB - headersB });
    const all = await tried(sizesB, send, wanted, signal);
    return all.map((results, index) => ({ sizeB: sizesB[index] ?? 0, results }));
  };
  const sized = await probe(SIZES_B);
  for (let rounds = 0; rounds < NAMED_LIMIT; rounds++) {
    const namedB = namedMtu(sized);
    const known = namedB === undefined || sized.some(({ sizeB }) => sizeB === namedB);
    if (known || namedB < headersB + MINIMUM_PAYLOAD_B) break;
    sized.push(...(await probe([namedB])));
  }
  return sized;
}

/** Each of `settings` tried a few times, all side by side. */
async function tried<T>(
  settings: readonly T[],
  send: (setting: T) => Promise<EchoResult>,
  { tries, intervalMs }: Parameters,
  signal: AbortSignal,
): Promise<EchoResult[][]> {
  const results = settings.map((): Promise<EchoResult>[] => []);
  for (let round = 0; round < tries; round++) {
    if (round > 0) await pause(intervalMs, signal);
    for (const [index, setting] of settings.entries()) results[index]?.push(send(setting));
  }
  return unlessAborted(Promise.all(results.map((each) => Promise.all(each))), signal);
}

const reached = (step: Step) => step.some(({ kind }) => kind === 'reply');
const silent = (step: Step) => step.every(({ kind }) => kind === 'timeout');
const errorsOf = (step: Step) => step.flatMap((each) => (each.kind === 'error' ? [each] : []));
const isLast = (step: Step) =>
  reached(step) ||
  step.every(({ kind }) => kind === 'not-sent') ||
  errorsOf(step).some(({ code }) => code !== 'time-exceeded');

/** The smallest size that was named. */
function namedMtu(sized: readonly Sized[]): number | undefined {
  const named = sized.flatMap(({ results }) =>
    errorsOf(results).flatMap(({ mtuB }) => (mtuB === undefined ? [] : [mtuB])),
  );
  return named.length === 0 ? undefined : Math.min(...named);
}

/** From the fate of each packet to a finding. Pure. */
export function judge(
  address: string,
  steps: readonly Step[],
  sized: readonly Sized[],
  socketDrops: number,
): Finding {
  const last = steps.at(-1) ?? [];
  if (steps.length === 1 && last.every(({ kind }) => kind === 'not-sent')) {
    const codes = last.flatMap((result) => (result.kind === 'not-sent' ? [result.code] : []));
    const outcome = failed('send', commonest(codes) ?? 'send-failed');
    return finding(values, { outcome, address, values: { socketDrops } });
  }
  const heard = steps.slice(0, steps.findLastIndex((step) => !silent(step)) + 1);
  const hops = heard.map(hopOf(address));
  const silentHops = hops.filter((hop) => hop.address === null).length;
  if (!reached(last)) {
    const codes = errorsOf(last).map(({ code }) => code);
    const said = commonest(codes.filter((code) => code !== 'time-exceeded'));
    // The probe itself lost datagrams: it cannot say that nobody answered.
    const outcome =
      said === undefined && socketDrops > 0
        ? skipped('socket-overflow')
        : failed('trace', said ?? 'timeout');
    return finding(values, { outcome, address, hops, values: { silentHops, socketDrops } });
  }
  const fits = sized.filter(({ results }) => reached(results)).map(({ sizeB }) => sizeB);
  const vanished = sized.filter(({ results }) => silent(results)).map(({ sizeB }) => sizeB);
  const pathMtuB = fits.length > 0 ? Math.max(...fits) : undefined;
  const blackHoleB = vanished.length > 0 ? Math.min(...vanished) : undefined;
  return finding(values, {
    outcome: sizeOutcome(pathMtuB, blackHoleB, socketDrops),
    address,
    hops,
    values: {
      hopCount: steps.length,
      rttLastHopMs: hops.at(-1)?.rttMs ?? undefined,
      silentHops,
      pathMtuB,
      namedMtuB: namedMtu(sized),
      blackHoleB,
      socketDrops,
    },
  });
}

function sizeOutcome(
  pathMtuB: number | undefined,
  blackHoleB: number | undefined,
  socketDrops: number,
): Finding['outcome'] {
  if (blackHoleB !== undefined)
    return socketDrops > 0 ? skipped('socket-overflow') : failed('mtu', 'black-hole');
  return pathMtuB === undefined ? failed('mtu', 'too-big') : OK;
}

/** The one that answered most of the tries, and the shortest of its times. */
const hopOf =
  (target: string) =>
  (step: Step): Hop => {
    const answers = step.flatMap((each) => {
      if (each.kind === 'reply') return [{ address: target, rttMs: each.rttMs }];
      return each.kind === 'error' ? [{ address: each.source, rttMs: each.rttMs }] : [];
    });
    const address = commonest(answers.map((answer) => answer.address));
    if (address === undefined) return { address: null, rttMs: null };
    const timesMs = answers.flatMap((each) => (each.address === address ? [each.rttMs] : []));
    return { address, rttMs: rounded(Math.min(...timesMs), 0.001) };
  };

function range(first: number, last: number): number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}
