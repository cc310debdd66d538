/**
 * `/v1/challenges`: standings that are disputed, with all that was said. What is written is appended, by
 * whoever may write; the command `tongda challenge` does the same.
 */
import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type FilingTokens, filingCarrier } from '../../ingest/filing-token.ts';
import { isMonth } from '../../ingest/month.ts';
import { Refusal } from '../../ingest/refusal.ts';
import { bearerOf } from '../../ingest/token.ts';
import { AUTHORITY, CHALLENGE_METHOD, type Challenge } from '../challenge.ts';
import { detailOf, rowOf, STATE_TITLES } from '../challenge-answer.ts';
import { openingOf, wordOf } from '../challenge-request.ts';
import {
  addToChallenge,
  challengeNamed,
  challengesOfMonth,
  openChallenge,
  unknownChallenge,
} from '../challenges.ts';
import type { ChallengePage } from '../contract/challenge.ts';
import type { EvidenceReader } from '../evidence.ts';
import type { Plan } from '../plan.ts';
import { countOfRequest, malformed, requireCarrier } from './request.ts';

/** Texts and references, no files. */
const LARGEST_BODY_B = 256 * 1024;

/** @param password the station's; null: it has none */
export function challenges(
  reader: EvidenceReader,
  tokens: FilingTokens,
  password: string | null,
): Hono {
  const small = bodyLimit({
    maxSize: LARGEST_BODY_B,
    onError: () => {
      throw new Refusal(
        413,
        'challenge-too-large',
        `请求超过 ${LARGEST_BODY_B} 字节`,
        `the request is over ${LARGEST_BODY_B} bytes`,
      );
    },
  });
  const told = async (context: Context, challenge: Challenge, at: Date) =>
    context.json(
      await detailOf(reader.store, challenge, await reader.register(challenge.opened.month), at),
    );
  return new Hono()
    .get('/v1/challenges', async (context) => {
      const now = reader.now();
      const limit = countOfRequest(context, 'limit', 100, 1_000);
      const filter = filterOfRequest(context, reader.plan);
      const all = await challengesOfMonth(reader.store, filter.month, now);
      const found = pageOf(all.reverse(), filter, context.req.query('cursor') ?? '', limit);
      const items = found.page.map(async (challenge) =>
        rowOf(challenge, await reader.register(challenge.opened.month), now),
      );
      const answer: ChallengePage = {
        method: CHALLENGE_METHOD,
        items: await Promise.all(items),
        next: found.next,
      };
      return context.json(answer);
    })
    .get('/v1/challenges/:id', async (context) => {
      const now = reader.now();
      const id = context.req.param('id');
      const challenge = await challengeNamed(reader.store, id, now);
      if (!challenge) throw unknownChallenge(id);
      return told(context, challenge, now);
    })
    .post('/v1/challenges', small, async (context) => {
      const entry = { entered: await partyOfRequest(context, tokens, password), now: reader.now() };
      const opened = await openChallenge(reader, openingOf(await bodyOf(context)), entry);
      context.status(201);
      context.header('location', `/v1/challenges/${opened.id}`);
      return told(context, opened, entry.now);
    })
    .post('/v1/challenges/:id/events', small, async (context) => {
      const entry = { entered: await partyOfRequest(context, tokens, password), now: reader.now() };
      const id = context.req.param('id');
      const after = await addToChallenge(reader, id, wordOf(await bodyOf(context)), entry);
      context.status(201);
      return told(context, after, entry.now);
    });
}

/**
 * For which party a request may write. Who sends a carrier's token is that carrier. Whoever knows the
 * station's password is the authority; on a station without one anybody on the machine could be.
 *
 * @throws Refusal `token-unknown`, `password-needed`
 */
async function partyOfRequest(
  context: Context,
  tokens: FilingTokens,
  password: string | null,
): Promise<string> {
  const authorization = context.req.header('authorization');
  if (bearerOf(authorization) !== undefined) return filingCarrier(tokens, authorization);
  if (password !== null) return AUTHORITY;
  throw new Refusal(
    403,
    'password-needed',
    '本站未设口令,接口只读:请设 TONGDA_PASSWORD,或用命令 tongda challenge',
    'this station has no password and its API is read only: set TONGDA_PASSWORD, or use the command tongda challenge',
  );
}

/**
 * Only what says that it is JSON: a form on a page from elsewhere, which would carry the reviewer's
 * password along, cannot say so without asking first (Fetch, CORS-safelisted request-header).
 */
async function bodyOf(context: Context): Promise<unknown> {
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json')
    throw new Refusal(
      415,
      'body-not-json',
      '请求须为 JSON(content-type: application/json)',
      'the request must be JSON (content-type: application/json)',
    );
  try {
    return await context.req.json();
  } catch (reason) {
    if (!(reason instanceof SyntaxError)) throw reason;
    throw new Refusal(400, 'challenge-malformed', '请求不是合法的 JSON', 'the request is no JSON');
  }
}

export interface ChallengeFilter {
  /** '' in any of them: every one. */
  readonly month: string;
  readonly target: string;
  readonly carrier: string;
  readonly place: string;
  readonly state: string;
}

function filterOfRequest(context: Context, plan: Plan): ChallengeFilter {
  const asked = (name: keyof ChallengeFilter) => context.req.query(name) ?? '';
  const filter = {
    ...{ month: asked('month'), target: asked('target'), carrier: asked('carrier') },
    ...{ place: asked('place'), state: asked('state') },
  };
  requireFilter(filter, plan);
  return filter;
}

/** @throws Fault `parameter-malformed` */
export function requireFilter(
  { month, target, carrier, place, state }: ChallengeFilter,
  plan: Plan,
): void {
  const ids = plan.targets.map(({ id }) => id);
  if (month !== '' && !isMonth(month)) throw malformed('month', month.slice(0, 40), 'YYYY-MM');
  if (target !== '' && !ids.includes(target))
    throw malformed('target', target.slice(0, 80), ids.join(' | '));
  if (carrier !== '') requireCarrier(carrier, plan);
  if (!/^[\d-]{0,16}$/.test(place)) throw malformed('place', place.slice(0, 40), '320102002001');
  const states = Object.keys(STATE_TITLES);
  if (state !== '' && !states.includes(state))
    throw malformed('state', state.slice(0, 40), states.join(' | '));
}

/**
 * Some challenges that a filter lets through, from the one after `cursor` on; '' for the first.
 *
 * @throws Fault `parameter-malformed` for a cursor that names none
 */
export function pageOf(
  challenges: readonly Challenge[],
  filter: ChallengeFilter,
  cursor: string,
  limit: number,
): { readonly page: Challenge[]; readonly next: string | null } {
  const begin = cursor === '' ? 0 : challenges.findIndex(({ id }) => id === cursor) + 1;
  if (cursor !== '' && begin === 0)
    throw malformed('cursor', cursor.slice(0, 40), 'the `next` of an earlier page');
  const { target, carrier, place, state } = filter;
  const lets = (wanted: string, own: string) => wanted === '' || wanted === own;
  const wanted = challenges
    .slice(begin)
    .filter(
      ({ opened, state: own }) =>
        lets(target, opened.target) &&
        lets(carrier, opened.carrier) &&
        lets(place, opened.place) &&
        lets(state, own),
    );
  const page = wanted.slice(0, limit);
  return { page, next: wanted.length > limit ? (page.at(-1)?.id ?? null) : null };
}
