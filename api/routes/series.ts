/** `GET /v1/series`: one value of one metric through time, as aligned buckets for a chart. */

import { Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import { METRICS, metricNamed } from '../../probes/catalogue.ts';
import type { QueryRow } from '../../sql/rows.ts';
import type { Band, Series } from '../contract.ts';
import type { EvidenceReader } from '../evidence.ts';
import { countOfRequest, malformed } from './request.ts';

type Bucket = QueryRow<'series'>;

/** Whole steps a reader can name. */
const BUCKETS_S = [10, 60, 300, 900, 3_600, 10_800, 86_400];
const MOST_BUCKETS = 360;

export function series(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/series', async (context) => {
    const metricName = context.req.query('metric') ?? 'icmp-rtt';
    const metric = metricNamed(metricName);
    if (!metric) throw malformed('metric', metricName, METRICS.map(({ name }) => name).join(' | '));
    const valueName = context.req.query('value') ?? metric.values[0]?.name ?? '';
    const slot = metric.values.findIndex(({ name }) => name === valueName);
    const value = metric.values[slot];
    if (!value)
      throw malformed('value', valueName, metric.values.map(({ name }) => name).join(' | '));
    const line = context.req.query('line') ?? '';
    const within = context.req.query('within') ?? reader.plan.area;
    if (!/^[0-9-]{2,16}$/.test(within))
      throw new Refusal(
        404,
        'place-unknown',
        `${within} 不是区划代码`,
        `${within} is not a place code`,
      );
    const hours = countOfRequest(context, 'hours', 24, 24 * 400);

    const bucketSeconds = bucketFor(hours * 3_600);
    const endS = Math.floor(reader.now().getTime() / 1000 / bucketSeconds + 1) * bucketSeconds;
    const startS = endS - Math.ceil((hours * 3_600) / bucketSeconds) * bucketSeconds;
    const rows = await reader.store.query('series', {
      metric: metric.name,
      slot: `v${slot}`,
      line,
      within: line ? '' : within,
      start: new Date(startS * 1000).toISOString(),
      end: new Date(endS * 1000).toISOString(),
      bucketSeconds,
    });
    const at = Array.from(
      { length: (endS - startS) / bucketSeconds },
      (_, index) => startS + index * bucketSeconds,
    );
    const answer: Series = {
      metric: metric.name,
      value: value.name,
      unit: value.unit,
      title: value.title,
      method: rows.at(-1)?.method ?? metric.method,
      bucketSeconds,
      at,
      families: {
        4: bandOf(rows, 4, at, value.resolution),
        6: bandOf(rows, 6, at, value.resolution),
      },
    };
    return context.json(answer);
  });
}

/** The finest step that keeps a span drawable. */
export function bucketFor(spanS: number): number {
  return BUCKETS_S.find((bucket) => spanS / bucket <= MOST_BUCKETS) ?? 86_400;
}

/** Buckets of one family laid on the axis; null where nothing was measured, never 0. */
export function bandOf(
  rows: readonly Bucket[],
  family: number,
  at: readonly number[],
  resolution: number,
): Band | null {
  const byTime = new Map(rows.filter((row) => row.family === family).map((row) => [row.at, row]));
  if (byTime.size === 0) return null;
  // Digits beyond the value's own resolution are noise, and weigh more than the drawing.
  const decimals = Math.max(0, Math.ceil(-Math.log10(resolution)));
  const quantile = (index: number) =>
    at.map((time) => {
      const row = byTime.get(time);
      const raw = row && row.n > 0 ? row.quantiles[index] : undefined;
      return raw === undefined ? null : Number((raw * resolution).toFixed(decimals));
    });
  return {
    p10: quantile(0),
    median: quantile(1),
    p90: quantile(2),
    n: at.map((time) => byTime.get(time)?.n ?? 0),
    failed: at.map((time) => byTime.get(time)?.failed ?? 0),
  };
}
