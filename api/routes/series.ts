/** `GET /v1/series`: one value of one metric through time, as aligned buckets for a chart. */

import { Hono } from 'hono';
import { dayOf } from '../../ingest/month.ts';
import { Refusal } from '../../ingest/refusal.ts';
import { METRICS, metricNamed } from '../../probes/catalogue.ts';
import type { QueryRow } from '../../sql/questions.ts';
import type { Band, Series } from '../contract/measurement.ts';
import type { EvidenceReader } from '../evidence.ts';
import { countOfRequest, malformed } from './request.ts';

type Bucket = QueryRow<'series'>;

const HOUR_S = 3_600;
const DAY_S = 86_400;
/** Days are whole on Chinese clocks. */
const OFFSET_S = 8 * HOUR_S;
/** Whole steps a reader can name, below the hour read from the measurements. */
const BUCKETS_S = [10, 60, 300, 900];
const MOST_BUCKETS = 360;
/** A month of hours shows the busy ones; beyond it days are drawn. */
const MOST_HOURS = 750;

/** Lengths of the codes down to which areas are rolled up: hours by county, days by township. */
const AREA_LENGTH = { hour: 6, day: 9 } as const;

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
    const nowS = reader.now().getTime() / 1000;
    const endS = Math.floor((nowS + OFFSET_S) / bucketSeconds + 1) * bucketSeconds - OFFSET_S;
    const startS = endS - Math.ceil((hours * HOUR_S) / bucketSeconds) * bucketSeconds;
    const { rows, over } = await bucketsOf(reader, {
      metric: metric.name,
      slotNumber: slot,
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
      over,
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
function bucketFor(spanS: number): number {
  const fine = BUCKETS_S.find((bucket) => spanS / bucket <= MOST_BUCKETS);
  return fine ?? (spanS / HOUR_S <= MOST_HOURS ? HOUR_S : DAY_S);
}

interface Question {
  readonly metric: string;
  readonly slotNumber: number;
  readonly line: string;
  readonly within: string;
  readonly start: string;
  readonly end: string;
  readonly bucketSeconds: number;
}

interface Answer {
  readonly rows: readonly Bucket[];
  readonly over: Series['over'];
}

/** From the rollups where they hold every day of the span, else from the measurements. */
async function bucketsOf(reader: EvidenceReader, question: Question): Promise<Answer> {
  const { line, within, start, end, bucketSeconds, slotNumber } = question;
  const step = bucketSeconds === DAY_S ? 'day' : bucketSeconds === HOUR_S ? 'hour' : null;
  const ofArea = step && !line && within.length <= AREA_LENGTH[step];
  const days = [dayOf(new Date(start)), dayOf(new Date(Date.parse(end) - 1))] as const;
  const kept = ofArea || step === 'day' ? await reader.runsBetween(...days) : null;
  if (kept && ofArea) {
    const rows = await reader.ask('series_area', {
      ...question,
      ...kept,
      area: within,
      step,
    });
    return { rows, over: step === 'day' ? 'lines' : 'runs' };
  }
  if (kept) {
    const at = line ? commonPrefix(await placesOf(reader, line)) : within;
    const own = await reader.ownLines();
    const rows = await reader.ask('series_line', { ...question, ...kept, own, within: at });
    return { rows, over: line ? 'runs' : 'lines' };
  }
  const rows = await reader.ask('series', { ...question, slot: `v${slotNumber}` });
  return { rows, over: 'runs' };
}

/** Where a line is or was, by code: its days lie together there. */
async function placesOf(reader: EvidenceReader, line: string): Promise<string[]> {
  const rows = await reader.ask('line_named', { line });
  return rows.map(({ place }) => place);
}

function commonPrefix(codes: readonly string[]): string {
  const [first = '', ...others] = codes;
  let length = first.length;
  for (const code of others) while (!code.startsWith(first.slice(0, length))) length -= 1;
  return first.slice(0, length);
}

/** Buckets of one family laid on the axis; null where nothing was measured, never 0. */
function bandOf(
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
