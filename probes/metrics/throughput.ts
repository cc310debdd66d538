/**
 * Bulk transfer capacity over several TCP connections, to or from a peer (RFC 6349 in spirit; the
 * method is this file and `rate.ts`).
 *
 * The figure is TCP payload: HTTP bodies, without headers of any layer. On an Ethernet path it is
 * 1448/1514 of the link's rate over IPv4 and 1428/1514 over IPv6. Only the receiver's count and
 * clock are used: a sender counts what still lies in its buffers and reads 4 % high.
 *
 * Outcome: `ok` with a rate; `failed` at `dns`, `connect`, `tls`, `header`, `status`, or at `body`:
 * `reset`, `closed`, `timeout` (it stalled), `byte-limit` (over before the rate could be told).
 * `skipped` with `peer-busy` when the peer turned the test away. A run that failed has no rate.
 */
import { z } from 'zod';
import { finding } from '../finding.ts';
import { defineMetric } from '../metric.ts';
import { failed, OK, StageError, skipped } from '../net/failure.ts';
import { addressPolicy, resolveHost } from '../net/resolve.ts';
import { parseUrl } from '../net/target.ts';
import { within } from '../net/time-limit.ts';
import { FULL_MS } from '../rate.ts';
import { download } from '../transfer/download.ts';
import { PeerBusyError } from '../transfer/peer-request.ts';
import { upload } from '../transfer/upload.ts';
import { bitsPerSecond, bytes, count, ratio } from './value-specs.ts';

const parameters = z.strictObject({
  direction: z.enum(['down', 'up']).default('down'),
  /** With fewer than 4, long fast paths are limited by one window; more than 6 add nothing. */
  connections: z.int().min(4).max(6).default(4),
  /** `quick` ends after 3 s where the rate is steady, `full` always counts 10 s. */
  mode: z.enum(['quick', 'full']).default('quick'),
  /** Of looking up, connecting and the first byte. */
  timeoutMs: z.number().min(100).max(30_000).default(10_000),
  /** Over all connections; a run it ends early gives a rate if 2 s of it were counted. */
  limitB: z.int().min(1_000_000).max(20_000_000_000).default(4_000_000_000),
  ...addressPolicy,
});

const values = [
  bitsPerSecond('rateDownBps', '下行速率(TCP 净荷)', 'Download rate (TCP payload)'),
  bitsPerSecond('rateUpBps', '上行速率(TCP 净荷)', 'Upload rate (TCP payload)'),
  bytes('payloadB', '接收净荷', 'Payload received'),
  {
    name: 'durationS',
    title: { zh: '计量时长', en: 'Time counted' },
    unit: 's',
    resolution: 0.001,
  },
  count('connections', '并发连接数', 'Connections'),
  ratio(
    'dispersionRatio',
    '速率离散度(四分位距/中位数)',
    'Dispersion (interquartile range / median)',
  ),
];

export const throughput = defineMetric<z.infer<typeof parameters>>({
  name: 'throughput',
  title: { zh: '上下行速率', en: 'Throughput' },
  method: 'throughput/1',
  source: 'RFC 6349',
  targetHint: 'http://peer.example.net:9090',
  load: 'loud',
  parameters,
  values,
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    const peer = parseUrl(target, family);
    if (peer.kind === 'refused') return finding(values, { outcome: skipped(peer.reason) });
    const resolved = await resolveHost(peer.host, family, signal, wanted);
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;
    const transfer = wanted.direction === 'down' ? download : upload;
    try {
      // The peer's last answer crosses a loaded line: it has as long as the first one.
      const limitMs = FULL_MS + 2 * wanted.timeoutMs;
      const { estimate, seriesB, totalB } = await within(limitMs, signal, (limited) =>
        transfer({ ...peer, ...wanted, address }, limited),
      );
      const counts = { payloadB: totalB, connections: wanted.connections };
      if (!estimate)
        return finding(values, { outcome: failed('body', 'byte-limit'), address, values: counts });
      if (estimate.rateBps === 0)
        return finding(values, { outcome: failed('body', 'timeout'), address, values: counts });
      return finding(values, {
        outcome: OK,
        address,
        values: {
          [wanted.direction === 'down' ? 'rateDownBps' : 'rateUpBps']: estimate.rateBps,
          ...counts,
          durationS: estimate.durationMs / 1_000,
          dispersionRatio: estimate.dispersionRatio,
        },
        samples: seriesB,
      });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PeerBusyError)
        return finding(values, { outcome: skipped('peer-busy'), address });
      if (error instanceof StageError) return finding(values, { outcome: error.outcome, address });
      throw error;
    }
  },
});
