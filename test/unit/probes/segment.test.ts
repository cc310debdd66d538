import { describe, expect, it } from 'vitest';
import { encodeFrame, frameAt, scan } from '../../../probes/segment.ts';
import { chance } from '../../chance.ts';
import { draft } from './sample-measurement.ts';

const COUNT = 3;
const records = Array.from({ length: COUNT }, (_, index) => {
  const { version, probe, ...rest } = draft();
  return encodeFrame(JSON.stringify({ version, probe, sequence: 1_000 + index, ...rest }));
});
const sound = Buffer.concat(records);
const sizeB = sound.length / COUNT;
const sequences = (bytes: Buffer) =>
  scan(bytes).frames.map(({ payload }) => (JSON.parse(payload) as { sequence: number }).sequence);
const others = (hit: number) => [0, 1, 2].filter((n) => n !== hit).map((n) => 1_000 + n);

describe('scan', () => {
  it('loses exactly the record a bit was flipped in, whichever bit of whichever byte', () => {
    const bytes = Buffer.from(sound);
    for (let position = 0; position < sound.length; position++)
      for (let bit = 0; bit < 8; bit++) {
        bytes[position] = (sound[position] ?? 0) ^ (1 << bit);
        const hit = Math.floor(position / sizeB);
        const { frames, damages } = scan(bytes);
        const ok =
          frames.length === COUNT - 1 &&
          damages.length === 1 &&
          damages[0]?.offset === hit * sizeB &&
          damages[0].sizeB === sizeB;
        // Not one assertion for each of thirty thousand: they would be most of the time.
        if (!ok) expect({ position, bit, damages }).toBe('one damage, where the bit is');
        bytes[position] = sound[position] ?? 0;
      }
    bytes[sizeB + 200] = 0;
    expect(sequences(bytes)).toEqual(others(1));
    expect(scan(bytes).damages).toEqual([{ offset: sizeB, sizeB, sequence: 1_001 }]);
  });

  it('keeps every whole record before a cut, at every length, and counts the torn one', () => {
    for (let length = 0; length <= sound.length; length++) {
      const whole = Math.floor(length / sizeB);
      const { frames, damages } = scan(sound.subarray(0, length));
      expect([frames.length, damages.length]).toEqual([whole, length % sizeB === 0 ? 0 : 1]);
    }
  });

  it('finds the next whole record again where bytes are missing or too many, at every place', () => {
    const { below } = chance(5);
    for (let position = 0; position < sound.length; position += 3) {
      const hit = Math.floor(position / sizeB);
      const more = Buffer.from(Array.from({ length: 1 + below(20) }, () => below(256)));
      const [before, after] = [sound.subarray(0, position), sound.subarray(position)];
      const short = Buffer.concat([before, after.subarray(1 + below(9))]);
      const kept = sequences(short);
      for (const sequence of others(hit))
        if (sequence !== 1_000 + hit + 1) expect(kept, `${position}`).toContain(sequence);
      const found = sequences(Buffer.concat([before, more, after]));
      for (const sequence of others(hit)) expect(found, `${position}`).toContain(sequence);
    }
  });

  it('ends, with records that are records, on any bytes whatever', () => {
    const { below, coin } = chance(9);
    for (let round = 0; round < 300; round++) {
      const pieces = Array.from({ length: below(8) }, () => {
        if (coin(0.4)) return records[below(COUNT)] ?? sound;
        if (coin(0.3)) return Buffer.from('{"version":');
        if (coin(0.3)) return Buffer.alloc(below(40), coin(0.5) ? 0 : 255);
        return sound.subarray(below(sound.length), below(sound.length));
      });
      const bytes = Buffer.concat(pieces);
      const { frames, damages } = scan(bytes);
      for (const { offset, payload } of frames) {
        expect(frameAt(bytes, offset)?.payload).toBe(payload);
        expect(payload.startsWith('{"version":')).toBe(true);
      }
      const coveredB = [...frames, ...damages].reduce((sum, { sizeB }) => sum + sizeB, 0);
      expect(coveredB).toBe(bytes.length);
    }
  });
});
