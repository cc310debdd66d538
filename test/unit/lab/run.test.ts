import { describe, expect, it } from 'vitest';
import { isAlive, livingRun, runName, runOf, startTicksOf } from '../../lab/run.ts';

describe('a run of the lab', () => {
  it('is found again in the names it gives', () => {
    const run = { pid: 4711, startTicks: 99 };
    expect(runOf(`${runName(run)}-site-01`)).toEqual(run);
    for (const foreign of [
      'docker0',
      'tongda-lab',
      'tongda-lab-x-1-core',
      'my-tongda-lab-1-2-core',
    ])
      expect(runOf(foreign)).toBeNull();
  });

  it('reads its start past a process name with brackets and spaces', () => {
    const fields = Array.from({ length: 30 }, (_, index) => `${index + 3}`);
    expect(startTicksOf(`12 (a) b (c)) ${fields.join(' ')}`)).toBe(22);
  });

  it('is dead when its process id was given to another', () => {
    const self = livingRun(process.pid);
    expect(self && isAlive(self)).toBe(true);
    expect(isAlive({ pid: process.pid, startTicks: 1 })).toBe(false);
    expect(livingRun(2 ** 22 + 1)).toBeNull();
  });
});
