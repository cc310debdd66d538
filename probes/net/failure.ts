/** From what the operating system and TLS say to the stable codes of an outcome. */
import type { Outcome } from '../measurement.ts';

/** What an error of a socket means for reachability; the rest keeps its own name in kebab-case. */
const CODES: Readonly<Record<string, string>> = {
  ETIMEDOUT: 'timeout',
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  // Linux turns ICMPv6 "no route" and "network unreachable" into this, as it does a missing route
  // of its own (net/ipv6/icmp.c, tab_unreach).
  ENETUNREACH: 'no-route',
  EHOSTUNREACH: 'unreachable',
  EACCES: 'prohibited',
  EPERM: 'prohibited',
  EADDRNOTAVAIL: 'address-unavailable',
  EAFNOSUPPORT: 'address-unavailable',
  EMSGSIZE: 'too-big',
  // TLS: what it says of the certificate, and of itself (names of OpenSSL and of Node).
  CERT_HAS_EXPIRED: 'certificate-expired',
  CERT_NOT_YET_VALID: 'certificate-not-yet-valid',
  CERT_REVOKED: 'certificate-revoked',
  ERR_TLS_CERT_ALTNAME_INVALID: 'certificate-name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'certificate-self-signed',
  SELF_SIGNED_CERT_IN_CHAIN: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT: 'certificate-untrusted',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'certificate-untrusted',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'certificate-untrusted',
  ERR_SSL_WRONG_VERSION_NUMBER: 'not-tls',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'not-tls',
  ERR_SSL_UNSUPPORTED_PROTOCOL: 'protocol-version',
  ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION: 'protocol-version',
  ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE: 'handshake-failure',
  ERR_SSL_TLSV1_UNRECOGNIZED_NAME: 'server-name',
  ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL: 'no-application-protocol',
  // The other side ended the connection before its answer was complete.
  UND_ERR_SOCKET: 'closed',
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: 'incomplete',
  UND_ERR_HEADERS_OVERFLOW: 'header-limit',
};

/** The run's own time limit, as opposed to an abort from outside. */
export class TimeLimitError extends Error {
  override readonly name = 'TimeLimitError';
}

/** An error together with how far the run had got. */
export class StageError extends Error {
  override readonly name = 'StageError';
  readonly stage: string;

  constructor(stage: string, cause: unknown) {
    super(`at ${stage}`, { cause });
    this.stage = stage;
  }

  get outcome(): Outcome {
    const code = failureCode(this.cause);
    const detail = this.cause instanceof Error ? this.cause.message : undefined;
    return failed(this.stage, code, code === 'timeout' ? undefined : detail);
  }
}

/** `work`, whose errors are from then on of `stage`. */
export async function atStage<T>(stage: string, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw error instanceof StageError ? error : new StageError(stage, error);
  }
}

/** The code of an outcome, from whatever was thrown. */
export function failureCode(error: unknown): string {
  if (error instanceof TimeLimitError) return 'timeout';
  // undici's word for an answer that is no HTTP; it does not always have a code.
  if (error instanceof Error && error.name === 'HTTPParserError') return 'malformed';
  const code = errorCode(error);
  if (code === undefined) return 'unexpected';
  return CODES[code] ?? kebab(code);
}

export function failed(stage: string, code: string, detail?: string): Outcome {
  return detail === undefined
    ? { status: 'failed', stage, code }
    : { status: 'failed', stage, code, detail: detail.slice(0, 300) };
}

export function skipped(reason: string): Outcome {
  return { status: 'skipped', reason };
}

export const OK: Outcome = { status: 'ok' };

/** The most frequent of some codes, the earlier of equals; undefined of none. */
export function commonest(codes: readonly string[]): string | undefined {
  const counts = new Map<string, number>();
  for (const code of codes) counts.set(code, (counts.get(code) ?? 0) + 1);
  return [...counts].sort(([, a], [, b]) => b - a)[0]?.[0];
}

function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code === 'string' && code !== '') return code;
  return errorCode(error.cause);
}

function kebab(code: string): string {
  const name = code
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '');
  return name.slice(0, 63) || 'unexpected';
}
