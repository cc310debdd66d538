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
import { countOfRequest, malformed } from './request.ts';

type Row = QueryRow<'measurement_page_desc'>;

/** The row after which a page begins. */
interface Cursor {
  readonly afterReceived: string;
  readonly afterProbe: string;
  readonly afterSequence: number;
}

/** Before every row, and behind every row. */
const START: Readonly<Record<'asc' | 'desc', Cursor>> = {
  asc: { afterReceived: '1970-01-01T00:00:00.000000Z', afterProbe: '', afterSequence: 0 },
  desc: { afterReceived: '2200-01-01T00:00:00.000000Z', afterProbe: '', afterSequence: 0 },
};

export function measurements(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/measurements', async (context) => {
    const limit = countOfRequest(context, 'limit', 100, 1_000);
    const order = context.req.query('order') ?? 'desc';
    if (order !== 'asc' && order !== 'desc') throw malformed('order', order, 'asc | desc');
    const text = context.req.query('cursor');
    const cursor = text ? decodeCursor(text) : null;
    const question = {
      limit: limit + 1,
      ...(cursor ?? START[order]),
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
      next: rows.length > limit && last ? encodeCursor(last) : null,
    };
    return context.json(answer);
  });
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
  if (order === 'asc' || fromReceived === START.asc.afterReceived) return [];
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
  cursor: Pick<Cursor, 'afterReceived'> | null,
  span: { readonly first: string; readonly last: string } | null,
): Window[] {
  const all = {
    fromReceived: START.asc.afterReceived,
    toReceived: START.desc.afterReceived,
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

/** Where one row is, by itself. */
export function measurementAt(row: Pick<Row, 'received' | 'probe' | 'sequence'>): string {
  const { probe, sequence } = row;
  const before = sequence > 0 ? { ...row, sequence: sequence - 1 } : { ...row, probe: '' };
  return `/v1/measurements?probe=${probe}&order=asc&limit=1&cursor=${encodeCursor(before)}`;
}

function encodeCursor({
  received,
  probe,
  sequence,
}: Pick<Row, 'received' | 'probe' | 'sequence'>): string {
  return Buffer.from(JSON.stringify([received, probe, sequence])).toString('base64url');
}

function decodeCursor(text: string): Cursor {
  try {
    const [afterReceived, afterProbe, afterSequence] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    );
    if (
      /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(afterReceived) &&
      typeof afterProbe === 'string' &&
      Number.isSafeInteger(afterSequence)
    )
      return { afterReceived, afterProbe, afterSequence };
  } catch {
    // Said below.
  }
  throw malformed('cursor', text.slice(0, 40), 'the `next` of an earlier page');
}
