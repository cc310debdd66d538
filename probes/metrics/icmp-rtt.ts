/**
 * Round-trip time and loss by ICMP echo.
 *
 * A periodic sample (RFC 3432) of echo requests (RFC 792, RFC 4443 §4.1), none of them sent twice.
 * The round-trip time of a lost packet is undefined (RFC 2681 §2.4); loss counts packets that were
 * sent and not answered within `timeoutMs` (RFC 2680).
 *
 * Outcome: `ok` as soon as one answer came. With none, `failed` at `echo`: `timeout`, or what a
 * router said (`no-route`, `unreachable`, `prohibited`, `time-exceeded`, `too-big`), with lossRatio 1;
 * at `send` when no packet left this machine, without a lossRatio; at `dns` as `resolveHost` says.
 */
import { z } from 'zod';
import { finding, rounded } from '../finding.ts';
import { defineMetric, type Finding } from '../metric.ts';
import { commonest, failed, OK, skipped } from '../net/failure.ts';
import { MINIMUM_PAYLOAD_B } from '../net/icmp-packet.ts';
import { type EchoResult, type EchoSession, openEchoSession } from '../net/icmp-session.ts';
import { addressPolicy, resolveHost } from '../net/resolve.ts';
import { parseHost } from '../net/target.ts';
import { pause, unlessAborted } from '../net/time-limit.ts';
import { lossRatio } from '../sample.ts';
import { count, RTT_VALUES, ratio, rttValues } from './value-specs.ts';

const parameters = z.strictObject({
  count: z.int().min(1).max(100).default(10),
  intervalMs: z.number().min(10).max(10_000).default(200),
  /** Waiting time after which a packet counts as lost. */
  timeoutMs: z.number().min(100).max(10_000).default(2_000),
  /** Payload of the echo, as in `ping -s`; at most what an Ethernet frame holds over IPv6. */
  sizeB: z.int().min(MINIMUM_PAYLOAD_B).max(1_452).default(56),
  ...addressPolicy,
});
type Parameters = z.infer<typeof parameters>;

const values = [
  ...RTT_VALUES,
  ratio('lossRatio', '丢包率', 'Packet loss'),
  count('packetsSent', '已发送', 'Packets sent'),
  count('packetsReceived', '已收到', 'Packets answered'),
  count('socketDrops', '本机接收缓冲丢弃', 'Dropped by the receive buffer of the probe'),
];

export const icmpRtt = defineMetric<Parameters>({
  name: 'icmp-rtt',
  title: { zh: '往返时延与丢包(ICMP 回显)', en: 'Round-trip time and loss (ICMP echo)' },
  method: 'icmp-rtt/1',
  source: 'RFC 2681, RFC 2680, RFC 5481',
  targetHint: 'example.net | 192.0.2.1 | 2001:db8::1',
  load: 'quiet',
  parameters,
  values,
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
    const session = await openEchoSession(family);
    try {
      const results = await echoes(session, resolved.address, wanted, signal);
      return judge(resolved.address, results, session.socketDrops());
    } finally {
      session.close();
    }
  },
});

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
): Finding {
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
      values: { ...rttValues(sampleMs), ...loss, ...counts },
      samples: rttsMs.map((rttMs) => rounded(rttMs, 0.001)),
    });
  if (left.length === 0) {
    const outcome = failed('send', commonest(codes) ?? 'send-failed');
    return finding(values, { outcome, address, values: counts });
  }
  // The probe itself lost datagrams: it cannot say that the target did not answer.
  if (socketDrops > 0)
    return finding(values, { outcome: skipped('socket-overflow'), address, values: counts });
  const outcome = failed('echo', commonest(codes) ?? 'timeout');
  return finding(values, { outcome, address, values: { ...loss, ...counts } });
}
