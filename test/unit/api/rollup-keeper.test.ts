/** How long the station is let be between two times of rolling up. */
import { describe, expect, it } from 'vitest';
import { restAfter } from '../../../api/rollup-keeper.ts';

describe('the rest after rolling up', () => {
  it('is short while there is next to nothing to do', () => {
    expect(restAfter(0)).toBe(2_000);
    expect(restAfter(200)).toBe(2_000);
  });

  it('leaves nine tenths of the time to others', () => {
    for (const tookMs of [300, 3_000, 60_000])
      expect(tookMs / (tookMs + restAfter(tookMs))).toBeLessThanOrEqual(0.1);
  });

  it('ends within ten minutes, however long a backlog took', () => {
    expect(restAfter(3_600_000)).toBe(600_000);
  });
});
