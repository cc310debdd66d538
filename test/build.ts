/** Child processes of the tests run the build; a stale one would test yesterday's code. */
import { execFileSync } from 'node:child_process';

export default function build(): void {
  execFileSync('npm', ['run', 'build', '--silent'], { stdio: ['ignore', 'inherit', 'inherit'] });
}
