/** `GET /v1/standings`: what a carrier declared of each place, held against what its lines have shown. */
import { type Context, Hono } from 'hono';
import { Refusal } from '../../ingest/refusal.ts';
import type { Place } from '../../ingest/register.ts';
import { indicatorNamed } from '../../sql/indicator.ts';
import { CHALLENGE_METHOD } from '../challenge.ts';
import { challengeList, markOf } from '../challenge-answer.ts';
import { isDecided } from '../challenge-effect.ts';
import type {
  CountingStanding,
  StandingEvidence,
  StandingPage,
  StandingRow,
  StandingScope,
} from '../contract/filing.ts';
import type { EvidenceReader } from '../evidence.ts';
import { placeOf } from '../figure.ts';
import { refuseRetired } from '../retirement.ts';
import { countStandings, STANDING_METHOD } from '../standing.ts';
import {
  declaringTarget,
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
  const target = declaringTarget(targetOfRequest(context, reader.plan.targets));
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
  { filing, places }: Standings,
): StandingScope {
  const challenges = places.flatMap((place) => place.challenges);
  return {
    target: target.id,
    month,
    carrier,
    receivedBy: receivedBy.toISOString(),
    method: STANDING_METHOD,
    filing: filing && versionOf(filing),
    disputes: {
      method: CHALLENGE_METHOD,
      undecided: challenges.filter(({ end }) => end === null).length,
      decided: challenges.filter(isDecided).length,
      changed: places.filter(({ judged, standing }) => judged && judged.standing !== standing)
        .length,
      list: challengeList({ month, target: target.id, carrier }),
    },
  };
}

function countingOf(counted: StandingOfPlace): CountingStanding {
  const { standing, remarks, judged, challenges, filing } = counted;
  return {
    standing,
    remarks,
    judged,
    challenges: challenges.map((challenge) => markOf(challenge, filing)),
  };
}

function rowOf(counted: StandingOfPlace): StandingRow {
  const { place, filing, setAside } = counted;
  const lines = counted.lines.filter(({ line }) => !setAside.has(line));
  return {
    place: placeOf(place),
    ...countingOf(counted),
    row: filing?.row ?? null,
    lines: {
      registered: counted.lines.length,
      sufficient: lines.filter(({ sufficient }) => sufficient).length,
      passed: lines.filter(({ passed }) => passed).length,
    },
  };
}

function evidenceOf(
  question: StandingQuestion,
  found: Standings,
  counted: StandingOfPlace,
): StandingEvidence {
  const { place, rule, filing, lines, setAside } = counted;
  const { name, method, unit } = indicatorNamed(question.target.proof.indicator);
  return {
    ...scopeOf(question, found),
    place: placeOf(place),
    ...countingOf(counted),
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
      ...setAsideBy(setAside.get(line.line)),
      measurements: `/v1/measurements?line=${encodeURIComponent(line.line)}`,
    })),
  };
}

function setAsideBy(challenge: string | undefined): { readonly setAside?: string } {
  return challenge === undefined ? {} : { setAside: challenge };
}

/** Where the row is, whole, of the version that counted then. */
function filedAt({ carrier, month, receivedBy }: StandingQuestion, { code }: Place): string {
  return `/v1/filings/${carrier}/${month}/places?within=${code}&receivedBy=${receivedBy.toISOString()}`;
}
