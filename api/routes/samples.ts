/**
 * `GET /v1/samples?probe=&sequence=&start=`: the small series behind a measurement's values, as its row
 * in `/v1/measurements` names it. Of a path, the hops and what the way to each took.
 */
import { Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import { nameSchema } from '../../probes/measurement.ts';
import type { MeasurementSamples } from '../contract/measurement.ts';
import type { EvidenceReader } from '../evidence.ts';
import { malformed } from './request.ts';

export function samples(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/samples', async (context) => {
    const { probe = '', sequence = '', start = '' } = context.req.query();
    if (!nameSchema.safeParse(probe).success)
      throw malformed('probe', probe.slice(0, 80), 'village-7');
    if (!/^\d{1,15}$/.test(sequence))
      throw malformed('sequence', sequence.slice(0, 40), '1795485660003');
    if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(start) || Number.isNaN(Date.parse(start)))
      throw malformed('start', start.slice(0, 80), '2026-11-24T02:00:31.250Z');
    const [found] = await reader.ask('samples_named', {
      ...{ probes: [probe], sequences: [Number(sequence)], start, end: start },
    });
    if (!found)
      throw new Refusal(
        404,
        'samples-unknown',
        `测量 ${probe}:${sequence} 没有留存样本`,
        `of measurement ${probe}:${sequence} no samples are kept`,
      );
    const answer: MeasurementSamples = {
      id: `${probe}:${sequence}`,
      ...{ metric: found.metric, samples: found.samples, hops: found.hops },
    };
    return context.json(answer);
  });
}
