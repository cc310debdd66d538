/**
 * Zstandard bodies (RFC 8878). Node has it in `zlib` only from 22.15 on, so the reference decoder
 * compiled to WebAssembly does it: its output never grows beyond the room it is given, whatever a
 * frame claims of itself.
 */
import { ZSTDDecoder } from 'zstddec';

let ready: Promise<ZSTDDecoder> | null = null;

async function load(): Promise<ZSTDDecoder> {
  const decoder = new ZSTDDecoder();
  await decoder.init();
  return decoder;
}

/**
 * The decompressed bytes, at most `limitB` of them; null where the frame is damaged, cut, or holds
 * more. Checksums are verified where the frame carries one.
 */
export async function unzstd(compressed: Uint8Array, limitB: number): Promise<Uint8Array | null> {
  ready ??= load();
  const content = (await ready).decode(compressed, limitB);
  // The decoder tells of no error but an empty answer; no report is empty.
  return content.length > 0 ? content : null;
}

/**
 * What a frame says of its content's size, bytes; null where it says nothing (RFC 8878 §3.1.1.1).
 * A claim, good for choosing the words of a refusal and for nothing else.
 */
export function claimedSizeB(frame: Buffer): number | null {
  const descriptor = frame[4];
  if (frame.length < 18 || frame.readUInt32LE(0) !== 0xfd2fb528 || descriptor === undefined)
    return null;
  const singleSegment = (descriptor & 0x20) !== 0;
  const at = (singleSegment ? 5 : 6) + ([0, 1, 2, 4][descriptor & 3] ?? 0);
  switch (descriptor >> 6) {
    case 0:
      return singleSegment ? (frame[at] ?? null) : null;
    case 1:
      return frame.readUInt16LE(at) + 256;
    case 2:
      return frame.readUInt32LE(at);
    default:
      return Number(frame.readBigUInt64LE(at));
  }
}
