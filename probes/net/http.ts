/**
 * HTTP/1.1 over one connection to one address that is chosen beforehand.
 *
 * undici speaks HTTP; the connection is made here, so that the family cannot change (undici's own
 * connector, like fetch, answers over IPv4 when IPv6 is broken) and every phase has its own time.
 */
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls } from 'node:tls';
import { Client, type Dispatcher } from 'undici';
import { atStage } from './failure.ts';
import { connectTcp } from './tcp.ts';
import { unlessAborted } from './time-limit.ts';

export interface HttpEndpoint {
  readonly url: URL;
  /** A literal: nothing is resolved. */
  readonly address: string;
  readonly port: number;
}

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
  { url, address, port }: HttpEndpoint,
  signal: AbortSignal,
): Promise<HttpConnection> {
  const { socket: plain, connectMs } = await atStage('connect', connectTcp(address, port, signal));
  const begin = performance.now();
  const isTls = url.protocol === 'https:';
  const socket = isTls ? await atStage('tls', secured(plain, url.hostname, signal)) : plain;
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
    ...(isTls ? { tlsMs: performance.now() - begin } : {}),
    request: (options, aborted) =>
      unlessAborted(client.request({ ...options, signal: aborted }), aborted),
    reset() {
      plain.resetAndDestroy();
      client.destroy().catch(() => {});
    },
  };
}

/**
 * TLS over a connection that is there.
 *
 * @throws the socket's error, or the signal's reason; `plain` is gone then
 */
export function secured(plain: Socket, hostname: string, signal: AbortSignal): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const isName = /[^\d.:[\]]/.test(hostname) && !hostname.startsWith('[');
    const socket = connectTls({
      socket: plain,
      // RFC 6066 §3: a server name is a name, never an address.
      ...(isName ? { servername: hostname } : { host: hostname.replace(/^\[|\]$/g, '') }),
      ALPNProtocols: ['http/1.1'],
    });
    const settle = (result: () => void) => {
      signal.removeEventListener('abort', abort);
      result();
    };
    const fail = (error: unknown) =>
      settle(() => {
        plain.destroy();
        reject(error);
      });
    const abort = () => fail(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('closed', { cause: { code: 'UND_ERR_SOCKET' } })));
    socket.once('secureConnect', () => settle(() => resolve(socket)));
  });
}
