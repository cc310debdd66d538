/** The client's side of one ndt7 test: one connection, one direction. */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { WebSocket } from 'ws';
import { atStage, StageError } from '../net/failure.ts';
import { type HttpEndpoint, secured } from '../net/http.ts';
import { connectTcp } from '../net/tcp.ts';
import { within } from '../net/time-limit.ts';
import { ByteSeries } from '../rate.ts';
import { SOFTWARE } from '../software.ts';
import {
  type Direction,
  MESSAGE_LIMIT_B,
  NDT7_PATHS,
  NDT7_PROTOCOL,
  type Ndt7Measurement,
  readMeasurement,
} from './ndt7-message.ts';
import { PeerBusyError } from './peer-request.ts';
import { sendMessages } from './web-socket.ts';

/** A message that is on its way, and the headers of all. */
const IN_FLIGHT_B = 4 << 20;
/** The server's test began when it answered, ours when we heard of it. */
const CLOCK_MS = 1_000;

export interface Ndt7Test extends HttpEndpoint {
  readonly direction: Direction;
  readonly durationMs: number;
  readonly limitB: number;
  /** Of connecting, of TLS and of the upgrade, each. */
  readonly timeoutMs: number;
}

/** What the receiver counted, by its own clock. */
export interface Ndt7Count {
  readonly receivedB: number;
  readonly elapsedMs: number;
  /** Bytes received per 100 ms since the first; only of a download: a server tells totals. */
  readonly seriesB?: readonly number[];
  /** What ended the count before its time, if anything did. */
  readonly cutBy?: 'byte-limit' | 'closed';
}

/** @throws StageError, PeerBusyError, or the signal's reason */
export async function ndt7(test: Ndt7Test, signal: AbortSignal): Promise<Ndt7Count> {
  const step = <T>(stage: string, work: (limited: AbortSignal) => Promise<T>) =>
    atStage(stage, within(test.timeoutMs, signal, work));
  const { socket: plain } = await step('connect', (limited) =>
    connectTcp(test.address, test.port, limited),
  );
  const ended = () => plain.resetAndDestroy();
  signal.addEventListener('abort', ended, { once: true });
  try {
    const { url } = test;
    const socket =
      url.protocol === 'https:'
        ? await step('tls', (limited) => secured(plain, url.hostname, limited))
        : plain;
    const webSocket = new WebSocket(addressOf(test), NDT7_PROTOCOL, {
      createConnection: () => socket,
      perMessageDeflate: false,
      maxPayload: MESSAGE_LIMIT_B,
      // RFC 6455 §5.3 hides from proxies what a page sends. The payload is random by itself, and
      // masking it would measure the processor.
      generateMask: (mask) => mask.fill(0),
      headers: { 'user-agent': SOFTWARE },
    });
    const opening = await step('upgrade', (limited) => opened(webSocket, socket, limited));
    if (opening.kind === 'refused') throw refusal(opening.statusCode);
    const work = test.direction === 'down' ? download : upload;
    const count = await atStage('body', work(test, webSocket, opening));
    signal.throwIfAborted();
    return count;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener('abort', ended);
    plain.resetAndDestroy();
  }
}

function addressOf({ url, direction }: Ndt7Test): URL {
  const address = new URL(url);
  address.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  address.pathname = `${url.pathname.replace(/\/$/, '')}${NDT7_PATHS[direction]}`;
  address.hash = '';
  return address;
}

interface Open {
  readonly kind: 'open';
  readonly socket: Socket;
  /** When the WebSocket opened, by `performance.now()`. */
  beginMs: number;
  /** Bytes as they come, not messages as they are whole: at the end one is always half there. */
  readonly series: ByteSeries;
  /** What went wrong since, if anything did; it may have before anybody could listen. */
  trouble?: Error;
}

/** Until the WebSocket is open, or the server has said that it will not be. */
function opened(
  webSocket: WebSocket,
  socket: Socket,
  signal: AbortSignal,
): Promise<Open | { readonly kind: 'refused'; readonly statusCode: number }> {
  return new Promise((resolve, reject) => {
    const abort = () => {
      reject(signal.reason);
      webSocket.terminate();
    };
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    const series = new ByteSeries();
    const open: Open = { kind: 'open', socket, beginMs: performance.now(), series };
    // Stays: an error that comes when nobody waits for one must not end the process.
    webSocket.on('error', (error) => {
      open.trouble = wordOf(error);
      reject(open.trouble);
    });
    webSocket.once('unexpected-response', (_, { statusCode = 0 }: IncomingMessage) =>
      resolve({ kind: 'refused', statusCode }),
    );
    webSocket.once('open', () => {
      signal.removeEventListener('abort', abort);
      // Now, before the first bytes that came along are given out.
      socket.on('data', (chunk: Buffer) => series.add(chunk.length, performance.now()));
      open.beginMs = performance.now();
      resolve(open);
    });
  });
}

