import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

/** With an engine each, on a machine of two cores. */
const slow = {
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: new URL('./build.ts', import.meta.url).pathname,
};
/** One file after the other: they share cores, ports and the network, and some of them look at the clock. */
const alone = (groupOrder: number) => ({
  ...slow,
  fileParallelism: false,
  sequence: { groupOrder },
});

/** Tests of what the store holds and answers, whatever the time: two files at once. */
const STORE = [
  'backup',
  'cluster*',
  'exactly-once',
  'filing*',
  'library',
  'migrate',
  'native',
  'partition',
  'quarantine',
  'register*',
  'retention',
  'rollup',
  'rows',
  'standings',
  'store*',
].map((name) => `test/integration/${name}.test.ts`);

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    env: { TZ: 'America/St_Johns' },
    projects: [
      project('unit'),
      project('store', { ...slow, include: STORE, maxWorkers: 2, sequence: { groupOrder: 1 } }),
      project('integration', { ...alone(2), exclude: STORE }),
      project('browser', alone(3)),
      project('lab', alone(4)),
    ],
  },
});
