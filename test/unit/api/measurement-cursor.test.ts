import { describe, expect, it } from 'vitest';
import { cursorText, measurementAt, readCursor } from '../../../api/measurement-cursor.ts';

const ROW = { received: '2026-11-10T04:00:05.000001Z', probe: 'xuanwu-1', sequence: 41 };
const written = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('a cursor', () => {
  it('is read as it was written', () => {
    expect(readCursor(cursorText(ROW))).toEqual({
      ...{ afterReceived: ROW.received, afterProbe: ROW.probe, afterSequence: ROW.sequence },
    });
  });

  it.each([
    ['no base64 of anything', 'x'],
    ['nothing', ''],
    ['null', written(null)],
    ['no list', written({ received: ROW.received })],
    ['another order', written([ROW.probe, ROW.received, ROW.sequence])],
    ['no instant', written(["' OR 1", ROW.probe, ROW.sequence])],
    ['a broken sequence', written([ROW.received, ROW.probe, 1.5])],
    ['no probe', written([ROW.received, null, 1])],
  ])('is none for %s', (_, text) => {
    expect(readCursor(text)).toBeNull();
  });
});

describe('the address of one row', () => {
  const cursorOf = (address: string) =>
    readCursor(new URL(address, 'http://station').searchParams.get('cursor') ?? '');

  it('begins behind the row before it', () => {
    expect(cursorOf(measurementAt(ROW))).toMatchObject({
      afterProbe: 'xuanwu-1',
      afterSequence: 40,
    });
  });

  it('begins before the probe for its first row', () => {
    expect(cursorOf(measurementAt({ ...ROW, sequence: 0 }))).toMatchObject({
      ...{ afterReceived: ROW.received, afterProbe: '', afterSequence: 0 },
    });
  });
});
