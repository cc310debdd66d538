/** `GET /v1/filings`: whether every carrier of the plan has filed a month, in time, late or not yet. */
import { Hono } from 'hono';
import { filingDue, filingStates } from '../../ingest/filing-store.ts';
import type { FilingList } from '../contract/filing.ts';
import type { EvidenceReader } from '../evidence.ts';
import { monthOfRequest } from './request.ts';

export function filings(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/filings', async (context) => {
    const now = reader.now();
    const month = monthOfRequest(context, now);
    const { carriers, filings: rule } = reader.plan;
    const due = filingDue(month, rule.dueDay);
    const versions = await reader.ask('filing_versions', { month });
    const codes = carriers.map(({ code }) => code);
    const answer: FilingList = {
      month,
      due: due.toISOString(),
      items: filingStates(versions, codes, due, now),
    };
    return context.json(answer);
  });
}
