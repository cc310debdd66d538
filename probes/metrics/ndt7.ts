/**
 * Bulk transfer over a single TCP connection, by M-Lab's ndt7 protocol against any ndt7 server.
 *
 * One flow, the mean of the whole test, slow start included: what ndt7 publishes all over the world,
 * and for that reason less than `throughput` finds on long, fast or lossy lines. The two are never
 * one figure. The receiver counts: this probe on the way down, the server on the way up, as it last
 * said. Bytes are those of the WebSocket: payload, the headers of its frames (below 0.1 %) and, on
 * the way down, what the server says (some 10 kbit/s).
 *
 * The protocol's tests last 10 s. A shorter `durationS` saves data and reads lower on long lines.
 *
 * Outcome: `ok` with a rate, also where the server ended it in the last tenth of that time. Otherwise
 * `failed` at `dns`, `connect`, `tls`, `upgrade` (`timeout`, `reset`, `malformed`: no WebSocket),
 * `status` (`http-404`, …), or at `body`: `closed` (the server ended it early), `byte-limit`,
 * `timeout` (nothing came, or no word of it), `reset`, `malformed`. `skipped` with `peer-busy` when
 * turned away.
 */
import { z } from 'zod';
import { finding } from '../finding.ts';
import { defineMetric, type Finding, SMALL_RUN_B, WITH_HEADERS } from '../metric.ts';
import { failed, OK, StageError, skipped } from '../net/failure.ts';
import { resolveHost } from '../net/resolve.ts';
import { parseUrl } from '../net/target.ts';
import { type Ndt7Count, ndt7 as runNdt7 } from '../transfer/ndt7.ts';
import { PeerBusyError } from '../transfer/peer-request.ts';
import { bitsPerSecond, bytes } from './value-specs.ts';

const parameters = z.strictObject({
  direction: z.enum(['down', 'up']).default('down'),
  durationS: z.number().min(1).max(10).default(10),
  /** Of connecting, of TLS and of the upgrade, each. */
  timeoutMs: z.number().min(100).max(30_000).default(10_000),
  limitB: z.int().min(1_000_000).max(20_000_000_000).default(4_000_000_000),
});
type Parameters = z.infer<typeof parameters>;

/** What ended before its time is a test when no more than this was missing. */
const WHOLE_SHARE = 0.9;
/** A server tells of an upload every 250 ms: of the shortest test its last word covers this. */
const HEARD_SHARE = 0.5;

const values = [
  bitsPerSecond('rateDownBps', '下行速率(ndt7 单流)', 'Download rate (ndt7, single flow)'),
  bitsPerSecond('rateUpBps', '上行速率(ndt7 单流)', 'Upload rate (ndt7, single flow)'),
  bytes('payloadB', '接收净荷', 'Payload received'),
  {
    name: 'durationS',
    title: { zh: '计量时长', en: 'Time counted' },
    unit: 's',
    resolution: 0.001,
  },
];

export const ndt7 = defineMetric<Parameters>({
  name: 'ndt7',
  title: { zh: '上下行速率(ndt7 单流)', en: 'Throughput (ndt7, single flow)' },
  method: 'ndt7/1',
  source: 'M-Lab ndt7, RFC 6455',
  targetHint: 'http://peer.example.net:9090 | https://ndt.example.net',
  load: 'loud',
  parameters,
  values,
  costB: ({ limitB }) => SMALL_RUN_B + Math.ceil(limitB * WITH_HEADERS),
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    const server = parseUrl(target, family);
    if (server.kind === 'refused') return finding(values, { outcome: skipped(server.reason) });
    const resolved = await resolveHost(server.host, family, signal);
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;
    try {
      const durationMs = wanted.durationS * 1_000;
      const count = await runNdt7({ ...server, ...wanted, address, durationMs }, signal);
      return judge(address, count, wanted);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PeerBusyError)
        return finding(values, { outcome: skipped('peer-busy'), address });
      if (error instanceof StageError) return finding(values, { outcome: error.outcome, address });
      throw error;
    }
  },
});

/** From what was counted to a finding. Pure. */
export function judge(
  address: string,
  { receivedB, elapsedMs, seriesB = [], cutBy }: Ndt7Count,
  { direction, durationS }: Pick<Parameters, 'direction' | 'durationS'>,
): Finding {
  const counts = { payloadB: receivedB, durationS: elapsedMs / 1_000 };
  const fail = (code: string) =>
    finding(values, { outcome: failed('body', code), address, values: counts });
  const countedShare = elapsedMs / 1_000 / durationS;
  if (cutBy !== undefined && countedShare < WHOLE_SHARE) return fail(cutBy);
  if (receivedB === 0 || countedShare < HEARD_SHARE) return fail('timeout');
  const rateBps = (receivedB * 8_000) / elapsedMs;
  return finding(values, {
    outcome: OK,
    address,
    values: { [direction === 'down' ? 'rateDownBps' : 'rateUpBps']: rateBps, ...counts },
    samples: seriesB,
  });
}
