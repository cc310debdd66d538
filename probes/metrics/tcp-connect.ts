/**
 * Round-trip time and success by TCP handshake.
 *
 * The time from SYN to SYN/ACK, a few times in a row, one connection at a time. It is what a line's
 * users need, and it stands in for ICMP where a probe has no raw socket or echo is filtered; it
 * reads 0.1–0.5 ms more than the wire and is never mixed with ICMP in one figure. A handshake that
 * failed has no round-trip time (RFC 2681 §2.4).
 *
 * Outcome: `ok` as soon as one handshake succeeded. With none, `failed` at `connect`, the code that
 * was seen most: `timeout`, `refused`, `reset`, `no-route`, `unreachable`, `prohibited`,
 * `address-unavailable`; at `dns` as `resolveHost` says.
 */
import { z } from 'zod';
import { finding, rounded } from '../finding.ts';
import { defineMetric } from '../metric.ts';
import { commonest, failed, failureCode, OK, skipped } from '../net/failure.ts';
import { resolveHost } from '../net/resolve.ts';
import { parseHostAndPort } from '../net/target.ts';
import { connectTcp } from '../net/tcp.ts';
import { pause, within } from '../net/time-limit.ts';
import { count, RTT_VALUES, ratio, rttValues } from './value-specs.ts';

const parameters = z.strictObject({
  count: z.int().min(1).max(20).default(5),
  intervalMs: z.number().min(10).max(10_000).default(200),
  /** Of one handshake: room for the SYN and one retransmission after 1 s (RFC 6298 §2). */
  timeoutMs: z.number().min(100).max(30_000).default(3_000),
});

const values = [
  ...RTT_VALUES,
  ratio('successRatio', '成功率', 'Handshakes that succeeded'),
  count('attempts', '已尝试', 'Handshakes tried'),
  count('connected', '已成功', 'Handshakes completed'),
];

type Handshake = { readonly connectMs: number } | { readonly code: string };

export const tcpConnect = defineMetric<z.infer<typeof parameters>>({
  name: 'tcp-connect',
  title: { zh: '往返时延与成功率(TCP 握手)', en: 'Round-trip time and success (TCP handshake)' },
  method: 'tcp-connect/1',
  source: 'RFC 9293 §3.5, RFC 2681',
  targetHint: 'example.net:443 | 192.0.2.1:443 | [2001:db8::1]:443',
  load: 'quiet',
  parameters,
  values,
  // Ten segments at most for each: two retransmissions of the SYN, the handshake and its end.
  costB: ({ count }) => count * 10 * 100,
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    const parsed = parseHostAndPort(target, family);
    if (parsed.kind === 'refused') return finding(values, { outcome: skipped(parsed.reason) });
    const resolved = await resolveHost(parsed.host, family, signal);
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;

    const handshakes: Handshake[] = [];
    for (let index = 0; index < wanted.count; index++) {
      if (index > 0) await pause(wanted.intervalMs, signal);
      handshakes.push(await handshake(address, parsed.port, wanted.timeoutMs, signal));
    }
    const sampleMs = handshakes.map((each) => ('connectMs' in each ? each.connectMs : undefined));
    const rttsMs = sampleMs.filter((value) => value !== undefined);
    const codes = handshakes.flatMap((each) => ('code' in each ? [each.code] : []));
    return finding(values, {
      outcome: rttsMs.length > 0 ? OK : failed('connect', commonest(codes) ?? 'timeout'),
      address,
      values: {
        ...rttValues(sampleMs),
        successRatio: rttsMs.length / handshakes.length,
        attempts: handshakes.length,
        connected: rttsMs.length,
      },
      samples: rttsMs.map((rttMs) => rounded(rttMs, 0.001)),
    });
  },
});

async function handshake(
  address: string,
  port: number,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Handshake> {
  try {
    return await within(timeoutMs, signal, async (limited) => {
      const { socket, connectMs } = await connectTcp(address, port, limited);
      socket.destroy();
      return { connectMs };
    });
  } catch (error) {
    signal.throwIfAborted();
    return { code: failureCode(error) };
  }
}
