/** Values that several metrics report, so that one thing has one name, unit and resolution. */

import type { Measured } from '../finding.ts';
import type { ValueSpec } from '../metric.ts';
import { type DelaySample, delayStatistics } from '../sample.ts';

/** A duration, kept to the microsecond. */
export function milliseconds(name: string, zh: string, en: string): ValueSpec {
  return { name, title: { zh, en }, unit: 'ms', resolution: 0.001 };
}

export function count(name: string, zh: string, en: string): ValueSpec {
  return { name, title: { zh, en }, unit: '1', resolution: 1 };
}

export function ratio(name: string, zh: string, en: string): ValueSpec {
  return { name, title: { zh, en }, unit: '1', resolution: 0.000001 };
}

export function bytes(name: string, zh: string, en: string): ValueSpec {
  return { name, title: { zh, en }, unit: 'B', resolution: 1 };
}

export function bitsPerSecond(name: string, zh: string, en: string): ValueSpec {
  return { name, title: { zh, en }, unit: 'bit/s', resolution: 1 };
}

/** Statistics of a sample of round-trip times, in this order. */
export const RTT_VALUES: readonly ValueSpec[] = [
  milliseconds('rttMinMs', '往返时延最小值', 'Minimum round-trip time'),
  milliseconds('rttMedianMs', '往返时延中位数', 'Median round-trip time'),
  milliseconds('rttP95Ms', '往返时延 95 百分位', '95th percentile of the round-trip time'),
  milliseconds('rttMaxMs', '往返时延最大值', 'Maximum round-trip time'),
  milliseconds('jitterMs', '抖动(p95 − 最小值)', 'Jitter (p95 minus minimum)'),
  milliseconds('ipdvMs', '相邻包时延差均值', 'Mean delay difference of neighbouring packets'),
];

/** What `RTT_VALUES` declares, of one sample; nothing where no packet came back. */
export function rttValues(sampleMs: DelaySample): Measured {
  const statistics = delayStatistics(sampleMs);
  if (!statistics) return {};
  return {
    rttMinMs: statistics.minMs,
    rttMedianMs: statistics.medianMs,
    rttP95Ms: statistics.p95Ms,
    rttMaxMs: statistics.maxMs,
    jitterMs: statistics.pdvMs,
    ipdvMs: statistics.ipdvMs,
  };
}
