/** `GET /v1/overview`: the plan, its targets with their figures, and what the station holds. */
import { Hono } from 'hono';
import { METRICS } from '../../probes/catalogue.ts';
import type { Overview } from '../contract/target.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { readFigures } from '../figures.ts';
import { monthOfRequest } from './request.ts';

export function overview(reader: EvidenceReader, software: string): Hono {
  return new Hono().get('/v1/overview', async (context) => {
    const { plan } = reader;
    const now = reader.now();
    const month = monthOfRequest(context, now);
    const carrier = context.req.query('carrier') || null;
    const [register, months, linesRegistered, holdings, quarantined] = await Promise.all([
      reader.register(month),
      reader.months(),
      reader.linesRegistered(month),
      reader.holdings(month),
      reader.quarantined(month),
    ]);
    const area = register.find(plan.area);
    if (!area) throw new Error(`the register lost ${plan.area}`);

    const targets = await Promise.all(
      plan.targets.map(async (target) => {
        const indicator = reader.indicatorOf(target);
        const [overall] = await readFigures(reader, target, month, {
          carrier,
          within: area.code,
          level: area.level as 'province',
        });
        if (!overall) throw new Error(`no figure for ${area.code}`);
        const { id, title, goal, source, minimumObserved } = target;
        return {
          id,
          title,
          indicator: indicator.name,
          unit: indicator.unit,
          goal,
          due: plan.due,
          source,
          minimumObserved,
          overall,
        };
      }),
    );
    const answer: Overview = {
      month,
      months: months.includes(month) ? months : [month, ...months],
      now: now.toISOString(),
      software,
      plan: { id: plan.id, title: plan.title, area: placeOf(area), due: plan.due },
      carriers: plan.carriers,
      carrier,
      targets,
      counts: {
        linesRegistered,
        ...holdings,
        quarantined,
      },
      metrics: METRICS.map(({ name, title, method, source, values }) => ({
        name,
        title,
        method,
        source,
        values: values.map((value) => ({ name: value.name, title: value.title, unit: value.unit })),
      })),
    };
    return context.json(answer);
  });
}
