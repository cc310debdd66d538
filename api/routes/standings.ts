/** `GET /v1/standings`: what a carrier declared of each place, held against what its lines have shown. */
import { type Context, Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import type { Place } from '../../ingest/register.ts';
import type {
  StandingEvidence,
  StandingPage,
  StandingRow,
  StandingScope,
} from '../contract/filing.ts';
import { indicatorNamed } from '../../sql/indicator.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { countStandings, isDeclaring, STANDING_METHOD } from '../standing.ts';
import {
  readStandings,
  type StandingOfPlace,
  type StandingQuestion,
  type Standings,
} from '../standings.ts';
import { versionOf } from './filings.ts';
import {
  codeCursorOfRequest,
  countOfRequest,
  monthOfRequest,
  placeOfRequest,
  receivedByOfRequest,
  refuseRetired,
  requireCarrier,
  targetOfRequest,
} from './request.ts';

export function standings(reader: EvidenceReader): Hono {
  return new Hono()
    .get('/v1/standings', async (context) => {
      const limit = countOfRequest(context, 'limit', 100, 1_000);
      const after = codeCursorOfRequest(context);
      const question = await questionOf(context, reader);
      const within = placeOfRequest(
        context,
        await reader.register(question.month),
        question.within,
      );
      const found = await readStandings(reader, { ...question, within: within.code });
      const rest = found.places.filter(({ place }) => place.code > after);
      const page = rest.slice(0, limit);
      const answer: StandingPage = {
        ...scopeOf(question, found),
        within: placeOf(within),
        counts: countStandings(found.places),
        items: page.map(rowOf),
        next: rest.length > limit ? (page.at(-1)?.place.code ?? null) : null,
      };
      return context.json(answer);
    })
    .get('/v1/standings/:code', async (context) => {
      const question = await questionOf(context, reader);
      const code = context.req.param('code');
      const asked = (await reader.register(question.month)).find(code);
      if (asked?.level !== 'village' && asked?.level !== 'hamlet')
        throw new Refusal(
          404,
          'place-unknown',
          `登记册中没有村、社区或自然村 ${code.slice(0, 40)}`,
          `the register has no village or hamlet ${code.slice(0, 40)}`,
        );
      const found = await readStandings(reader, { ...question, within: code });
      const [own] = found.places;
      if (!own) throw new Error(`the village or hamlet ${code} was not judged`);
      return context.json(evidenceOf(question, found, own));
    });
}

async function questionOf(context: Context, reader: EvidenceReader): Promise<StandingQuestion> {
  const now = reader.now();
  const month = monthOfRequest(context, now);
  const target = targetOfRequest(context, reader.plan.targets);
  if (!isDeclaring(target))
    throw new Refusal(
      404,
      'target-declares-nothing',
      `目标 ${target.id} 不核验运营商填报的地点,没有核验结论`,
      `target ${target.id} is about no place that carriers file: it has no standings`,
    );
  const carrier = requireCarrier(context.req.query('carrier') ?? '', reader.plan);
  const receivedBy = receivedByOfRequest(context, now);
  await refuseRetired(reader, month);
  return {
    target,
    month,
    carrier,
    within: reader.plan.area,
    receivedBy,
  };
}

function scopeOf(
  { target, month, carrier, receivedBy }: StandingQuestion,
  { filing }: Standings,
): StandingScope {
  return {
    target: target.id,
    month,
    carrier,
    receivedBy: receivedBy.toISOString(),
    method: STANDING_METHOD,
    filing: filing && versionOf(filing),
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
  question: StandingQuestion,
  found: Standings,
  { place, standing, remarks, rule, filing, lines }: StandingOfPlace,
): StandingEvidence {
  const { name, method, unit } = indicatorNamed(question.target.proof.indicator);
  return {
    ...scopeOf(question, found),
    place: placeOf(place),
    standing,
    remarks,
    rule,
    proof: { indicator: name, method, unit },
    declared: filing && {
      row: filing.row,
      reached: filing.reached,
      technology: filing.technology,
      opticalNode: filing.opticalNode,
      filed: filedAt(question, place),
    },
    lines: lines.map((line) => ({
      ...line,
      measurements: `/v1/measurements?line=${encodeURIComponent(line.line)}`,
    })),
  };
}

/** Where the row is, whole, of the version that counted then. */
function filedAt({ carrier, month, receivedBy }: StandingQuestion, { code }: Place): string {
  return `/v1/filings/${carrier}/${month}/places?within=${code}&receivedBy=${receivedBy.toISOString()}`;
}
