/** What download and upload have in common: several connections, one peer, one verdict. */
import type { Dispatcher } from 'undici';
import { atStage, StageError } from '../net/failure.ts';
import { type HttpConnection, type HttpEndpoint, openHttp } from '../net/http.ts';
import { within } from '../net/time-limit.ts';
import {
  estimateCutRate,
  estimateRate,
  type RateEstimate,
  type RateMode,
  SLOT_MS,
} from '../rate.ts';

export interface Transfer extends HttpEndpoint {
  readonly connections: number;
  readonly mode: RateMode;
  readonly timeoutMs: number;
  readonly limitB: number;
}

export interface Transferred {
  /** undefined where the byte limit ended the run too early to tell. */
  readonly estimate: RateEstimate | undefined;
  /** Received bytes per 100 ms, by the receiver's clock, as far as they were counted. */
  readonly seriesB: readonly number[];
  /** When the line was full: from the end of the ramp to the end of counting, by `monotonicMs`. */
  readonly loaded: { readonly fromMs: number; readonly toMs: number };
}

/** TCP payload moved so far, whatever becomes of the run; never less than what was. */
export interface Traffic {
  payloadB: number;
}

/** How often the clock is looked at: what comes after the end of a run is for nothing. */
export const CHECK_MS = 25;

/** The peer is fine and has no room: this says nothing about the line. */
export class PeerBusyError extends Error {
  override readonly name = 'PeerBusyError';
}

/** @throws StageError */
export async function openConnections(
  transfer: Transfer,
  number: number,
  signal: AbortSignal,
): Promise<HttpConnection[]> {
  const opening = Array.from({ length: number }, () =>
    atStage(
      'connect',
      within(transfer.timeoutMs, signal, (limited) => openHttp(transfer, limited)),
    ),
  );
  const settled = await Promise.allSettled(opening);
  const opened = settled.flatMap((each) => (each.status === 'fulfilled' ? [each.value] : []));
  const failure = settled.find((each) => each.status === 'rejected');
  if (!failure) return opened;
  for (const connection of opened) connection.reset();
  throw failure.reason;
}

/** @throws PeerBusyError, StageError */
export function requireOk({ statusCode }: Dispatcher.ResponseData): void {
  if (statusCode === 429 || statusCode === 503) throw new PeerBusyError(`HTTP ${statusCode}`);
  if (statusCode !== 200)
    throw new StageError(
      'status',
      Object.assign(new Error(`HTTP ${statusCode}`), { code: `http-${statusCode}` }),
    );
}

/**
 * What a count comes to: undefined to go on counting.
 *
 * @param isOver nothing more will come
 */
export function verdictOf(
  { seriesB, elapsedMs }: { readonly seriesB: readonly number[]; readonly elapsedMs: number },
  mode: RateMode,
  isOver: boolean,
): Pick<Transferred, 'estimate' | 'seriesB'> | undefined {
  const estimate =
    estimateRate(seriesB, elapsedMs, mode) ??
    (isOver ? estimateCutRate(seriesB, elapsedMs) : undefined);
  if (!estimate && !isOver) return undefined;
  const countedMs = estimate?.durationMs ?? elapsedMs;
  return { estimate, seriesB: seriesB.slice(0, Math.ceil(countedMs / SLOT_MS)) };
}
