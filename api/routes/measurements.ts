/**
 * `GET /v1/measurements`: the rows behind every figure, page by page.
 *
 * Pages follow the order in which rows came in, so that a late row is never skipped; `next` is an
 * opaque cursor, null on the last page. With `order=asc` the end of the data is where to go on later.
 */
import { Hono } from 'hono';
import { metricNamed } from '../../probes/catalogue.ts';
import type { QueryRow } from '../../sql/questions.ts';
import type { MeasurementPage, MeasurementRow } from '../contract/measurement.ts';
import type { EvidenceReader } from '../evidence.ts';
import { cursorText, ENDS, type MeasurementCursor, readCursor } from '../measurement-cursor.ts';
import { countOfRequest, malformed } from './request.ts';

type Row = QueryRow<'measurement_page_desc'>;

export function measurements(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/measurements', async (context) => {
    const limit = countOfRequest(context, 'limit', 100, 1_000);
    const order = context.req.query('order') ?? 'desc';
    if (order !== 'asc' && order !== 'desc') throw malformed('order', order, 'asc | desc');
    const text = context.req.query('cursor');
    const cursor = text ? cursorOf(text) : null;
    const question = {
      limit: limit + 1,
      ...(cursor ?? ENDS[order]),
      probe: context.req.query('probe') ?? '',
      line: context.req.query('line') ?? '',
      metric: context.req.query('metric') ?? '',
      within: context.req.query('within') ?? '',
    };
    let rows: Row[] = [];
    for (const window of windowsOf(order, cursor, await reader.receivedSpan())) {
      rows = await reader.ask(`measurement_page_${order}`, {
        ...question,
        ...window,
        partitions: await partitionsOf(reader, order, window),
      });
      if (rows.length > limit) break;
    }
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const answer: MeasurementPage = {
      items: page.map(measurementRow),
      next: rows.length > limit && last ? cursorText(last) : null,
    };
    return context.json(answer);
  });
}

function cursorOf(text: string): MeasurementCursor {
  const cursor = readCursor(text);
  if (!cursor) throw malformed('cursor', text.slice(0, 40), 'the `next` of an earlier page');
  return cursor;
}

/**
 * Of which days the rows of a window can be; none: of any. Only backwards: who reads forwards follows
 * what comes in, and would pass over a row that came to an old day a moment ago.
 */
async function partitionsOf(
  reader: EvidenceReader,
  order: 'asc' | 'desc',
  { fromReceived }: Window,
): Promise<number[]> {
  if (order === 'asc' || fromReceived === ENDS.asc.afterReceived) return [];
  const days = await reader.daysReceivedSince(fromReceived);
  // No day at all is none in particular.
  return days.length === 0 ? [0] : days.map((day) => Number(day.replaceAll('-', '')));
}

interface Window {
  readonly fromReceived: string;
  readonly toReceived: string;
}

const DAY_MS = 86_400_000;
/** Of a page that is not full in one window the next is asked; in the last one all is looked at. */
const WINDOWS_D = [1, 8, 64];

/**
 * Where to look for a page, nearest first: rows do not lie in the order in which they came, and the
 * next hundred are seldom further than a day away. Pure.
 *
 * @param span when rows came; null where that is not known
 */
export function windowsOf(
  order: 'asc' | 'desc',
  cursor: Pick<MeasurementCursor, 'afterReceived'> | null,
  span: { readonly first: string; readonly last: string } | null,
): Window[] {
  const all = {
    fromReceived: ENDS.asc.afterReceived,
    toReceived: ENDS.desc.afterReceived,
  };
  const begin = cursor?.afterReceived ?? (order === 'asc' ? span?.first : span?.last);
  if (begin === undefined) return [all];
  const at = (days: number) => new Date(Date.parse(begin) + days * DAY_MS).toISOString();
  const near = WINDOWS_D.map((days) =>
    order === 'asc' ? { ...all, toReceived: at(days) } : { ...all, fromReceived: at(-days) },
  );
  return [...near, all];
}

/** A stored row as the API shows it: values by name, in their units. Pure. */
function measurementRow(row: Row): MeasurementRow {
  const values: Record<string, number> = {};
  for (const [slot, { name, resolution }] of (metricNamed(row.metric)?.values ?? []).entries()) {
    const stored = row.values[slot];
    const decimals = Math.max(0, Math.ceil(-Math.log10(resolution)));
    if (stored !== null && stored !== undefined)
      values[name] = Number((stored * resolution).toFixed(decimals));
  }
  return {
    id: `${row.probe}:${row.sequence}`,
    probe: row.probe,
    sequence: row.sequence,
    metric: row.metric,
    method: row.method,
    task: row.task,
    target: row.target,
    address: row.address === '::' ? null : row.address.replace(/^::ffff:(?=\d+\.)/, ''),
    family: row.family === 4 ? 4 : 6,
    start: row.start,
    durationMs: row.durationUs / 1000,
    outcome: row.outcome,
    stage: row.stage,
    code: row.code,
    values,
    conflicts: row.conflicts,
    line: row.line,
    place: row.place,
    carrier: row.carrier,
    received: row.received,
    software: row.software,
  };
}
