/**
 * `GET /v1/library/…`: the library of addresses and domains, read only. Bringing files in is a
 * command, `tongda library import`.
 */
import { type Context, Hono } from 'hono';
import { addressText, parseAddress } from '../../ingest/address-space.ts';
import { daySchema } from '../../ingest/days.ts';
import { SERVICE_KINDS } from '../../ingest/library.ts';
import { dayOf } from '../../ingest/month.ts';
import type {
  LibraryLookup,
  LibraryPage,
  LibraryPrefix,
  LibraryReport,
  LibraryService,
} from '../contract/library.ts';
import type { EvidenceReader } from '../evidence.ts';
import { FINDINGS_AT_MOST, LibraryReader, prefixOf, serviceOf } from '../library-report.ts';
import { countOfRequest, malformed, monthOfRequest } from './request.ts';

export function library(reader: EvidenceReader): Hono {
  const kept = new LibraryReader(reader);
  return new Hono()
    .get('/v1/library/prefixes', async (context) => {
      const on = dayOfRequest(context, reader.now());
      const asked = context.req.query('address');
      if (asked === undefined) {
        const found = (await kept.library()).prefixesOn(on);
        const page = pageOf(context, on, found, ({ prefix, holder }) => `${prefix} ${holder}`);
        const answer: LibraryPage<LibraryPrefix> = { ...page, items: page.items.map(prefixOf) };
        return context.json(answer);
      }
      const address = parseAddress(asked);
      if (address === null)
        throw malformed('address', asked.slice(0, 80), '58.240.1.2 | 240e:3a0::1');
      const chain = (await kept.library()).chain(address, on).map(prefixOf);
      const answer: LibraryLookup = { address: addressText(address), on, chain };
      return context.json(answer);
    })
    .get('/v1/library/services', async (context) => {
      const on = dayOfRequest(context, reader.now());
      const kind = context.req.query('kind') ?? '';
      if (kind !== '' && !(SERVICE_KINDS as readonly string[]).includes(kind))
        throw malformed('kind', kind.slice(0, 80), SERVICE_KINDS.join(' | '));
      const area = context.req.query('area') ?? '';
      if (!/^[\d-]{0,16}$/.test(area)) throw malformed('area', area.slice(0, 80), '320102');
      const found = (await kept.library()).servicesOn(on, { kind, area });
      const page = pageOf(context, on, found, ({ name }) => name);
      const answer: LibraryPage<LibraryService> = { ...page, items: page.items.map(serviceOf) };
      return context.json(answer);
    })
    .get('/v1/library/findings', async (context) => {
      const month = monthOfRequest(context, reader.now());
      const limit = countOfRequest(context, 'limit', 100, FINDINGS_AT_MOST);
      const answer: LibraryReport = await kept.report(month, limit);
      return context.json(answer);
    });
}

function dayOfRequest(context: Context, now: Date): string {
  const day = context.req.query('on') ?? dayOf(now);
  if (!daySchema.safeParse(day).success) throw malformed('on', day.slice(0, 80), 'YYYY-MM-DD');
  return day;
}

/**
 * What comes after the row the cursor names, also when that has ended meanwhile; rows come in the order
 * of their keys, byte by byte.
 */
function pageOf<Row>(
  context: Context,
  on: string,
  rows: readonly Row[],
  keyOf: (row: Row) => string,
): LibraryPage<Row> {
  const limit = countOfRequest(context, 'limit', 100, 10_000);
  const cursor = context.req.query('cursor');
  let from = 0;
  if (cursor !== undefined) {
    const after = Buffer.from(cursor, 'base64url');
    if (after.length === 0 || after.toString('base64url') !== cursor)
      throw malformed('cursor', cursor.slice(0, 40), 'the `next` of an earlier page');
    for (let to = rows.length; from < to; ) {
      const middle = (from + to) >>> 1;
      if (Buffer.compare(Buffer.from(keyOf(rows[middle] as Row)), after) <= 0) from = middle + 1;
      else to = middle;
    }
  }
  const items = rows.slice(from, from + limit);
  const last = items.at(-1);
  const next = last !== undefined && from + limit < rows.length;
  return { on, items, next: next ? Buffer.from(keyOf(last)).toString('base64url') : null };
}
