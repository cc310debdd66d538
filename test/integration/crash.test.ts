/** The crash test in short; `npm run crash -- --runs 1000` is the long one. */
import { expect, it } from 'vitest';
import { crash } from '../faults/crash.ts';

it('3 runs of kill -9: nothing acknowledged is lost, nothing counts twice, figures equal a recount', {
  timeout: 300_000,
}, async () => {
  const result = await crash({ runs: 3, seed: 1, progress: () => {} });
  expect(result.wrong).toEqual([]);
  expect(result.runs).toBe(3);
  const kills = Object.values(result.kills).reduce((sum, count) => sum + count, 0);
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(result.acknowledged).toBe(result.written);
  expect(result.written).toBeGreaterThan(1_000);
});
