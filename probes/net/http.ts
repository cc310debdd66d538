/**
 * HTTP/1.1 over one connection to one address that is chosen beforehand.
 *
 * undici speaks HTTP; the connection is made here, so that the family cannot change (undici's own
 * connector, like fetch, answers over IPv4 when IPv6 is broken) and every phase has its own time.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { Client, type Dispatcher } from 'undici';
import { atStage } from './failure.ts';
import { connectTcp } from './tcp.ts';
import { unlessAborted } from './time-limit.ts';
import { startTls } from './tls.ts';

export interface HttpEndpoint {
  readonly url: URL;
  /** A literal: nothing is resolved. */
  readonly address: string;
  readonly port: number;
  /**
   * Bytes of the connection, everything counted, past which it is ended with code `byte-limit`:
   * a server may go on for ever in what is neither header nor body (RFC 9112 §7.1.1, RFC 9110 §15.2).
   */
  readonly connectionLimitB?: number;
}

/** How often the bytes of a connection are looked at. */
const WATCH_MS = 100;

export interface HttpConnection {
  readonly connectMs: number;
  /** Only with `https:`. */
  readonly tlsMs?: number;
  /** Resolves with the header. `signal` also ends a body that is still being read. */
  request(
    options: Omit<Dispatcher.RequestOptions, 'signal'>,
    signal: AbortSignal,
  ): Promise<Dispatcher.ResponseData>;
  /** Ends the connection at once; what lies in the send buffer is thrown away, not drained. */
  reset(): void;
}

/** @throws StageError of stage `connect` or `tls` */
export async function openHttp(
  { url, address, port, connectionLimitB }: HttpEndpoint,
  signal: AbortSignal,
): Promise<HttpConnection> {
  const { socket: plain, connectMs } = await atStage('connect', connectTcp(address, port, signal));
  const begin = performance.now();
  const isTls = url.protocol === 'https:';
  const { hostname } = url;
  const socket = isTls
    ? await atStage('tls', startTls(plain, { hostname, alpn: ['http/1.1'] }, signal))
    : plain;
  const tlsMs = performance.now() - begin;
  const watch = connectionLimitB === undefined ? undefined : watchBytes(plain, connectionLimitB);
  plain.once('close', () => clearInterval(watch));
  const client = new Client(url.origin, {
    // One request a connection, none after it.
    pipelining: 0,
    // The caller's signal bounds the time.
    headersTimeout: 0,
    bodyTimeout: 0,
    // Never at once: undici overlooks a connection that is there before it has returned.
    connect: (_, callback) => queueMicrotask(() => callback(null, socket)),
  });
  return {
    connectMs,
    ...(isTls ? { tlsMs } : {}),
    request: (options, aborted) =>
      unlessAborted(client.request({ ...options, signal: aborted }), aborted),
    reset() {
      plain.resetAndDestroy();
      client.destroy().catch(() => {});
    },
  };
}

function watchBytes(socket: Socket, limitB: number): NodeJS.Timeout {
  return setInterval(() => {
    if (socket.bytesRead > limitB)
      socket.destroy(Object.assign(new Error(`more than ${limitB} B`), { code: 'byte-limit' }));
  }, WATCH_MS);
}
