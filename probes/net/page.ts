/**
 * One visit to a page: GET over one family, redirects followed as far as allowed, the whole body
 * read and hashed, every phase timed, everything bounded.
 *
 * Every hop is a target of its own: its URL is parsed and its address judged as the first one's, in
 * the same family.
 */
import { createHash } from 'node:crypto';
import { performance } from 'node:perf_hooks';
import type { Dispatcher } from 'undici';
import type { Family, Outcome } from '../measurement.ts';
import { SOFTWARE } from '../software.ts';
import { atStage, failed, OK, StageError } from './failure.ts';
import { openHttp } from './http.ts';
import { type AddressPolicy, resolveHost } from './resolve.ts';
import { isPrivate, parseUrl, type WebTarget } from './target.ts';
import { within } from './time-limit.ts';

export interface PageOptions extends AddressPolicy {
  readonly family: Family;
  /** Of the whole visit, every hop included. */
  readonly timeoutMs: number;
  /** Of the body. */
  readonly limitB: number;
  /** Redirects followed; with 0 a redirect is the page itself. */
  readonly redirects: number;
  /** How much of the body is kept in `body`. */
  readonly keepB?: number;
  /** `HEAD` has the header alone, which no packet is too small for. */
  readonly method?: 'GET' | 'HEAD';
}

/** What was seen; of several hops, the phases are those of the last. */
export interface Visit {
  outcome: Outcome;
  /** The URL asked last. */
  url: URL;
  address?: string;
  port?: number;
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
  /** From the first name lookup to the last byte; only of a body that is complete. */
  totalMs?: number;
  status?: number;
  redirects: number;
  bodyB?: number;
  /** See `hash48`; only of a body that is complete. */
  bodyHash48?: number;
  /** As much of it as was asked for and came. */
  body?: Buffer;
}

/** Header, chunk framing, interim answers and TLS records on top of the body of a page. */
const FRAMING_B = 1_000_000;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/**
 * Failures: stage `dns` as `resolveHost`; `connect`, `tls`, `header`, `body` by code; `status`
 * (`http-404`, …); `redirect` where a hop may not be followed: `redirect-limit`, `redirect-loop`,
 * `private-address`, or the refusal of its URL (`other-family`, `malformed-target`, …).
 *
 * @throws the signal's reason
 */
export async function visitPage(
  page: WebTarget,
  options: PageOptions,
  signal: AbortSignal,
): Promise<Visit> {
  const visit: Visit = { outcome: OK, url: page.url, redirects: 0 };
  const begin = performance.now();
  try {
    visit.outcome = await within(options.timeoutMs, signal, async (limited) => {
      const outcome = await follow(page, visit, options, limited);
      if (visit.bodyHash48 !== undefined) visit.totalMs = performance.now() - begin;
      return outcome;
    });
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof StageError)) throw error;
    visit.outcome = error.outcome;
  }
  return visit;
}

async function follow(
  page: WebTarget,
  visit: Visit,
  options: PageOptions,
  signal: AbortSignal,
): Promise<Outcome> {
  const seen = new Set<string>();
  for (let target = page; ; visit.redirects++) {
    seen.add(target.url.href);
    const { outcome, next } = await hop(target, visit, options, signal);
    if (next === undefined) return outcome;
    if (visit.redirects === options.redirects) return failed('redirect', 'redirect-limit');
    const parsed = parseUrl(absolute(next, target.url), options.family);
    if (parsed.kind === 'refused') return failed('redirect', parsed.reason, next);
    const { host, url } = parsed;
    if (seen.has(url.href)) return failed('redirect', 'redirect-loop', next);
    if (host.kind === 'address' && !options.allowPrivate && isPrivate(host.address))
      return failed('redirect', 'private-address', next);
    target = parsed;
  }
}

/** RFC 9110 §10.2.2; the fragment stays with the browser. */
function absolute(location: string, base: URL): string {
  if (!URL.canParse(location, base.href)) return location;
  const url = new URL(location, base);
  url.hash = '';
  return url.href;
}

interface Hop {
  readonly outcome: Outcome;
  /** Where it says to go, unparsed; only where redirects are followed. */
  readonly next?: string | undefined;
}

async function hop(
  { url, host, port }: WebTarget,
  visit: Visit,
  options: PageOptions,
  signal: AbortSignal,
): Promise<Hop> {
  forgetHop(visit);
  visit.url = url;
  const resolved = await atStage('dns', resolveHost(host, options.family, signal, options));
  if (resolved.kind === 'outcome') return { outcome: resolved.outcome };
  const { address } = resolved;
  Object.assign(visit, { address, port });
  if (resolved.dnsMs !== undefined) visit.dnsMs = resolved.dnsMs;

  const connectionLimitB = options.limitB + FRAMING_B;
  const connection = await openHttp({ url, address, port, connectionLimitB }, signal);
  try {
    visit.connectMs = connection.connectMs;
    if (connection.tlsMs !== undefined) visit.tlsMs = connection.tlsMs;
    const asked = performance.now();
    const response = await atStage('header', connection.request(requestFor(url, options), signal));
    visit.firstByteMs = performance.now() - asked;
    const { statusCode, headers, body } = response;
    visit.status = statusCode;
    const next = REDIRECTS.has(statusCode) ? firstOf(headers.location) : undefined;
    // What a redirect says besides where to go is nobody's page.
    if (next !== undefined && options.redirects > 0) return { outcome: OK, next };
    await atStage('body', readBody(body, visit, options));
    const isGood = statusCode >= 200 && statusCode < 400;
    return { outcome: isGood ? OK : failed('status', `http-${statusCode}`) };
  } finally {
    connection.reset();
  }
}

/** Phases of the hop before are not this one's. */
function forgetHop(visit: Visit): void {
  for (const phase of ['address', 'port', 'dnsMs', 'connectMs', 'tlsMs', 'firstByteMs', 'status'])
    delete visit[phase as 'address'];
}

function requestFor(
  { pathname, search }: URL,
  { method = 'GET' }: PageOptions,
): Omit<Dispatcher.RequestOptions, 'signal'> {
  return {
    path: `${pathname}${search}`,
    method,
    // Identity: the bytes counted are the bytes sent.
    headers: { 'accept-encoding': 'identity', 'user-agent': SOFTWARE },
  };
}

function firstOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}

async function readBody(
  body: AsyncIterable<Buffer>,
  visit: Visit,
  { limitB, keepB = 0 }: PageOptions,
): Promise<void> {
  const hash = createHash('sha256');
  const kept: Buffer[] = [];
  let bodyB = 0;
  visit.bodyB = 0;
  try {
    for await (const chunk of body) {
      if (bodyB < keepB) kept.push(chunk.subarray(0, keepB - bodyB));
      bodyB += chunk.length;
      visit.bodyB = bodyB;
      if (bodyB > limitB)
        throw Object.assign(new Error(`more than ${limitB} B`), { code: 'body-limit' });
      hash.update(chunk);
    }
  } finally {
    if (keepB > 0) visit.body = Buffer.concat(kept);
  }
  visit.bodyHash48 = hash48(hash.digest());
}

/**
 * The first 48 bits of a SHA-256: a whole number that every double and every column holds exactly.
 * Two different pages share it once in 2^48 times; for telling a changed page that is plenty,
 * against a forger it is not.
 */
export function hash48(digest: Buffer): number {
  return digest.readUIntBE(0, 6);
}
