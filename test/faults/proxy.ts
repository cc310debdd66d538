/**
 * An HTTP proxy between store and engine that does what networks and servers do on bad days. Every
 * request passes unharmed unless a fault was ordered for it.
 */
import {
  createServer,
  request as forward,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export const FAULTS = [
  /** The connection is reset before the engine hears of the request. */
  'reset-before',
  /** The engine gets half of the request's body, then both sides are reset. */
  'reset-within',
  /** The engine has done its work; the answer is lost. */
  'reset-after',
  /** Half of the answer's body comes, then a reset. */
  'cut-answer',
  /** A server in between answers for the engine, which never hears of it. */
  'error-500',
  /** The engine has done its work; a server in between says otherwise. */
  'error-502-after',
] as const;
export type FaultName = (typeof FAULTS)[number];

export interface FaultyProxy {
  readonly url: string;
  /** Requests that carried the marked text, faulty or not. */
  readonly seen: number;
  /**
   * Orders a fault for each of the next `times` requests whose query or body holds `text`; the first
   * `unharmed` of them pass before.
   */
  order(
    fault: FaultName | { readonly delayMs: number },
    text: string,
    times?: number,
    unharmed?: number,
  ): void;
  /** Orders nothing more and counts anew. */
  reset(): void;
  stop(): Promise<void>;
}

interface Order {
  readonly fault: FaultName | { readonly delayMs: number };
  readonly text: string;
  left: number;
  unharmed: number;
}

/** Starts a proxy on loopback before `target`, `http://HOST:PORT`. */
export async function startFaultyProxy(target: string): Promise<FaultyProxy> {
  let orders: Order[] = [];
  let seen = 0;
  const server = createServer((request, response) => {
    void handle(request, response).catch(() => hangUp(response.socket));
  });

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await bodyOf(request);
    const asked = `${decodeURIComponent(request.url ?? '').replaceAll('+', ' ')}\n${body.toString('latin1')}`;
    const order = orders.find(({ text }) => asked.includes(text));
    if (order) seen++;
    const passes = !order || order.unharmed-- > 0 || order.left-- <= 0;
    const fault = passes ? null : order.fault;
    if (fault === 'reset-before') return hangUp(request.socket);
    if (fault === 'error-500') {
      response.writeHead(500, { 'content-type': 'text/html' }).end('<h1>Internal Error</h1>');
      return;
    }
    if (fault === 'reset-within') {
      await sendHalf(target, request, body);
      return hangUp(request.socket);
    }
    const answer = await ask(target, request, body);
    if (fault === 'reset-after') {
      await bodyOf(answer);
      return hangUp(request.socket);
    }
    if (fault === 'error-502-after') {
      await bodyOf(answer);
      response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>Bad Gateway</h1>');
      return;
    }
    if (typeof fault === 'object' && fault) await sleep(fault.delayMs);
    if (fault === 'cut-answer') {
      const whole = await bodyOf(answer);
      response.writeHead(answer.statusCode ?? 502, answer.headers).flushHeaders();
      response.write(whole.subarray(0, Math.floor(whole.length / 2)));
      await sleep(20);
      return hangUp(request.socket);
    }
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    // An engine that breaks off in the middle says why and closes: so does the proxy, with what was said.
    answer.on('error', () => request.socket.end()).pipe(response);
  }

  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get seen() {
      return seen;
    },
    order: (fault, text, times = 1, unharmed = 0) => {
      orders.push({ fault, text, left: times, unharmed });
    },
    reset: () => {
      orders = [];
      seen = 0;
    },
    stop: () =>
      new Promise((stopped) => {
        server.close(() => stopped());
        server.closeAllConnections();
      }),
  };
}

function options(target: string, { method, url, headers }: IncomingMessage) {
  const { hostname, port } = new URL(target);
  return { hostname, port, path: url, method, headers, agent: false as const };
}

function ask(target: string, from: IncomingMessage, body: Buffer): Promise<IncomingMessage> {
  return new Promise((answered, failed) => {
    forward(options(target, from), answered).on('error', failed).end(body);
  });
}

async function sendHalf(target: string, from: IncomingMessage, body: Buffer): Promise<void> {
  const half = forward(options(target, from)).on('error', () => {});
  // With the length announced, so that the engine knows that something is missing.
  half.setHeader('content-length', body.length);
  half.removeHeader('transfer-encoding');
  half.write(body.subarray(0, Math.floor(body.length / 2)));
  await sleep(50);
  half.socket?.resetAndDestroy();
}

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}

function hangUp(socket: Socket | null): void {
  if (socket && !socket.destroyed) socket.resetAndDestroy();
}
