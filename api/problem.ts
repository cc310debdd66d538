/** Errors as RFC 9457 problem details. */

import type { Context } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import type { Logger } from 'pino';
import { Refusal } from '../ingest/refusal.ts';
import { Fault } from '../probes/fault.ts';
import { StoreFault } from '../sql/fault.ts';
import type { Problem } from './contract/problem.ts';

export function problemHandler(log: Logger) {
  return (reason: Error, context: Context): Response => {
    if (reason instanceof Fault) return problem(context, reason);
    // What hono's own middleware answers, such as a browser's request for the password.
    if (reason instanceof HTTPException) return reason.getResponse();
    const trouble = reason instanceof StoreFault ? STORE_TROUBLES[reason.code] : undefined;
    if (reason instanceof StoreFault && trouble) {
      log.warn({ code: reason.code, path: context.req.path, cause: reason.cause }, reason.message);
      const { status, retryAfterS } = trouble;
      return problem(context, new Refusal(status, reason.code, reason.zh, reason.en, retryAfterS));
    }
    log.error({ reason, path: context.req.path }, 'request failed');
    return problem(
      context,
      new Refusal(
        500,
        'internal',
        '站点内部错误,已记入日志',
        'the station failed; its log says why',
      ),
    );
  };
}

export function notFound(context: Context): Response {
  return problem(
    context,
    new Refusal(
      404,
      'not-found',
      `没有 ${context.req.path} 这个地址`,
      `there is nothing at ${context.req.path}`,
    ),
  );
}

/** @param more what a program may want to know beside (RFC 9457 §3.2) */
export function problem(context: Context, fault: Fault, more: object = {}): Response {
  const { status, retryAfterS } = fault instanceof Refusal ? fault : BAD_REQUEST;
  const body: Problem = {
    type: `urn:tongda:problem:${fault.code}`,
    title: fault.code,
    status,
    code: fault.code,
    detail: fault.zh,
    detailEn: fault.en,
    ...more,
  };
  if (retryAfterS !== undefined) context.header('retry-after', String(retryAfterS));
  if (status === 401) context.header('www-authenticate', 'Bearer');
  return context.json(body, status as ContentfulStatusCode, {
    'content-type': 'application/problem+json',
  });
}

/**
 * Troubles of the store that pass: nothing was acknowledged, and sending again later is the cure.
 * 507 Insufficient Storage: RFC 4918 §11.5.
 */
const STORE_TROUBLES: Readonly<Record<string, { status: number; retryAfterS: number }>> = {
  'store-away': { status: 503, retryAfterS: 2 },
  'store-busy': { status: 503, retryAfterS: 5 },
  'store-full': { status: 507, retryAfterS: 60 },
};

/** What a fault takes that was not thrown for a request: a wrong month is the asker's mistake. */
const BAD_REQUEST = { status: 400, retryAfterS: undefined };
