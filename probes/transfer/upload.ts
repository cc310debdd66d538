/** Upload: we send over several connections at once, the peer counts and tells. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { atStage, StageError } from '../net/failure.ts';
import type { HttpConnection } from '../net/http.ts';
import { pause, unlessAborted, within } from '../net/time-limit.ts';
import { FULL_MS, RAMP_MS, SLOT_MS, STOPS_MS } from '../rate.ts';
import { monotonicMs } from './handshakes.ts';
import {
  CHECK_MS,
  openConnections,
  requireOk,
  type Traffic,
  type Transfer,
  type Transferred,
  verdictOf,
} from './peer-request.ts';

/** What the peer has received of one test: its answer to `GET /up` and `POST /up`. */
export const uploadCountSchema = z.object({
  /** Since the first byte, by the peer's monotonic clock. */
  elapsedMs: z.number().nonnegative(),
  totalB: z.int().nonnegative(),
  /** Bytes per 100 ms since the first byte, over all connections of the test. */
  seriesB: z.array(z.int().nonnegative()).max(1_000),
});
export type UploadCount = z.infer<typeof uploadCountSchema>;

/** Between two questions after the first. */
const ASK_MS = 500;
/** So long before it is needed; a peer closes a connection on which it hears nothing for 10 s (408). */
const OPEN_BEFORE_MS = 3_000;
/** Over the stop by our clock: data are on their way no longer than the question behind them. */
const LATE_MS = 20;
const CHUNK = randomBytes(256 << 10);

/** What was handed to the connections, and when that began. */
interface Sent {
  bytes: number;
  readonly fromMs: number;
}

/** @throws StageError, PeerBusyError, or the signal's reason */
export async function upload(
  transfer: Transfer,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<Transferred> {
  const test = randomBytes(16).toString('hex');
  const path = `${transfer.url.pathname.replace(/\/$/, '')}/up?test=${test}`;
  // Asking makes room for the test: a peer that has none says so before anything is sent.
  const first = await openOne(transfer, signal);
  await ask(first, transfer, path, signal).finally(() => first.reset());
  const connections = await openConnections(transfer, transfer.connections, signal);
  const stop = new AbortController();
  const sent: Sent = { bytes: 0, fromMs: monotonicMs() };
  try {
    const sending = connections.map((connection) =>
      send(connection, path, signal, body(sent, transfer, stop.signal)),
    );
    const failure = Promise.all(sending).then(() => new Promise<never>(() => {}));
    const ends = AbortSignal.any([signal, stop.signal]);
    const counted = await Promise.race([failure, count(transfer, path, sent, ends)]);
    traffic.payloadB = counted.totalB;
    return counted;
  } catch (error) {
    // Of what was handed over, nobody knows how much left.
    traffic.payloadB = sent.bytes;
    throw signal.aborted && error === signal.reason ? new StageError('body', error) : error;
  } finally {
    stop.abort();
    for (const connection of connections) connection.reset();
  }
}

/** Sends until the body ends, which it does at the byte limit; the answer is read by nobody else. */
async function send(
  connection: HttpConnection,
  path: string,
  signal: AbortSignal,
  chunks: AsyncIterable<Buffer>,
): Promise<void> {
  const body = Readable.from(chunks, { objectMode: false, highWaterMark: CHUNK.length });
  const response = await atStage(
    'body',
    connection.request({ path, method: 'POST', body }, signal),
  );
  requireOk(response);
  await response.body.dump();
}

async function* body(sent: Sent, { limitB }: Transfer, stop: AbortSignal): AsyncGenerator<Buffer> {
  while (!stop.aborted && sent.bytes < limitB) {
    sent.bytes += CHUNK.length;
    yield CHUNK;
    // A fast line takes every chunk at once; timers and sockets must have their turn too.
    await turn();
  }
}

/**
 * Asks for the peer's count when it may be enough. The connection for it is opened beforehand: on a
 * line full of our own data a handshake takes long, and all the while data flow for nothing.
 */
async function count(
  transfer: Transfer,
  path: string,
  sent: Sent,
  signal: AbortSignal,
): Promise<Transferred & { readonly totalB: number }> {
  const { limitB, mode } = transfer;
  let counted: UploadCount = { elapsedMs: 0, totalB: -1, seriesB: [] };
  for (;;) {
    const { elapsedMs: knownMs, totalB: knownB } = counted;
    const stopMs = LATE_MS + (STOPS_MS[mode].find((each) => each > knownMs) ?? FULL_MS);
    const isDue = (beforeMs = 0) =>
      sent.bytes >= limitB || monotonicMs() - sent.fromMs >= stopMs - beforeMs;
    while (!isDue(OPEN_BEFORE_MS)) await pause(CHECK_MS, signal);
    const connection = await openOne(transfer, signal);
    try {
      while (!isDue()) await pause(CHECK_MS, signal);
      const isSent = sent.bytes >= limitB;
      const loaded = { fromMs: sent.fromMs + RAMP_MS, toMs: monotonicMs() };
      counted = await ask(connection, transfer, path, signal);
      const { seriesB, totalB } = counted;
      const toldB = seriesB.reduce((sum, bytes) => sum + bytes, 0);
      // A peer that counts more than there was makes no rate.
      if (Math.max(totalB, toldB) > sent.bytes) throw malformed('more than was sent');
      // Once all is sent only the time up to the last arrival counts; what follows is no slow line.
      const arrivingMs = Math.max(0, seriesB.length - 1) * SLOT_MS;
      const elapsedMs = isSent ? Math.min(counted.elapsedMs, arrivingMs) : counted.elapsedMs;
      const verdict = verdictOf({ seriesB, elapsedMs }, mode, isSent && totalB === knownB);
      if (verdict) return { ...verdict, totalB, loaded };
    } finally {
      connection.reset();
    }
    await pause(ASK_MS, signal);
  }
}

async function openOne(transfer: Transfer, signal: AbortSignal): Promise<HttpConnection> {
  const [connection] = await openConnections(transfer, 1, signal);
  if (!connection) throw new StageError('connect', new Error('no connection'));
  return connection;
}

/** The peer's count so far, over a connection that is used up with it. */
async function ask(
  connection: HttpConnection,
  { timeoutMs }: Transfer,
  path: string,
  signal: AbortSignal,
): Promise<UploadCount> {
  return await within(timeoutMs, signal, async (limited) => {
    const response = await atStage('header', connection.request({ path, method: 'GET' }, limited));
    requireOk(response);
    const answer = await atStage('body', unlessAborted(response.body.json(), limited));
    const counted = uploadCountSchema.safeParse(answer);
    if (counted.success) return counted.data;
    throw malformed('no count');
  });
}

function malformed(why: string): StageError {
  return new StageError('body', Object.assign(new Error(why), { code: 'malformed' }));
}
