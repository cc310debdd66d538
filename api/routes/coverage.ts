/** `GET /v1/coverage`: one target's figure for every place of a level, also for the unmeasured. */
import { Hono } from 'hono';
import type { Coverage } from '../contract/figure.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { readFigures } from '../figures.ts';
import { levelOfRequest, monthOfRequest, placeOfRequest, targetOfRequest } from './request.ts';

export function coverage(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/coverage', async (context) => {
    const month = monthOfRequest(context, reader.now());
    const target = targetOfRequest(context, reader.plan.targets);
    const carrier = context.req.query('carrier') || null;
    const level = levelOfRequest(context);
    const register = await reader.register(month);
    const within = placeOfRequest(context, register, reader.plan.area);
    const items = await readFigures(reader, target, month, { carrier, within: within.code, level });
    const answer: Coverage = {
      target: target.id,
      month,
      carrier,
      within: placeOf(within),
      level,
      items,
    };
    return context.json(answer);
  });
}
