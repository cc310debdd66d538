/**
 * Who may read. Without a password the station listens on loopback alone, and then a page from
 * elsewhere must not reach it through the reader's own browser (DNS rebinding), so the name it was
 * asked by is checked. With a password, page and API ask for it; probes and filing carriers
 * carry tokens of their own.
 */

import type { MiddlewareHandler } from 'hono';
import { basicAuth } from 'hono/basic-auth';
import { Refusal } from '../ingest/refusal.ts';
import { isLoopback } from './config.ts';

export const REVIEWER = 'reviewer';

/** Where probes and watchdogs go; the collector and the controller check tokens themselves. */
const WITHOUT_PASSWORD = new Set(['/healthz', '/v1/reports', '/v1/instruction']);

/** Carriers file there by tokens of their own; reading the same address is for reviewers. */
function isFiling({ method, path }: { readonly method: string; readonly path: string }): boolean {
  return method === 'POST' && path === '/v1/filings';
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
    WITHOUT_PASSWORD.has(context.req.path) || isFiling(context.req) ? next() : ask(context, next);
}
