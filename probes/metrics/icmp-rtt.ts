/**
 * Round-trip time and loss by ICMP echo.
 *
 * A periodic sample (RFC 3432) of echo requests (RFC 792, RFC 4443 §4.1), none of them sent twice.
 * The round-trip time of a lost packet is undefined (RFC 2681 §2.4); loss counts packets that were
 * sent and not answered within `timeoutMs` (RFC 2680).
 *
 * Method `icmp-rtt/2` takes both times from the kernel, where it hands a packet to the driver and
 * takes one from it: what else this machine was doing is not in the figure. Where the kernel does not
 * tell (not Linux on 64 bits, no koffi), it is `icmp-rtt/1`: the times are this process's own, and
 * read some 0.1 ms more, and more than that while it is busy.
 *
 * Outcome: `ok` as soon as one answer came. With none, `failed` at `echo`: `timeout`, or what a
 * router said (`no-route`, `unreachable`, `prohibited`, `time-exceeded`, `too-big`), with lossRatio 1;
 * at `send` when no packet left this machine, without a lossRatio; at `dns` as `resolveHost` says.
 */
import { z } from 'zod';
import { finding, rounded } from '../finding.ts';
import type { Family } from '../measurement.ts';
import { defineMetric, type Finding } from '../metric.ts';
import { commonest, failed, OK, skipped } from '../net/failure.ts';
import { MINIMUM_PAYLOAD_B } from '../net/icmp-packet.ts';
import {
  type EchoResult,
  type EchoSession,
  FASTEST_PER_S,
  openEchoSession,
} from '../net/icmp-session.ts';
import { resolveHost } from '../net/resolve.ts';
import { parseHost } from '../net/target.ts';
import { pause, unlessAborted } from '../net/time-limit.ts';
import { inParallel } from '../parallel.ts';
import { lossRatio } from '../sample.ts';
import { count, RTT_VALUES, ratio, rttValues } from './value-specs.ts';

const parameters = z.strictObject({
  count: z.int().min(1).max(100).default(10),
  intervalMs: z.number().min(10).max(10_000).default(200),
  /** Waiting time after which a packet counts as lost. */
  timeoutMs: z.number().min(100).max(10_000).default(2_000),
  /** Payload of the echo, as in `ping -s`; at most what an Ethernet frame holds over IPv6. */
  sizeB: z.int().min(MINIMUM_PAYLOAD_B).max(1_452).default(56),
  /** Of a task with many targets: echoes sent in a second, over all of them. */
  pacePerS: z.int().min(1).max(FASTEST_PER_S).default(FASTEST_PER_S),
});
type Parameters = z.infer<typeof parameters>;

const values = [
  ...RTT_VALUES,
  ratio('lossRatio', '丢包率', 'Packet loss'),
  count('packetsSent', '已发送', 'Packets sent'),
  count('packetsReceived', '已收到', 'Packets answered'),
  count('socketDrops', '本机接收缓冲丢弃', 'Dropped by the receive buffer of the probe'),
];

/** Names looked up at once in a task of many targets. */
const LOOKUPS_AT_ONCE = 32;

const METHODS = { kernel: 'icmp-rtt/2', process: 'icmp-rtt/1' } as const;

export const icmpRtt = defineMetric<Parameters>({
  name: 'icmp-rtt',
  title: { zh: '往返时延与丢包(ICMP 回显)', en: 'Round-trip time and loss (ICMP echo)' },
  method: METHODS.kernel,
  source: 'RFC 2681, RFC 2680, RFC 5481',
  targetHint: 'example.net | 192.0.2.1 | 2001:db8::1',
  load: 'quiet',
  parameters,
  values,
  // Request and answer, with IPv6, ICMP and Ethernet headers.
  costB: ({ count, sizeB }) => 2 * count * (sizeB + 64),
  async canRun(family) {
    try {
      (await openEchoSession(family)).close();
      return null;
    } catch {
      return 'no-raw-socket';
    }
  },
  async run(target, wanted, { family, signal }) {
    const address = await addressOf(target, family, signal);
    if (typeof address !== 'string') return address;
    const session = await openEchoSession(family);
    try {
      const results = await echoes(session, address, wanted, signal);
      return judge(address, results, session.socketDrops(), session.times);
    } finally {
      session.close();
    }
  },
  async runMany(targets, wanted, { family, signal, found }) {
    const session = await openEchoSession(family, { pacePerS: wanted.pacePerS });
    try {
      const aimed: Aimed[] = [];
      await inParallel(LOOKUPS_AT_ONCE, targets, async (target, index) => {
        const address = await addressOf(target, family, signal);
        if (typeof address === 'string') aimed.push({ index, address, results: [], settled: 0 });
        else found(index, address);
      });
      await echoEach(session, aimed, wanted, signal, ({ index, address, results }) =>
        found(index, judge(address, results, session.socketDrops(), session.times)),
      );
    } finally {
      session.close();
    }
  },
});

