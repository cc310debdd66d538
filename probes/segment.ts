/**
 * The bytes of a spool segment: records one after the other, each
 * `[u32 length][u32 CRC-32 of payload][payload]`, integers big-endian, payload one measurement as
 * JSON. Pure: bytes in, records out.
 */
import { crc32 } from 'node:zlib';

const HEADER_B = 8;
/** Version, a probe's name of 63 letters and the sequence stand within it. */
const BEGINNING_B = 160;
/** The collector takes no longer line. */
const RECORD_LIMIT_B = 64 * 1024;
/** Every payload begins so (JSON escapes the quotes inside strings): where a record may start. */
const SIGNATURE = Buffer.from('{"version":');

export interface Frame {
  /** Of the header within the segment. */
  readonly offset: number;
  /** Header and payload. */
  readonly sizeB: number;
  readonly payload: string;
}

/** A record that was there and cannot be read any more. */
export interface Damage {
  /** Within the segment, to where the next whole record begins. */
  readonly offset: number;
  readonly sizeB: number;
  /** As far as its bytes still say so; null where they do not. */
  readonly sequence: number | null;
}

export interface Scan {
  readonly frames: readonly Frame[];
  readonly damages: readonly Damage[];
}

/** @throws RangeError where the record is one the collector would refuse or `scan` not find again */
export function encodeFrame(payload: string): Buffer {
  const sizeB = Buffer.byteLength(payload);
  if (sizeB > RECORD_LIMIT_B) throw new RangeError(`a record of ${sizeB} B is over the limit`);
  if (!payload.startsWith(SIGNATURE.toString()))
    throw new RangeError('a record begins with version');
  const frame = Buffer.allocUnsafe(HEADER_B + sizeB);
  frame.write(payload, HEADER_B);
  frame.writeUInt32BE(sizeB, 0);
  frame.writeUInt32BE(crc32(frame.subarray(HEADER_B)), 4);
  return frame;
}

/**
 * All records of a segment. Where one is damaged, wherever the damage lies, reading goes on at the
 * next place that holds a whole record; a torn end counts as one damaged record.
 */
export function scan(bytes: Buffer): Scan {
  const frames: Frame[] = [];
  const damages: Damage[] = [];
  let offset = 0;
  while (offset < bytes.length) {
    const frame = frameAt(bytes, offset);
    if (frame) {
      frames.push(frame);
      offset += frame.sizeB;
    } else {
      const next = bytes.indexOf(SIGNATURE, offset + HEADER_B + 1);
      const end = next < 0 ? bytes.length : next - HEADER_B;
      damages.push({
        offset,
        sizeB: end - offset,
        sequence: sequenceIn(bytes.subarray(offset, end)),
      });
      offset = end;
    }
  }
  return { frames, damages };
}

/** The sequence that stands near the beginning of what is left of a record. */
function sequenceIn(remains: Buffer): number | null {
  const beginning = remains.subarray(0, BEGINNING_B).toString('latin1');
  const [, digits] = /"sequence":(\d{1,15}),/.exec(beginning) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** The record at `offset`, or null where there is no whole and sound one. */
export function frameAt(bytes: Buffer, offset: number): Frame | null {
  if (offset + HEADER_B > bytes.length) return null;
  const length = bytes.readUInt32BE(offset);
  const end = offset + HEADER_B + length;
  // A run of zeros, as a file system may leave after power loss, would be an empty, "sound" record.
  if (length < SIGNATURE.length || length > RECORD_LIMIT_B || end > bytes.length) return null;
  const payload = bytes.subarray(offset + HEADER_B, end);
  if (crc32(payload) !== bytes.readUInt32BE(offset + 4)) return null;
  return { offset, sizeB: HEADER_B + length, payload: payload.toString() };
}
