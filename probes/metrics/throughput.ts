/**
 * Bulk transfer capacity over several TCP connections, to or from a peer (RFC 6349 in spirit; the
 * method is this file, `rate.ts` and `transfer/`), and the round trips beside it.
 *
 * The figure is TCP payload: HTTP bodies, without headers of any layer. On an Ethernet path it is
 * 1448/1514 of the link's rate over IPv4 and 1428/1514 over IPv6. Only the receiver's count and
 * clock are used: a sender counts what still lies in its buffers and reads 4 % high.
 *
 * Round trips are TCP handshakes with the peer on connections of their own, kernel to kernel: medians
 * of ten before the transfer (`idleRttMs`) and of those that began while the line was full, ramp left
 * out (`loadedRttMs`). `responsivenessRpm` is 60 000 over the mean of the lowest 95 % of the latter:
 * the part of draft-ietf-ippm-responsiveness §4.3 that says what a handshake takes. What the draft
 * adds of TLS and of requests within loaded connections is not in it.
 *
 * Outcome: `ok` with a rate; `failed` at `dns`, `connect`, `tls`, `header`, `status`, or at `body`:
 * `reset`, `closed`, `timeout` (it stalled), `byte-limit` (over before the rate could be told).
 * `skipped` with `peer-busy` when the peer turned the test away, with `local-ceiling` when the rate
 * was more than half of what this machine moves over loopback (`transfer/ceiling.ts`): the line may
 * well do more. A run that failed or was skipped has no rate. A peer on loopback has no line: there
 * the machine is what is asked for, and its rate is not refused.
 */
import ipaddr from 'ipaddr.js';
import { z } from 'zod';
import { finding, type Measured } from '../finding.ts';
import type { Outcome } from '../measurement.ts';
import { defineMetric, SMALL_RUN_B, WITH_HEADERS } from '../metric.ts';
import { failed, OK, StageError, skipped } from '../net/failure.ts';
import { resolveHost } from '../net/resolve.ts';
import { parseUrl } from '../net/target.ts';
import { within } from '../net/time-limit.ts';
import { FULL_MS } from '../rate.ts';
import { median, trimmedMean } from '../sample.ts';
import { isBeyondCeiling } from '../transfer/ceiling.ts';
import { download } from '../transfer/download.ts';
import { Handshakes, monotonicMs } from '../transfer/handshakes.ts';
import { movedB } from '../transfer/moved.ts';
import { PeerBusyError, type Traffic } from '../transfer/peer-request.ts';
import { upload } from '../transfer/upload.ts';
import { bitsPerSecond, bytes, count, milliseconds, ratio } from './value-specs.ts';

const parameters = z.strictObject({
  direction: z.enum(['down', 'up']).default('down'),
  /** With fewer than 4, long fast paths are limited by one window; more than 6 add nothing. */
  connections: z.int().min(4).max(6).default(4),
  /** `quick` ends after 2.5 s where the rate is steady, `full` always counts 10 s. */
  mode: z.enum(['quick', 'full']).default('quick'),
  /** Of looking up, connecting and the first byte. */
  timeoutMs: z.number().min(100).max(30_000).default(10_000),
  /** Over all connections; a run it ends early gives a rate if 2 s of it were counted. */
  limitB: z.int().min(1_000_000).max(20_000_000_000).default(4_000_000_000),
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
  milliseconds('idleRttMs', '空闲往返时延(TCP 建连)', 'Round-trip time, idle (TCP handshake)'),
  milliseconds(
    'loadedRttMs',
    '满载往返时延(TCP 建连)',
    'Round-trip time under load (TCP handshake)',
  ),
  {
    name: 'responsivenessRpm',
    title: { zh: '满载响应度(每分钟往返次数)', en: 'Responsiveness (round trips per minute)' },
    unit: '1/min',
    resolution: 1,
  },
  bytes('movedB', '线路流量(双向,估算)', 'Moved over the line (both ways, estimated)'),
];

/** Handshakes before the transfer, and how long they may take. */
const IDLE_HANDSHAKES = 10;
const IDLE_MS = 2_000;

export const throughput = defineMetric<z.infer<typeof parameters>>({
  name: 'throughput',
  title: { zh: '上下行速率', en: 'Throughput' },
  method: 'throughput/2',
  source: 'RFC 6349',
  targetHint: 'http://peer.example.net:9090',
  load: 'loud',
  parameters,
  values,
  costB: ({ limitB }) => SMALL_RUN_B + Math.ceil(limitB * WITH_HEADERS),
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    const peer = parseUrl(target, family);
    if (peer.kind === 'refused') return finding(values, { outcome: skipped(peer.reason) });
    const resolved = await resolveHost(peer.host, family, signal);
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;
    const { direction, connections, timeoutMs } = wanted;
    const transfer = direction === 'down' ? download : upload;
    const traffic: Traffic = { payloadB: 0 };
    const handshakes = new Handshakes({ address, port: peer.port });
    const told = (outcome: Outcome, values: Measured = {}, underwayB = 0) => {
      const moved = { payloadB: traffic.payloadB, underwayB, handshakes: handshakes.count };
      return { outcome, address, values: { ...values, movedB: movedB(moved, family) } };
    };
    try {
      await handshakes.until(IDLE_HANDSHAKES, Math.min(IDLE_MS, timeoutMs), signal);
      const idleMs = handshakes.rttsMs(0, monotonicMs());
      // The peer's last answer crosses a loaded line: it has as long as the first one.
      const limitMs = FULL_MS + 2 * timeoutMs;
      const { estimate, seriesB, loaded } = await within(limitMs, signal, (limited) =>
        transfer({ ...peer, ...wanted, address }, traffic, limited),
      );
      await handshakes.stop(signal);
      const loadedMs = handshakes.rttsMs(loaded.fromMs, loaded.toMs);
      const loadedRttMs = median(loadedMs);
      const meanMs = trimmedMean(loadedMs, 0.95);
      const counts = { payloadB: traffic.payloadB, connections };
      if (!estimate) return finding(values, told(failed('body', 'byte-limit'), counts));
      const { rateBps, dispersionRatio } = estimate;
      if (rateBps === 0) return finding(values, told(failed('body', 'timeout'), counts));
      // What counting ends on is followed by what was on its way, a loaded round trip of it.
      const underwayB = ((rateBps / 8) * (loadedRttMs ?? 0)) / 1_000;
      const isLoopback = ipaddr.parse(address).range() === 'loopback';
      if (!isLoopback && (await isBeyondCeiling(direction, rateBps, signal)))
        return finding(values, told(skipped('local-ceiling'), counts, underwayB));
      const measured: Measured = {
        [direction === 'down' ? 'rateDownBps' : 'rateUpBps']: rateBps,
        ...counts,
        durationS: estimate.durationMs / 1_000,
        dispersionRatio,
        idleRttMs: median(idleMs),
        loadedRttMs,
        responsivenessRpm: meanMs && 60_000 / meanMs,
      };
      return finding(values, { ...told(OK, measured, underwayB), samples: seriesB });
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof PeerBusyError) return finding(values, told(skipped('peer-busy')));
      if (error instanceof StageError) return finding(values, told(error.outcome));
      throw error;
    } finally {
      handshakes.close();
    }
  },
});
