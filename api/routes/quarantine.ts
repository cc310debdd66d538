/**
 * `GET /v1/quarantine`: rows that were refused, with the reason, page by page. Read only: releasing
 * is a command, `tongda quarantine release`.
 */
import { Hono } from 'hono';
import { REFUSAL_TITLES, type RefusalCode } from '../../ingest/admission.ts';
import type { QueryRow } from '../../sql/questions.ts';
import type { QuarantinePage, QuarantineRow } from '../contract/quarantine.ts';
import type { EvidenceReader } from '../evidence.ts';
import { countOfRequest, malformed } from './request.ts';

type Row = QueryRow<'quarantine_page'>;

interface Cursor {
  readonly afterReceived: string;
  readonly afterProbe: string;
  readonly afterSha256: string;
}

/** Behind every row. */
export const NEWEST: Cursor = {
  afterReceived: '2200-01-01T00:00:00.000000Z',
  afterProbe: '',
  afterSha256: '',
};

export function quarantine(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/quarantine', async (context) => {
    const limit = countOfRequest(context, 'limit', 100, 1_000);
    const code = context.req.query('code') ?? '';
    if (code !== '' && !(code in REFUSAL_TITLES))
      throw malformed('code', code, Object.keys(REFUSAL_TITLES).join(' | '));
    const cursor = context.req.query('cursor');
    const rows = await reader.store.query('quarantine_page', {
      ...(cursor ? decodeCursor(cursor) : NEWEST),
      code,
      probe: context.req.query('probe') ?? '',
      text: '',
      limit: limit + 1,
    });
    const page = rows.slice(0, limit);
    const last = page.at(-1);
    const answer: QuarantinePage = {
      items: page.map(quarantineRow),
      next: rows.length > limit && last ? encodeCursor(last) : null,
    };
    return context.json(answer);
  });
}

export function quarantineRow(row: Row): QuarantineRow {
  return {
    ...row,
    title: titleOf(row.code),
    source: row.source.replace(/^::ffff:(?=\d+\.)/, ''),
  };
}

/** In both languages; a code of an earlier version stands for itself. */
export function titleOf(code: string): QuarantineRow['title'] {
  return REFUSAL_TITLES[code as RefusalCode] ?? { zh: code, en: code };
}

function encodeCursor({ received, probe, sha256 }: Row): string {
  return Buffer.from(JSON.stringify([received, probe, sha256])).toString('base64url');
}

function decodeCursor(text: string): Cursor {
  try {
    const [afterReceived, afterProbe, afterSha256] = JSON.parse(
      Buffer.from(text, 'base64url').toString(),
    );
    if (
      /^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(afterReceived) &&
      typeof afterProbe === 'string' &&
      typeof afterSha256 === 'string'
    )
      return { afterReceived, afterProbe, afterSha256 };
  } catch {
    // Said below.
  }
  throw malformed('cursor', text.slice(0, 40), 'the `next` of an earlier page');
}
