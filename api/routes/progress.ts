/** `GET /v1/progress`: one target of one area month by month, its gap, the pace it wants, and where it leads. */
import { Hono } from 'hono';
import { monthOf } from '../../ingest/month.ts';
import type { Progress } from '../contract/target.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { readFigures } from '../figures.ts';
import { progressOf } from '../progress.ts';
import { monthOfRequest, placeOfRequest, targetOfRequest } from './request.ts';

/** As far back as a trend is of use, and a chart can be read. */
const MONTHS = 36;

export function progress(reader: EvidenceReader): Hono {
  return new Hono().get('/v1/progress', async (context) => {
    const now = reader.now();
    const month = monthOfRequest(context, now);
    const target = targetOfRequest(context, reader.plan.targets);
    const carrier = context.req.query('carrier') || null;
    const within = placeOfRequest(context, await reader.register(month), reader.plan.area);
    const known = await reader.months();
    const months = [...new Set([month, ...known.filter((other) => other <= month)])]
      .sort()
      .slice(-MONTHS);
    const figures = await Promise.all(
      months.map(async (each) => {
        // A hamlet is seen in its village: figures end there.
        const level = within.level === 'hamlet' ? 'village' : within.level;
        const scope = { carrier, within: within.code, level } as const;
        const [figure] = await readFigures(reader, target, each, scope);
        return figure ? [{ month: each, figure, over: each < monthOf(now) }] : [];
      }),
    );
    const history = figures.flat();
    const answer: Progress = {
      target: target.id,
      area: placeOf(within),
      carrier,
      goal: target.goal,
      due: reader.plan.due,
      months: history,
      ...progressOf(history, target.goal, reader.plan.due),
    };
    return context.json(answer);
  });
}
