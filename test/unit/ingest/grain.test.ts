import { describe, expect, it } from 'vitest';
import { grained, grainedUp } from '../../../ingest/grain.ts';

describe('grain', () => {
  it('moves a time by 64 µs at most, on either side of zero', () => {
    for (let us = -1_000; us <= 1_000; us++) {
      expect(Math.abs(grained(us) - us)).toBeLessThanOrEqual(64);
      expect(Object.is(grained(us) % 128, -0) ? 0 : grained(us) % 128).toBe(0);
    }
    expect(Object.is(grained(-1), 0)).toBe(true);
  });

  it('never makes an uncertainty smaller than it and what the offset was moved by', () => {
    for (let us = 0; us <= 1_000; us++) {
      expect(grainedUp(us)).toBeGreaterThanOrEqual(us + 64);
      expect(grainedUp(us)).toBeLessThan(us + 64 + 128);
    }
  });
});
