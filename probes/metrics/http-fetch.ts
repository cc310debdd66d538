/**
 * One page over HTTP, phase by phase (RFC 9110, RFC 9112).
 *
 * The whole body is read: a path that loses full-size packets in silence (RFC 2923 §2.1) lets the
 * handshake and small answers through and stalls in the body. Unless `redirects` says otherwise a
 * redirect is not followed: a page is what its own host answers. `bodyHash48` is equal where two
 * bodies are, so that what a name serves over IPv4 and over IPv6 can be held side by side.
 *
 * Outcome: `ok` for a complete answer of class 2xx or 3xx. Otherwise `failed` at
 * - `dns` as `resolveHost` says;
 * - `connect`: `timeout`, `refused`, `no-route`, …; `tls`: as `tls-handshake` says;
 * - `header`: `timeout`, `closed`, `reset`, `malformed` (no HTTP), `header-limit`, `byte-limit`
 *   (interim answers without end);
 * - `redirect`: `redirect-limit`, `redirect-loop`, `private-address`, `other-family`,
 *   `malformed-target`, …;
 * - `body`: `timeout`, `closed` (ended before its declared length), `reset`, `malformed`,
 *   `body-limit` (more than `limitB`), `byte-limit` (framing without end);
 * - `status`: `http-404`, ….
 * Phases that were completed keep their times; after redirects they are those of the last page.
 */
import { z } from 'zod';
import { finding } from '../finding.ts';
import { defineMetric, SMALL_RUN_B, WITH_HEADERS } from '../metric.ts';
import { skipped } from '../net/failure.ts';
import { visitPage } from '../net/page.ts';
import { addressPolicy } from '../net/resolve.ts';
import { parseUrl } from '../net/target.ts';
import { bytes, count, milliseconds } from './value-specs.ts';

const parameters = z.strictObject({
  /** From looking up the name to the last byte. */
  timeoutMs: z.number().min(100).max(60_000).default(10_000),
  limitB: z.int().min(1).max(100_000_000).default(10_000_000),
  /** Redirects followed, in the same family and under the same policy. */
  redirects: z.int().min(0).max(10).default(0),
  ...addressPolicy,
});

const values = [
  milliseconds('dnsMs', '域名解析', 'Name lookup'),
  milliseconds('connectMs', 'TCP 握手', 'TCP handshake'),
  milliseconds('tlsMs', 'TLS 握手', 'TLS handshake'),
  milliseconds('firstByteMs', '首字节', 'From request to response header'),
  milliseconds('totalMs', '页面总时延', 'From name lookup to last byte'),
  count('status', 'HTTP 状态码', 'HTTP status code'),
  bytes('bodyB', '正文大小', 'Size of the body'),
  count('bodyHash48', '正文指纹(SHA-256 前 48 位)', 'First 48 bits of the SHA-256 of the body'),
  count('redirects', '已跟随的重定向', 'Redirects followed'),
];

export const httpFetch = defineMetric<z.infer<typeof parameters>>({
  name: 'http-fetch',
  title: { zh: '网页获取', en: 'Page fetch' },
  method: 'http-fetch/2',
  source: 'RFC 9110, RFC 9112',
  targetHint: 'https://example.net/ | http://[2001:db8::1]:8080/page',
  load: 'quiet',
  parameters,
  values,
  costB: ({ limitB }) => SMALL_RUN_B + Math.ceil(limitB * WITH_HEADERS),
  canRun: async () => null,
  async run(target, wanted, { family, signal }) {
    const page = parseUrl(target, family);
    if (page.kind === 'refused') return finding(values, { outcome: skipped(page.reason) });
    const { outcome, address, url, port, body, ...measured } = await visitPage(
      page,
      { ...wanted, family },
      signal,
    );
    return finding(values, { outcome, ...(address ? { address } : {}), values: measured });
  },
});
