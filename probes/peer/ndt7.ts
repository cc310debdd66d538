/**
 * The peer's ndt7 side (M-Lab's ndt7 protocol): one TCP connection, upgraded to a WebSocket.
 *
 * - `/ndt/v7/download` sends payload for 10 s, and what was sent so far every 250 ms
 * - `/ndt/v7/upload` takes payload until the client ends it, and says every 250 ms what has arrived
 *
 * What an upload counts are bytes of the WebSocket: payload and, below 0.1 %, the headers of its
 * frames. That way a message is counted as it arrives, not when it is whole.
 *
 * Refused before the upgrade: 400 without the subprotocol, 404 on other paths, 429 and 503 as HTTP.
 */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import {
  type Direction,
  MEASURE_MS,
  MESSAGE_LIMIT_B,
  NDT7_PATHS,
  NDT7_PROTOCOL,
} from '../transfer/ndt7-message.ts';
import { sendMessages } from '../transfer/web-socket.ts';
import { type PeerLimits, Places, type RateLimit } from './limits.ts';

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

/** WebSocket close codes (RFC 6455 §7.4.1). */
const NORMAL = 1000;
const UNSUPPORTED_DATA = 1003;
/** The one clean end of a client that never ends: ndt7 has uploads last 10 s. */
const POLICY_VIOLATION = 1008;

export function ndt7Upgrade(limits: PeerLimits, requests: RateLimit): UpgradeListener {
  const places = new Places(limits.ndt7Tests);
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    // Compressed payload would measure the processor.
    perMessageDeflate: false,
    maxPayload: MESSAGE_LIMIT_B,
    handleProtocols: () => NDT7_PROTOCOL,
  });
  return (request, stream, head) => {
    // Of a server that listens on TCP it is always this.
    const socket = stream as Socket;
    socket.on('error', () => {});
    const direction = directionOf(request);
    const address = socket.remoteAddress ?? '';
    if (!requests.take(address, performance.now())) return refuse(socket, 429);
    if (!direction) return refuse(socket, 404);
    if (!offersNdt7(request)) return refuse(socket, 400);
    const leave = places.take(address);
    if (!leave) return refuse(socket, 503);
    socket.once('close', leave);
    // Whoever no longer reads, or never stops, is gone by then.
    const overdue = setTimeout(() => socket.destroy(), (limits.testS + 1) * 1_000);
    socket.once('close', () => clearTimeout(overdue));
    const headB = head.length;
    sockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on('error', () => {});
      const test = { webSocket, socket, limits, beginMs: performance.now() };
      if (direction === 'down') void sendDownload(test);
      else takeUpload(test, socket.bytesRead - headB);
    });
  };
}

interface Test {
  readonly webSocket: WebSocket;
  readonly socket: Socket;
  readonly limits: PeerLimits;
  readonly beginMs: number;
}

async function sendDownload(test: Test): Promise<void> {
  const { webSocket, limits, beginMs } = test;
  webSocket.on('message', (_, isBinary) => isBinary && webSocket.close(UNSUPPORTED_DATA));
  let saidMs = beginMs;
  let countedB = 0;
  await sendMessages(webSocket, (sentB) => {
    countedB = sentB;
    const nowMs = performance.now();
    if (nowMs - beginMs >= limits.ndt7S * 1_000 || sentB >= limits.testB) return true;
    if (nowMs - saidMs >= MEASURE_MS) {
      saidMs = nowMs;
      say(test, 'download', sentB);
    }
    return false;
  });
  if (webSocket.readyState !== webSocket.OPEN) return;
  say(test, 'download', countedB);
  webSocket.close(NORMAL);
}

/** @param beginB what the connection had read before the first frame */
function takeUpload(test: Test, beginB: number): void {
  const { webSocket, socket, limits } = test;
  const saying = setInterval(() => {
    // After the closing handshake has begun nothing may be sent (RFC 6455 §5.5.1).
    if (webSocket.readyState !== webSocket.OPEN) return;
    const receivedB = socket.bytesRead - beginB;
    say(test, 'upload', receivedB);
    if (receivedB > limits.testB) webSocket.close(POLICY_VIOLATION);
  }, MEASURE_MS);
  const ending = setTimeout(() => webSocket.close(POLICY_VIOLATION), limits.testS * 1_000);
  socket.once('close', () => {
    clearInterval(saying);
    clearTimeout(ending);
  });
}

/** One measurement, as the protocol words it. */
function say({ webSocket, socket, beginMs }: Test, test: 'download' | 'upload', bytes: number) {
  const measurement = {
    AppInfo: { ElapsedTime: Math.round((performance.now() - beginMs) * 1_000), NumBytes: bytes },
    ConnectionInfo: {
      Client: endpoint(socket.remoteAddress, socket.remotePort),
      Server: endpoint(socket.localAddress, socket.localPort),
    },
    Origin: 'server',
    Test: test,
  };
  webSocket.send(JSON.stringify(measurement), () => {});
}

function endpoint(address = '', port = 0): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
}

function directionOf({ url = '', method }: IncomingMessage): Direction | undefined {
  if (method !== 'GET' || !URL.canParse(url, 'http://peer')) return undefined;
  const { pathname } = new URL(url, 'http://peer');
  if (pathname === NDT7_PATHS.down) return 'down';
  return pathname === NDT7_PATHS.up ? 'up' : undefined;
}

function offersNdt7({ headers }: IncomingMessage): boolean {
  const offered = headers['sec-websocket-protocol']?.split(',') ?? [];
  return offered.some((protocol) => protocol.trim() === NDT7_PROTOCOL);
}

const REASONS = {
  400: 'Bad Request',
  404: 'Not Found',
  429: 'Too Many Requests',
  503: 'Service Unavailable',
} as const;

function refuse(socket: Socket, status: keyof typeof REASONS): void {
  const retry = status === 429 || status === 503 ? 'Retry-After: 10\r\n' : '';
  socket.end(
    `HTTP/1.1 ${status} ${REASONS[status]}\r\nConnection: close\r\nContent-Length: 0\r\n${retry}\r\n`,
  );
  // What a refused client still sends is not read.
  socket.once('finish', () => socket.destroy());
}
