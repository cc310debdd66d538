import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

/** With engines and processes of their own, which a machine of two cores gives half of its time. */
const slow = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: new URL('./build.ts', import.meta.url).pathname,
};
/** Rates of links shaped to be known, which a machine that is busy with other files cannot keep up. */
const SHAPED = ['test/integration/metrics-impaired.test.ts'];
/** One file after the other, and nothing beside them: what they look at is time, or one network. */
const alone = (groupOrder: number) => ({
  ...slow,
  fileParallelism: false,
  sequence: { groupOrder },
});

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    env: { TZ: 'America/St_Johns' },
    projects: [
      // Pure functions leave nothing behind: what they import is loaded once.
      project('unit', { isolate: false }),
      // Much of their time is waiting: one file more than there are cores of a small machine.
      project('integration', {
        ...slow,
        exclude: SHAPED,
        isolate: false,
        maxWorkers: 3,
        sequence: { groupOrder: 1 },
      }),
      project('browser', alone(2)),
      project('lab', { ...alone(3), include: ['test/lab/**/*.test.ts', ...SHAPED] }),
    ],
  },
});
