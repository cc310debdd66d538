/** Bytes that no link on the way can compress. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { setImmediate as turn } from 'node:timers/promises';

const CHUNK_B = 256 << 10;
/** One buffer for all: making random bytes as they are sent would be the bottleneck. */
const PAYLOAD = randomBytes(CHUNK_B);

/** Writes payload until `bytes` are written, `untilMs` is past, or the other side is gone. */
export async function writePayload(
  sink: Writable,
  bytes: number,
  isOver: () => boolean,
): Promise<void> {
  for (let left = bytes; left > 0 && !sink.destroyed && !isOver(); ) {
    const chunk = left < CHUNK_B ? PAYLOAD.subarray(0, left) : PAYLOAD;
    left -= chunk.length;
    if (!sink.write(chunk)) await drained(sink);
    // A fast line drains at once; timers and other connections must have their turn too.
    await turn();
  }
}

/** Until there is room again, or never will be. */
async function drained(sink: Writable): Promise<void> {
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(sink, 'drain', { signal }), once(sink, 'close', { signal })]).catch(
    () => {},
  );
  settled.abort();
}
