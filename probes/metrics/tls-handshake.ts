/**
 * One TLS handshake, its certificate judged as a browser would (RFC 8446, RFC 5280, RFC 9525).
 *
 * The trust anchors are those of Node and of `NODE_EXTRA_CA_CERTS`; there is no way to look away.
 * What the server showed is reported also where it was refused: an expired certificate has
 * `certificateLeftDays` below 0. Revocation is not asked for.
 *
 * Outcome: `ok` for a handshake whose certificate holds. Otherwise `failed`
 * - at `dns` as `resolveHost` says, at `connect` as `tcp-connect` does;
 * - at `tls`: `certificate-expired`, `certificate-not-yet-valid`, `certificate-name` (it is another
 *   host's), `certificate-self-signed`, `certificate-untrusted` (its issuer is not known),
 *   `protocol-version`, `handshake-failure`, `not-tls`, `closed`, `reset`, `timeout`, ….
 */
import type { TLSSocket } from 'node:tls';
import { z } from 'zod';
import { finding } from '../finding.ts';
import { defineMetric, type ValueSpec } from '../metric.ts';
import { atStage, OK, StageError, skipped } from '../net/failure.ts';
import { addressPolicy, resolveHost } from '../net/resolve.ts';
import { parseHostAndPort } from '../net/target.ts';
import { connectTcp } from '../net/tcp.ts';
import { within } from '../net/time-limit.ts';
import { startTls } from '../net/tls.ts';
import { count, milliseconds } from './value-specs.ts';

const parameters = z.strictObject({
  /** From the first SYN to the end of the handshake. */
  timeoutMs: z.number().min(100).max(60_000).default(10_000),
  ...addressPolicy,
});

const DAY_MS = 86_400_000;

const certificateLeft: ValueSpec = {
  name: 'certificateLeftDays',
  title: { zh: '证书剩余天数', en: 'Days until the certificate expires' },
  unit: 'd',
  resolution: 0.001,
};

const values = [
  milliseconds('connectMs', 'TCP 握手', 'TCP handshake'),
  milliseconds('handshakeMs', 'TLS 握手', 'TLS handshake'),
  {
    name: 'tlsVersion',
    title: { zh: 'TLS 版本', en: 'TLS version' },
    unit: '1',
    resolution: 0.1,
  },
  count(
    'alpnHttpVersion',
    'ALPN 商定的 HTTP 版本(0 为无)',
    'HTTP version agreed by ALPN (0: none)',
  ),
  certificateLeft,
];

const ALPN_HTTP_VERSIONS: Readonly<Record<string, number>> = { h2: 2, 'http/1.1': 1 };

export const tlsHandshake = defineMetric<z.infer<typeof parameters>>({
  name: 'tls-handshake',
  title: { zh: 'TLS 握手与证书', en: 'TLS handshake and certificate' },
  method: 'tls-handshake/1',
  source: 'RFC 8446, RFC 7301, RFC 9525',
  targetHint: 'example.net:443 | [2001:db8::1]:443',
  load: 'quiet',
  parameters,
  values,
  canRun: async () => null,
  async run(target, { timeoutMs, allowPrivate }, { family, signal }) {
    const parsed = parseHostAndPort(target, family);
    if (parsed.kind === 'refused') return finding(values, { outcome: skipped(parsed.reason) });
    const { host, port } = parsed;
    const resolved = await resolveHost(host, family, signal, { allowPrivate });
    if (resolved.kind === 'outcome') return finding(values, { outcome: resolved.outcome });
    const { address } = resolved;
    const hostname = host.kind === 'name' ? host.name : address;

    let measured: Readonly<Record<string, number | undefined>> = {};
    try {
      await within(timeoutMs, signal, async (limited) => {
        const tcp = await atStage('connect', connectTcp(address, port, limited));
        measured = { connectMs: tcp.connectMs };
        const agreed = (socket: TLSSocket, handshakeMs: number) => {
          measured = { ...measured, handshakeMs, ...shown(socket, Date.now()) };
        };
        const alpn = Object.keys(ALPN_HTTP_VERSIONS);
        await atStage('tls', startTls(tcp.socket, { hostname, alpn, agreed }, limited));
        tcp.socket.destroy();
      });
      return finding(values, { outcome: OK, address, values: measured });
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof StageError)) throw error;
      return finding(values, { outcome: error.outcome, address, values: measured });
    }
  },
});

/** What the server agreed to and showed. */
function shown(socket: TLSSocket, nowMs: number) {
  const version = Number(/^TLSv(1(?:\.\d)?)$/.exec(socket.getProtocol() ?? '')?.[1]);
  const validToMs = Date.parse(socket.getPeerCertificate().valid_to ?? '');
  return {
    tlsVersion: Number.isNaN(version) ? undefined : version,
    alpnHttpVersion: ALPN_HTTP_VERSIONS[socket.alpnProtocol || ''] ?? 0,
    certificateLeftDays: Number.isNaN(validToMs) ? undefined : (validToMs - nowMs) / DAY_MS,
  };
}
