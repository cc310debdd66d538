import { defineConfig } from 'vitest/config';

const project = (name: string, extra: object = {}) => ({
  extends: true as const,
  test: { name, include: [`test/${name}/**/*.test.ts`], ...extra },
});

/** Files of the slow projects run one after the other: they share two cores, one engine, one network. */
const alone = {
  fileParallelism: false,
  testTimeout: 120_000,
  hookTimeout: 120_000,
  globalSetup: new URL('./build.ts', import.meta.url).pathname,
};

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    env: { TZ: 'America/St_Johns' },
    projects: [
      project('unit'),
      project('integration', alone),
      project('browser', alone),
      project('lab', alone),
    ],
  },
});
