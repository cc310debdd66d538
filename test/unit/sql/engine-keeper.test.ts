import { expect, it } from 'vitest';
import { restartDelayMs } from '../../../sql/engine-keeper.ts';

it('an engine that died once is started at once, one that keeps dying ever later, to half a minute', () => {
  expect([0, 1, 2, 3].map(restartDelayMs)).toEqual([0, 500, 1_000, 2_000]);
  expect(restartDelayMs(7)).toBe(30_000);
  expect(restartDelayMs(1_000)).toBe(30_000);
});
