/** `GET /v1/evidence`: the subjects a measured figure is drawn from, one by one. */
import { Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import { isMeasured } from '../../sql/indicator.ts';
import type { EvidencePage, EvidenceRow } from '../contract/evidence.ts';
import type { EvidenceReader } from '../evidence.ts';
import { described, ofCarrier, placeOf, type SubjectEvidence } from '../figure.ts';
import { refuseRetired } from '../retirement.ts';
import {
  countOfRequest,
  malformed,
  monthOfRequest,
  placeOfRequest,
  targetOfRequest,
} from './request.ts';

const LONGEST_CURSOR = 300;

export function evidence(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/evidence', async (context) => {
    const month = monthOfRequest(context, reader.now());
    const target = targetOfRequest(context, reader.plan.targets);
    const indicator = reader.indicatorOf(target);
    if (!isMeasured(indicator))
      throw new Refusal(
        404,
        'target-not-measured',
        `目标 ${target.id} 由填报计算:依据见 /v1/standings 与 /v1/filings`,
        `target ${target.id} is drawn from filings: what is behind it is at /v1/standings and /v1/filings`,
      );
    const carrier = context.req.query('carrier') || null;
    const limit = countOfRequest(context, 'limit', 100, 1_000);
    const cursor = context.req.query('cursor') ?? '';
    if (cursor.length > LONGEST_CURSOR)
      throw malformed('cursor', cursor.slice(0, 40), 'the `next` of an earlier page');
    const within = placeOfRequest(context, await reader.register(month), reader.plan.area);
    await refuseRetired(reader, month);
    const whole = ofCarrier(await reader.evidence(target, month), carrier, indicator);
    const lies = ({ place }: { readonly place: string }) => place.startsWith(within.code);
    const observed = whole.observed.filter(lies);
    const rest = observed
      .filter(({ subject }) => subject > cursor)
      .sort((a, b) => (a.subject < b.subject ? -1 : 1));
    const page = rest.slice(0, limit);
    const answer: EvidencePage = {
      target: target.id,
      month,
      carrier,
      within: placeOf(within),
      ...described(indicator),
      observed: observed.length,
      registered: whole.registered.filter(lies).length,
      items: page.map((row) => rowOf(row, indicator.subject === 'line')),
      next: rest.length > limit ? (page.at(-1)?.subject ?? null) : null,
    };
    return context.json(answer);
  });
}

function rowOf(
  { subject, place, carrier, value, passed, newest }: SubjectEvidence,
  isLine: boolean,
): EvidenceRow {
  const measurements = isLine ? `/v1/measurements?line=${encodeURIComponent(subject)}` : null;
  return { subject, place, carrier: carrier || null, value, passed, newest, measurements };
}
