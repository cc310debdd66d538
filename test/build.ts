/** Child processes of the tests run the build; a stale one would test yesterday's code. */
import { execFileSync } from 'node:child_process';

export default function build(): void {
  // Every slow project asks for it; one build is enough for all.
  if (process.env.TONGDA_TEST_BUILT) return;
  process.env.TONGDA_TEST_BUILT = 'yes';
  execFileSync('npm', ['run', 'build', '--silent'], {
    stdio: ['ignore', 'inherit', 'inherit'],
    // The runner's own `test` would make a page for developers, other and larger than what is shipped.
    env: { ...process.env, NODE_ENV: 'production' },
  });
}
