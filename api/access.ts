/**
 * Who may read. Without a password the station listens on loopback alone, and then a page from
 * elsewhere must not reach it through the reader's own browser (DNS rebinding), so the name it was
 * asked by is checked. With a password, page and API ask for it; probes and filing carriers
 * carry tokens of their own.
 */

import type { HonoRequest, MiddlewareHandler } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { Refusal } from '../ingest/refusal.ts';
import { bearerOf } from '../ingest/token.ts';
import { isLoopback } from './config.ts';

const REVIEWER = 'reviewer';

/** Where probes and watchdogs go; the collector and the controller check tokens themselves. */
const WITHOUT_PASSWORD = new Set(['/healthz', '/v1/reports', '/v1/instruction']);

/**
 * Carriers file there, and speak of what is disputed, by tokens of their own, which those routes check;
 * reading the same addresses is for reviewers.
 */
function isOfCarrier(request: HonoRequest): boolean {
  if (request.method !== 'POST') return false;
  if (request.path === '/v1/filings') return true;
  const speaks = /^\/v1\/challenges(\/|$)/.test(request.path);
  return speaks && bearerOf(request.header('authorization')) !== undefined;
}

export function access(password: string | null): MiddlewareHandler {
  if (password === null)
    return async (context, next) => {
      const name = new URL(context.req.url).hostname.replace(/^\[|\]$/g, '');
      if (!isLoopback(name))
        throw new Refusal(
          421,
          'host-unknown',
          `本站只应答本机地址,不应答 ${name}`,
          `this station answers to local names only, not to ${name}`,
        );
      await next();
    };
  const ask = basicAuth({ username: REVIEWER, password, realm: 'tongda' });
  return (context, next) =>
    WITHOUT_PASSWORD.has(context.req.path) || isOfCarrier(context.req)
      ? next()
      : ask(context, next);
}
