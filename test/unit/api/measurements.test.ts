import { describe, expect, it } from 'vitest';
import { windowsOf } from '../../../api/routes/measurements.ts';

const span = { first: '2026-10-01T00:00:00Z', last: '2026-11-20T08:00:00.000001Z' };

describe('windowsOf', () => {
  it('looks near the newest rows first, and at all of them last', () => {
    const windows = windowsOf('desc', null, span);
    expect(windows.map(({ fromReceived }) => fromReceived.slice(0, 10))).toEqual([
      '2026-11-19',
      '2026-11-12',
      '2026-09-17',
      '1970-01-01',
    ]);
    // What came after the last rollup is newer than `last`, and is not cut off.
    for (const { toReceived } of windows) expect(toReceived).toMatch(/^2200/);
  });

  it('goes on from the cursor, forward or back', () => {
    const cursor = { afterReceived: '2026-11-10T00:00:00.000000Z' };
    expect(windowsOf('asc', cursor, span)[0]).toEqual({
      fromReceived: '1970-01-01T00:00:00.000000Z',
      toReceived: '2026-11-11T00:00:00.000Z',
    });
    expect(windowsOf('desc', cursor, span)[0]?.fromReceived).toBe('2026-11-09T00:00:00.000Z');
  });

  it('looks everywhere at once where it is not known when rows came', () => {
    expect(windowsOf('desc', null, null)).toHaveLength(1);
    expect(windowsOf('asc', null, null)).toHaveLength(1);
  });
});
