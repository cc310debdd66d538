/** `GET /v1/overview`: the plan, its targets with their figures, and what the station holds. */
import { Hono } from 'hono';
import { LOOPBACK } from '../../ingest/binding.ts';
import { METRICS } from '../../probes/catalogue.ts';
import type { Overview } from '../contract.ts';
import { type EvidenceReader, spanParameters } from '../evidence.ts';
import { areaFigures, ofCarrier, placeOf } from '../figure.ts';
import { monthOfRequest } from './request.ts';

export function overview(reader: EvidenceReader, software: string): Hono {
  return new Hono().get('/v1/overview', async (context) => {
    const { plan, store } = reader;
    const now = reader.now();
    const month = monthOfRequest(context, now);
    const carrier = context.req.query('carrier') || null;
    const [register, months, lines, [counts]] = await Promise.all([
      reader.register(month),
      reader.months(),
      reader.lines(month),
      store.query('station_counts', spanParameters(month)),
    ]);
    const area = register.find(plan.area);
    if (!area) throw new Error(`the register lost ${plan.area}`);

    const targets = await Promise.all(
      plan.targets.map(async (target) => {
        const evidence = ofCarrier(await reader.evidence(target, month), carrier);
        const indicator = reader.indicatorOf(target);
        const [overall] = areaFigures(
          target,
          indicator,
          evidence,
          register,
          area.code,
          area.level as 'province',
        );
        if (!overall) throw new Error(`no figure for ${area.code}`);
        const { id, title, goal, source, minimumLines } = target;
        return {
          id,
          title,
          indicator: indicator.name,
          unit: indicator.unit,
          goal,
          due: plan.due,
          source,
          minimumLines,
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
        linesRegistered: lines.filter(({ technology }) => technology !== LOOPBACK).length,
        linesHeard: counts?.linesHeard ?? 0,
        measurements: counts?.measurements ?? 0,
        quarantined: counts?.quarantined ?? 0,
        newest: counts?.newest ?? null,
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
