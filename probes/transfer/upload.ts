/** Upload: we send over several connections at once, the peer counts and tells. */
import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';
import { z } from 'zod';
import { atStage, StageError } from '../net/failure.ts';
import type { HttpConnection } from '../net/http.ts';
import { pause, unlessAborted, within } from '../net/time-limit.ts';
import { SLOT_MS } from '../rate.ts';
import {
  openConnections,
  requireOk,
  type Transfer,
  type Transferred,
  transferred,
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

/** How often the peer is asked for its count. */
const ASK_MS = 500;
const CHUNK = randomBytes(256 << 10);

/** @throws StageError, PeerBusyError, or the signal's reason */
export async function upload(transfer: Transfer, signal: AbortSignal): Promise<Transferred> {
  const test = randomBytes(16).toString('hex');
  const path = `${transfer.url.pathname.replace(/\/$/, '')}/up?test=${test}`;
  // Asking makes room for the test: a peer that has none says so before anything is sent.
  await ask(transfer, path, signal);
  const connections = await openConnections(transfer, transfer.connections, signal);
  const stop = new AbortController();
  const sent = { bytes: 0 };
  try {
    const sending = connections.map((connection) =>
      send(connection, path, signal, body(sent, transfer, stop.signal)),
    );
    const failure = Promise.all(sending).then(() => new Promise<never>(() => {}));
    return await Promise.race([failure, count(transfer, path, sent, signal)]);
  } catch (error) {
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

async function* body(
  sent: { bytes: number },
  { limitB }: Transfer,
  stop: AbortSignal,
): AsyncGenerator<Buffer> {
  while (!stop.aborted && sent.bytes < limitB) {
    sent.bytes += CHUNK.length;
    yield CHUNK;
    // A fast line takes every chunk at once; timers and sockets must have their turn too.
    await turn();
  }
}

/** Asks for the peer's count until it is enough, each time on a fresh connection. */
async function count(
  transfer: Transfer,
  path: string,
  sent: { readonly bytes: number },
  signal: AbortSignal,
): Promise<Transferred> {
  for (let lastB = -1; ; ) {
    await pause(ASK_MS, signal);
    const isSent = sent.bytes >= transfer.limitB;
    const counted = await ask(transfer, path, signal);
    // Once all is sent only the time up to the last arrival counts; what follows is no slow line.
    const arrivingMs = Math.max(0, counted.seriesB.length - 1) * SLOT_MS;
    const elapsedMs = isSent ? Math.min(counted.elapsedMs, arrivingMs) : counted.elapsedMs;
    const isOver = isSent && counted.totalB === lastB;
    const result = transferred({ ...counted, elapsedMs }, transfer.mode, isOver);
    if (result) return result;
    lastB = counted.totalB;
  }
}

async function ask(transfer: Transfer, path: string, signal: AbortSignal): Promise<UploadCount> {
  const [connection] = await openConnections(transfer, 1, signal);
  if (!connection) throw new StageError('connect', new Error('no connection'));
  try {
    return await within(transfer.timeoutMs, signal, async (limited) => {
      const response = await atStage(
        'header',
        connection.request({ path, method: 'GET' }, limited),
      );
      requireOk(response);
      const answer = await atStage('body', unlessAborted(response.body.json(), limited));
      const counted = uploadCountSchema.safeParse(answer);
      if (counted.success) return counted.data;
      throw new StageError('body', Object.assign(new Error('no count'), { code: 'malformed' }));
    });
  } finally {
    connection.reset();
  }
}
