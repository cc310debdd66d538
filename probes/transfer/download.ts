/** Download: the peer sends over several connections at once, we count. */
import { atStage, StageError } from '../net/failure.ts';
import type { HttpConnection } from '../net/http.ts';
import { within } from '../net/time-limit.ts';
import { ByteSeries, FULL_MS, RAMP_MS } from '../rate.ts';
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

/** The peer sends a little longer than we count, so that no connection ends within the count. */
const SENDING_S = FULL_MS / 1_000 + 2;

/** @throws StageError, PeerBusyError, or the signal's reason */
export async function download(
  transfer: Transfer,
  traffic: Traffic,
  signal: AbortSignal,
): Promise<Transferred> {
  const series = new ByteSeries();
  const connections = await openConnections(transfer, transfer.connections, signal);
  let check: NodeJS.Timeout | undefined;
  try {
    return await new Promise<Transferred>((resolve, reject) => {
      const decide = () => {
        const toMs = monotonicMs();
        const elapsedMs = series.elapsedMs(toMs);
        const isOver = series.totalB >= transfer.limitB;
        const verdict = verdictOf({ seriesB: series.seriesB, elapsedMs }, transfer.mode, isOver);
        const fromMs = toMs - elapsedMs + RAMP_MS;
        if (verdict) resolve({ ...verdict, loaded: { fromMs, toMs } });
      };
      check = setInterval(decide, CHECK_MS);
      signal.addEventListener('abort', () => reject(new StageError('body', signal.reason)), {
        once: true,
      });
      for (const connection of connections)
        receive(connection, transfer, signal, (bytes) => {
          series.add(bytes, monotonicMs());
          traffic.payloadB += bytes;
          if (series.totalB >= transfer.limitB) decide();
        }).catch(reject);
    });
  } finally {
    clearInterval(check);
    for (const connection of connections) connection.reset();
  }
}

/** Counts one connection's body until the connection is reset; an end before that is a failure. */
async function receive(
  connection: HttpConnection,
  { timeoutMs, url }: Transfer,
  signal: AbortSignal,
  count: (bytes: number) => void,
): Promise<void> {
  const response = await atStage(
    'header',
    within(timeoutMs, signal, (limited) =>
      connection.request(
        { path: `${url.pathname.replace(/\/$/, '')}/down?seconds=${SENDING_S}`, method: 'GET' },
        limited,
      ),
    ),
  );
  requireOk(response);
  await atStage(
    'body',
    new Promise<void>((_, reject) => {
      response.body.on('data', (chunk: Buffer) => count(chunk.length));
      response.body.on('error', reject);
      response.body.on('end', () =>
        reject(Object.assign(new Error('the peer ended early'), { code: 'closed' })),
      );
    }),
  );
}