/** The one address of a target, or what its name came to. */
async function addressOf(
  target: string,
  family: Family,
  signal: AbortSignal,
): Promise<string | Finding> {
  const host = parseHost(target, family);
  if (host.kind === 'refused') return finding(values, { outcome: skipped(host.reason) });
  const resolved = await resolveHost(host, family, signal);
  return resolved.kind === 'outcome'
    ? finding(values, { outcome: resolved.outcome })
    : resolved.address;
}

/** A target of many. */
interface Aimed {
  /** Its place in the task's list. */
  readonly index: number;
  readonly address: string;
  /** In the order of sending. */
  readonly results: EchoResult[];
  settled: number;
}

/** Round after round, an echo to each; `done` with each target as soon as all of its echoes are settled. */
async function echoEach(
  session: EchoSession,
  all: readonly Aimed[],
  wanted: Parameters,
  signal: AbortSignal,
  done: (aimed: Aimed) => void,
): Promise<void> {
  const options = { payloadB: wanted.sizeB, timeoutMs: wanted.timeoutMs };
  const rounds: Promise<unknown>[] = [];
  for (let round = 0; round < wanted.count; round++) {
    if (round > 0) await pause(wanted.intervalMs, signal);
    const echoes = all.map(async (aimed) => {
      aimed.results[round] = await session.echo(aimed.address, options);
      if (++aimed.settled === wanted.count) done(aimed);
    });
    rounds.push(Promise.all(echoes));
  }
  await unlessAborted(Promise.all(rounds), signal);
}

async function echoes(
  session: EchoSession,
  address: string,
  wanted: Parameters,
  signal: AbortSignal,
): Promise<EchoResult[]> {
  const options = { payloadB: wanted.sizeB, timeoutMs: wanted.timeoutMs };
  const results: Promise<EchoResult>[] = [];
  for (let index = 0; index < wanted.count; index++) {
    if (index > 0) await pause(wanted.intervalMs, signal);
    results.push(session.echo(address, options));
  }
  return unlessAborted(Promise.all(results), signal);
}

/** From the fate of each packet to a finding. Pure. */
export function judge(
  address: string,
  results: readonly EchoResult[],
  socketDrops: number,
  times: EchoSession['times'] = 'kernel',
): Finding {
  const method = times === 'kernel' ? {} : { method: METHODS[times] };
  const left = results.filter(({ kind }) => kind !== 'not-sent');
  const sampleMs = left.map((result) => (result.kind === 'reply' ? result.rttMs : undefined));
  const rttsMs = sampleMs.filter((value) => value !== undefined);
  const counts = {
    packetsSent: left.length,
    packetsReceived: rttsMs.length,
    socketDrops,
  };
  const loss = { lossRatio: lossRatio(left.length, rttsMs.length) };
  const codes = results.flatMap((result) => ('code' in result ? [result.code] : []));

  if (rttsMs.length > 0)
    return finding(values, {
      outcome: OK,
      address,
      ...method,
      values: { ...rttValues(sampleMs), ...loss, ...counts },
      samples: rttsMs.map((rttMs) => rounded(rttMs, 0.001)),
    });
  if (left.length === 0) {
    const outcome = failed('send', commonest(codes) ?? 'send-failed');
    return finding(values, { outcome, address, ...method, values: counts });
  }
  // The probe itself lost datagrams: it cannot say that the target did not answer.
  if (socketDrops > 0)
    return finding(values, {
      outcome: skipped('socket-overflow'),
      address,
      ...method,
      values: counts,
    });
  const outcome = failed('echo', commonest(codes) ?? 'timeout');
  return finding(values, { outcome, address, ...method, values: { ...loss, ...counts } });
}
