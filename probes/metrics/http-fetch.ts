/**
 * One page over HTTP, phase by phase (RFC 9110, RFC 9112).
 *
 * The whole body is read: a path that loses full-size packets in silence (RFC 2923 §2.1) lets the
 * handshake and small answers through and stalls in the body. Redirects are not followed: a page is
 * what its own host answers.
 *
 * Outcome: `ok` for a complete answer of class 2xx or 3xx. Otherwise `failed` at
 * - `dns` as `resolveHost` says; `connect`, `tls`: `timeout`, `refused`, `cert-has-expired`, …;
 * - `header`: `timeout`, `closed`, `reset`, `malformed` (no HTTP), `header-limit`;
 * - `body`: `timeout`, `closed` (ended before its declared length), `reset`, `malformed`,
 *   `body-limit` (more than `limitB`);
 * - `status`: `http-404`, ….
 * Phases that were completed keep their times.
 */
import { performance } from 'node:perf_hooks';
import { z } from 'zod';
import { finding } from '../finding.ts';
import type { Family, Outcome } from '../measurement.ts';
import { defineMetric, SMALL_RUN_B, WITH_HEADERS } from '../metric.ts';
import { atStage, failed, OK, StageError, skipped } from '../net/failure.ts';
import { openHttp } from '../net/http.ts';
import { resolveHost } from '../net/resolve.ts';
import { type Host, parseUrl } from '../net/target.ts';
import { within } from '../net/time-limit.ts';
import { SOFTWARE } from '../software.ts';
import { bytes, count, milliseconds } from './value-specs.ts';

const parameters = z.strictObject({
  /** From looking up the name to the last byte. */
  timeoutMs: z.number().min(100).max(60_000).default(10_000),
  limitB: z.int().min(1).max(100_000_000).default(10_000_000),
});

const values = [
  milliseconds('dnsMs', '域名解析', 'Name lookup'),
  milliseconds('connectMs', 'TCP 握手', 'TCP handshake'),
  milliseconds('tlsMs', 'TLS 握手', 'TLS handshake'),
  milliseconds('firstByteMs', '首字节', 'From request to response header'),
  milliseconds('totalMs', '页面总时延', 'From name lookup to last byte'),
  count('status', 'HTTP 状态码', 'HTTP status code'),
  bytes('bodyB', '正文大小', 'Size of the body'),
];

/** Filled phase by phase, so that a run that fails later keeps what it saw. */
interface Progress {
  address?: string;
  dnsMs?: number;
  connectMs?: number;
  tlsMs?: number;
  firstByteMs?: number;
  totalMs?: number;
  status?: number;
  bodyB?: number;
}

export const httpFetch = defineMetric<z.infer<typeof parameters>>({
  name: 'http-fetch',
  title: { zh: '网页获取', en: 'Page fetch' },
  method: 'http-fetch/1',
  source: 'RFC 9110, RFC 9112',
  targetHint: 'https://example.net/ | http://[2001:db8::1]:8080/page',
  load: 'quiet',
  parameters,
  values,
  costB: ({ limitB }) => SMALL_RUN_B + Math.ceil(limitB * WITH_HEADERS),
  canRun: async () => null,
  async run(target, { timeoutMs, limitB }, { family, signal }) {
    const page = parseUrl(target, family);
    if (page.kind === 'refused') return finding(values, { outcome: skipped(page.reason) });
    const progress: Progress = {};
    const outcome = await within(timeoutMs, signal, (limited) =>
      fetchPage({ ...page, family, limitB }, progress, limited),
    ).catch((error) => {
      signal.throwIfAborted();
      if (error instanceof StageError) return error.outcome;
      throw error;
    });
    const { address, ...measured } = progress;
    return finding(values, { outcome, ...(address ? { address } : {}), values: { ...measured } });
  },
});

interface Page {
  readonly url: URL;
  readonly host: Host;
  readonly port: number;
  readonly family: Family;
  readonly limitB: number;
}

/** @throws StageError */
async function fetchPage(page: Page, progress: Progress, signal: AbortSignal): Promise<Outcome> {
  const begin = performance.now();
  const resolved = await atStage('dns', resolveHost(page.host, page.family, signal));
  if (resolved.kind === 'outcome') return resolved.outcome;
  progress.address = resolved.address;
  if (resolved.dnsMs !== undefined) progress.dnsMs = resolved.dnsMs;

  const connection = await openHttp({ ...page, address: resolved.address }, signal);
  try {
    progress.connectMs = connection.connectMs;
    if (connection.tlsMs !== undefined) progress.tlsMs = connection.tlsMs;
    const asked = performance.now();
    const response = await atStage(
      'header',
      connection.request(
        {
          path: `${page.url.pathname}${page.url.search}`,
          method: 'GET',
          // Identity: the bytes counted are the bytes sent.
          headers: { 'accept-encoding': 'identity', 'user-agent': SOFTWARE },
        },
        signal,
      ),
    );
    progress.firstByteMs = performance.now() - asked;
    progress.status = response.statusCode;
    progress.bodyB = 0;
    await atStage('body', drain(response.body, progress, page.limitB));
    progress.totalMs = performance.now() - begin;
    const { statusCode } = response;
    return statusCode >= 200 && statusCode < 400 ? OK : failed('status', `http-${statusCode}`);
  } finally {
    connection.reset();
  }
}

async function drain(
  body: AsyncIterable<Buffer>,
  progress: Progress,
  limitB: number,
): Promise<void> {
  for await (const chunk of body) {
    progress.bodyB = (progress.bodyB ?? 0) + chunk.length;
    if (progress.bodyB > limitB)
      throw new StageError('body', Object.assign(new Error('too long'), { code: 'body-limit' }));
  }
}
