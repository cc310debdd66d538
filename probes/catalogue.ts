/**
 * The metrics there are. Importing this loads no native module: the station reads it too.
 *
 * Names, their order and their resolutions are the storage contract of `test/golden/catalogue.json`:
 * append, never reorder.
 */
import type { Metric } from './metric.ts';
import { dnsResolve } from './metrics/dns-resolve.ts';
import { httpFetch } from './metrics/http-fetch.ts';
import { icmpRtt } from './metrics/icmp-rtt.ts';
import { ndt7 } from './metrics/ndt7.ts';
import { path } from './metrics/path.ts';
import { stamp } from './metrics/stamp.ts';
import { tcpConnect } from './metrics/tcp-connect.ts';
import { throughput } from './metrics/throughput.ts';

export const METRICS: readonly Metric[] = [
  icmpRtt,
  tcpConnect,
  dnsResolve,
  httpFetch,
  throughput,
  ndt7,
  stamp,
  path,
];

export function metricNamed(name: string): Metric | undefined {
  return METRICS.find((metric) => metric.name === name);
}