function refusal(statusCode: number): Error {
  const code = `http-${statusCode}`;
  return statusCode === 429 || statusCode === 503
    ? new PeerBusyError(code)
    : new StageError('status', coded(code));
}

/** What is no WebSocket has many names in ws and in Node's parser, and here one. */
function wordOf(error: Error): Error {
  const { code } = error as NodeJS.ErrnoException;
  return code === undefined || /^(?:HPE|WS_ERR)_/.test(code) ? coded('malformed') : error;
}

/** Counts what arrives until the time is over, the server ends, or the limit is reached. */
function download(
  { durationMs, limitB }: Ndt7Test,
  webSocket: WebSocket,
  open: Readonly<Open>,
): Promise<Ndt7Count> {
  const { socket, beginMs, series } = open;
  return new Promise((resolve, reject) => {
    let lastMs = beginMs;
    const count = (elapsedMs: number, cutBy?: Ndt7Count['cutBy']) => {
      clearTimeout(over);
      const { totalB, seriesB } = series;
      const cut = cutBy === undefined ? {} : { cutBy };
      resolve({ receivedB: totalB, elapsedMs, seriesB: [...seriesB], ...cut });
    };
    // A server ends when it thinks the time is over: what came until then is the count.
    const ended = () => {
      clearTimeout(over);
      if (open.trouble) reject(open.trouble);
      else count(lastMs - beginMs, 'closed');
    };
    const isOpen = () => webSocket.readyState === webSocket.OPEN;
    // One that has said goodbye may still hold the connection.
    const over = setTimeout(() => (isOpen() ? count(durationMs) : ended()), durationMs);
    socket.on('data', () => {
      lastMs = performance.now();
      if (series.totalB >= limitB) count(lastMs - beginMs, 'byte-limit');
    });
    webSocket.on('close', ended).on('error', ended);
    if (open.trouble || webSocket.readyState === webSocket.CLOSED) ended();
  });
}

/** Sends until the time is over or the limit is reached; what the server says it received counts. */
async function upload(
  { durationMs, limitB }: Ndt7Test,
  webSocket: WebSocket,
  open: Readonly<Open>,
): Promise<Ndt7Count> {
  const { beginMs } = open;
  let heard: Ndt7Count | undefined;
  let heardGarbage = false;
  let sentB = 0;
  webSocket.on('message', (data, isBinary) => {
    const said = isBinary ? undefined : readMeasurement(String(data))?.AppInfo;
    if (said && isCredible(said, sentB, performance.now() - beginMs))
      heard = { receivedB: said.NumBytes, elapsedMs: said.ElapsedTime / 1_000 };
    else heardGarbage = true;
  });
  let isOver = false;
  // On a line that stalls the last message would never be done.
  const over = setTimeout(
    () => {
      isOver = true;
      webSocket.terminate();
    },
    durationMs - (performance.now() - beginMs),
  );
  let isLimited = false;
  await sendMessages(webSocket, (bytes) => {
    sentB = bytes;
    isLimited = sentB >= limitB;
    return isLimited;
  });
  clearTimeout(over);
  if (open.trouble && !isOver) throw open.trouble;
  if (!heard) throw coded(heardGarbage ? 'malformed' : 'ETIMEDOUT');
  if (isOver) return heard;
  return { ...heard, cutBy: isLimited ? 'byte-limit' : 'closed' };
}

/** A server cannot have received what was not sent, nor measured for longer than there was time. */
function isCredible(
  { NumBytes, ElapsedTime }: Ndt7Measurement['AppInfo'],
  sentB: number,
  elapsedMs: number,
): boolean {
  return NumBytes <= sentB + IN_FLIGHT_B && ElapsedTime / 1_000 <= elapsedMs + CLOCK_MS;
}

function coded(code: string): Error {
  return Object.assign(new Error(code), { code });
}
