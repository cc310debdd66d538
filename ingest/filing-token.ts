/** Tokens by which a carrier's own systems file over HTTP: issued, listed, revoked, recognised. */
import { timingSafeEqual } from 'node:crypto';
import { Fault } from '../probes/fault.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { Store } from '../sql/store.ts';
import { Refusal } from './refusal.ts';
import { bearerOf, hashToken, newToken, TokenDirectory } from './token.ts';

type IssuedToken = QueryRow<'filing_tokens'>;

export interface ListedToken {
  readonly carrier: string;
  /** The beginning of its SHA-256, by which it is revoked. */
  readonly id: string;
  readonly issued: string;
  readonly revoked: string | null;
}

const ID_LENGTH = 12;
/** Filings are few, so a revoked token may die at once; strangers cost a question a second. */
const KEEP_MS = 1_000;

/** Carriers by the hash of their tokens; each of the few hashes is compared in full. */
export class FilingTokens extends TokenDirectory<string> {
  constructor(store: Store, now?: () => number) {
    const load = async () => {
      const valid = (await store.query('filing_tokens', {})).filter(({ revoked }) => !revoked);
      return new Map(valid.map(({ tokenSha256, carrier }) => [tokenSha256, carrier]));
    };
    super(load, now, KEEP_MS);
  }

  protected override find(carriers: ReadonlyMap<string, string>, hash: string): string | undefined {
    const asked = Buffer.from(hash);
    let found: string | undefined;
    for (const [known, carrier] of carriers)
      if (timingSafeEqual(Buffer.from(known), asked)) found = carrier;
    return found;
  }
}

/**
 * The carrier behind `Authorization: Bearer <token>`.
 *
 * @throws Refusal `token-missing`, `token-unknown` (401)
 */
export async function filingCarrier(
  tokens: FilingTokens,
  authorization: string | undefined,
): Promise<string> {
  const token = bearerOf(authorization);
  if (!token)
    throw new Refusal(
      401,
      'token-missing',
      '请求未带填报令牌:请用 Authorization: Bearer <令牌>',
      'the request carries no filing token: send Authorization: Bearer <token>',
    );
  const carrier = await tokens.authenticate(token);
  if (carrier !== null) return carrier;
  throw new Refusal(
    401,
    'token-unknown',
    '填报令牌无效或已吊销:请向主管部门重新领取(tongda filing token)',
    'the filing token is not known or was revoked: ask the authority for a new one (tongda filing token)',
  );
}

/** @returns the token: shown once, stored only as its SHA-256 */
export async function issueFilingToken(
  store: Store,
  carrier: string,
  now: Date,
): Promise<{ readonly token: string; readonly id: string }> {
  const token = newToken();
  const tokenSha256 = hashToken(token);
  await store.insert('filing_token', [
    { carrier, tokenSha256, issued: now.toISOString(), revoked: null },
  ]);
  return { token, id: tokenSha256.slice(0, ID_LENGTH) };
}

/**
 * Voids a carrier's tokens, all of them or the one of an id; a station that knew them takes them for a
 * second more.
 *
 * @throws Fault `token-absent`
 */
export async function revokeFilingTokens(
  store: Store,
  carrier: string,
  id: string | null,
  now: Date,
): Promise<ListedToken[]> {
  const valid = (await store.query('filing_tokens', {})).filter(
    (one) =>
      one.carrier === carrier &&
      one.revoked === null &&
      (id === null || one.tokenSha256.slice(0, ID_LENGTH) === id),
  );
  if (valid.length === 0)
    throw new Fault(
      'token-absent',
      `${carrier} 没有${id === null ? '' : `编号为 ${id} 的`}有效令牌`,
      `${carrier} has no valid token${id === null ? '' : ` ${id}`}`,
    );
  const revoked = valid.map((one) => ({ ...one, revoked: now.toISOString() }));
  await store.insert('filing_token', revoked);
  return revoked.map(listed);
}

/** By carrier, revoked ones too. */
export async function listFilingTokens(store: Store): Promise<ListedToken[]> {
  return (await store.query('filing_tokens', {})).map(listed);
}

function listed({ carrier, tokenSha256, issued, revoked }: IssuedToken): ListedToken {
  return { carrier, id: tokenSha256.slice(0, ID_LENGTH), issued, revoked };
}
