/**
 * The body of a report as it comes: decompressed, piece by piece, and bounded in bytes on the wire,
 * in bytes once decompressed, and in time. A sender that trickles holds nothing but its own socket.
 */
import { pipeline, type Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Fault } from '../probes/fault.ts';
import { Refusal } from './refusal.ts';
import { claimedSizeB, unzstd } from './zstd.ts';

export interface BodyLimits {
  /** As sent. */
  readonly wireB: number;
  /** After decompression. */
  readonly contentB: number;
  /** For the whole body. */
  readonly totalMs: number;
  /** Without a single byte. */
  readonly idleMs: number;
}

/** Decompressed at a time; with Node's 16 KiB the hand-overs cost as much as the work. */
const PIECE_B = 128 * 1024;

/** One body's limits, and what ends the reading of it from outside; its reason is thrown. */
type Reading = BodyLimits & { readonly signal: AbortSignal };

/** A probe's own reports hold 1 MiB; a relay that gathers for many may send more at a time. */
export const BODY_LIMITS: BodyLimits = {
  wireB: 4 * 1024 * 1024,
  contentB: 16 * 1024 * 1024,
  // A report of 1 MiB, compressed tenfold, passes within this at 10 kbit/s.
  totalMs: 120_000,
  idleMs: 15_000,
};

/**
 * The content of a body, piece by piece.
 *
 * @param encoding the `content-encoding`
 * @throws Refusal `encoding-unknown` (415), `report-too-large` (413), `report-slow` (408)
 * @throws Fault `report-cut` (400) where the body or its compression ends early or is damaged
 */
export async function* contentOf(
  source: Readable,
  encoding: string,
  limits: Reading,
): AsyncGenerator<Buffer, void, undefined> {
  let contentB = 0;
  for await (const piece of decoded(source, encoding, limits)) {
    contentB += piece.length;
    if (contentB > limits.contentB) throw tooLarge(limits.contentB);
    yield piece;
  }
}

function decoded(source: Readable, encoding: string, limits: Reading): AsyncIterable<Buffer> {
  switch (encoding) {
    case 'identity':
      return wireOf(source, limits);
    case 'gzip':
      return gunzipped(source, limits);
    case 'zstd':
      return unzstded(source, limits);
  }
  throw new Refusal(
    415,
    'encoding-unknown',
    `不支持的压缩方式 ${encoding}:请用 gzip、zstd 或不压缩`,
    `content encoding ${encoding} is not supported: use gzip, zstd or none`,
  );
}

async function* gunzipped(source: Readable, limits: Reading): AsyncGenerator<Buffer> {
  const gunzip = createGunzip({ chunkSize: PIECE_B });
  pipeline(wireOf(source, limits), gunzip, () => {});
  try {
    for await (const piece of gunzip) yield piece;
  } catch (reason) {
    throw reason instanceof Fault ? reason : cut();
  }
}

async function* unzstded(source: Readable, limits: Reading): AsyncGenerator<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of wireOf(source, limits)) pieces.push(piece);
  const wire = Buffer.concat(pieces);
  const content = await unzstd(wire, limits.contentB);
  if (content) yield Buffer.from(content.buffer, content.byteOffset, content.length);
  else throw (claimedSizeB(wire) ?? 0) > limits.contentB ? tooLarge(limits.contentB) : cut();
}

/** The bytes as they come from the socket. */
async function* wireOf(
  source: Readable,
  { wireB, totalMs, idleMs, signal }: Reading,
): AsyncGenerator<Buffer> {
  const end = performance.now() + totalMs;
  let receivedB = 0;
  for (;;) {
    const piece = await nextPiece(source, signal, Math.min(idleMs, end - performance.now()));
    if (piece === null) return;
    receivedB += piece.length;
    if (receivedB > wireB) throw tooLarge(wireB);
    yield piece;
  }
}

/** null at the end of the body. */
async function nextPiece(
  source: Readable,
  signal: AbortSignal,
  withinMs: number,
): Promise<Buffer | null> {
  const end = performance.now() + withinMs;
  for (;;) {
    signal.throwIfAborted();
    const piece: Buffer | null = source.read();
    if (piece !== null) return piece;
    if (source.readableEnded) return null;
    if (source.destroyed) throw cut();
    const waitMs = end - performance.now();
    if (waitMs <= 0)
      throw new Refusal(
        408,
        'report-slow',
        '报告正文来得太慢,已放弃:请整份重发',
        'the body came too slowly and was given up: send the whole report again',
      );
    await stirred(source, signal, waitMs);
  }
}

const STIRRINGS = ['readable', 'end', 'error', 'close'] as const;

/** Resolves when something happened to the stream, or `withinMs` passed. */
function stirred(source: Readable, signal: AbortSignal, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    const settle = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', settle);
      for (const event of STIRRINGS) source.off(event, settle);
      resolve();
    };
    const timer = setTimeout(settle, withinMs);
    signal.addEventListener('abort', settle);
    for (const event of STIRRINGS) source.on(event, settle);
  });
}

function tooLarge(limitB: number): Refusal {
  return new Refusal(
    413,
    'report-too-large',
    `报告超过 ${limitB} 字节:请分批发送`,
    `the report is larger than ${limitB} bytes: send it in parts`,
  );
}

function cut(): Fault {
  return new Fault(
    'report-cut',
    '报告正文没有收全或压缩数据损坏:请整份重发',
    'the body ended early or its compression is damaged: send the whole report again',
  );
}
