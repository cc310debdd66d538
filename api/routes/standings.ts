/** `GET /v1/standings`: what a carrier declared of each place, held against what its lines have shown. */
import { type Context, Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import type {
  StandingEvidence,
  StandingPage,
  StandingRow,
  StandingScope,
} from '../contract/filing.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { countStandings, STANDING_METHOD } from '../standing.ts';
import {
  readStandings,
  type StandingOfPlace,
  type StandingQuestion,
  type Standings,
} from '../standings.ts';
import {
  countOfRequest,
  malformed,
  monthOfRequest,
  placeOfRequest,
  refuseRetired,
  targetOfRequest,
} from './request.ts';

export function standings(reader: EvidenceReader): Hono {
  return new Hono()
    .get('/v1/standings', async (context) => {
      const limit = countOfRequest(context, 'limit', 100, 1_000);
      const after = context.req.query('cursor') ?? '';
      if (!/^[\d-]{0,16}$/.test(after))
        throw malformed('cursor', after.slice(0, 40), 'the `next` of an earlier page');
      const question = await questionOf(context, reader);
      const within = placeOfRequest(
        context,
        await reader.register(question.month),
        question.within,
      );
      const found = await readStandings(reader, { ...question, within: within.code });
      const rest = found.places.filter(({ place }) => place.code > after);
      const page = rest.slice(0, limit);
      const hamlets = found.places.filter(({ place }) => place.level === 'hamlet');
      const villages = found.places.filter(({ place }) => place.level !== 'hamlet');
      const answer: StandingPage = {
        ...scopeOf(question, found),
        within: placeOf(within),
        counts: { villages: countStandings(villages), hamlets: countStandings(hamlets) },
        items: page.map(rowOf),
        next: rest.length > limit ? (page.at(-1)?.place.code ?? null) : null,
      };
      return context.json(answer);
    })
    .get('/v1/standings/:code', async (context) => {
      const question = await questionOf(context, reader);
      const code = context.req.param('code');
      const found = await readStandings(reader, { ...question, within: code });
      const own = found.places[0];
      if (!own || own.place.code !== code)
        throw new Refusal(
          404,
          'place-unknown',
          `登记册中没有村、社区或自然村 ${code.slice(0, 40)}`,
          `the register has no village or hamlet ${code.slice(0, 40)}`,
        );
      return context.json(evidenceOf(reader, question, found, own));
    });
}

async function questionOf(context: Context, reader: EvidenceReader): Promise<StandingQuestion> {
  const now = reader.now();
  const month = monthOfRequest(context, now);
  const { declares, ...target } = targetOfRequest(context, reader.plan.targets);
  if (!declares)
    throw new Refusal(
      404,
      'target-declares-nothing',
      `目标 ${target.id} 不涉及运营商填报(规划中无 declares),没有核验结论`,
      `target ${target.id} is about nothing carriers file (the plan has no declares for it): it has no standings`,
    );
  const carriers = reader.plan.carriers.map(({ code }) => code);
  const carrier = context.req.query('carrier') ?? '';
  if (!carriers.includes(carrier))
    throw malformed('carrier', carrier.slice(0, 80), carriers.join(' | '));
  const text = context.req.query('receivedBy') ?? now.toISOString();
  if (!/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(text) || Number.isNaN(Date.parse(text)))
    throw malformed('receivedBy', text.slice(0, 80), '2026-11-10T16:00:00Z');
  await refuseRetired(reader, month);
  return {
    target: { ...target, declares },
    month,
    carrier,
    within: reader.plan.area,
    receivedBy: new Date(text),
  };
}

function scopeOf(
  { target, month, carrier, receivedBy }: StandingQuestion,
  { filing }: Standings,
): StandingScope {
  return {
    target: target.id,
    declares: target.declares,
    month,
    carrier,
    receivedBy: receivedBy.toISOString(),
    method: STANDING_METHOD,
    filing: filing && {
      version: filing.version,
      received: filing.received,
      sha256: filing.sha256,
    },
  };
}

function rowOf({ place, standing, remarks, filing, lines }: StandingOfPlace): StandingRow {
  return {
    place: placeOf(place),
    standing,
    remarks,
    row: filing?.row ?? null,
    lines: {
      registered: lines.length,
      sufficient: lines.filter(({ sufficient }) => sufficient).length,
      passed: lines.filter(({ passed }) => passed).length,
    },
  };
}

function evidenceOf(
  reader: EvidenceReader,
  question: StandingQuestion,
  found: Standings,
  { place, standing, remarks, rule, filing, lines }: StandingOfPlace,
): StandingEvidence {
  const { name, method, unit } = reader.indicatorOf(question.target);
  return {
    ...scopeOf(question, found),
    place: placeOf(place),
    standing,
    remarks,
    rule,
    indicator: { name, method, unit },
    declared: filing && {
      row: filing.row,
      reached: filing.reached,
      technology: filing.technology,
      opticalNode: filing.opticalNode,
    },
    lines: lines.map((line) => ({
      ...line,
      measurements: `/v1/measurements?line=${encodeURIComponent(line.line)}`,
    })),
  };
}
