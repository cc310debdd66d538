/**
 * A child process of the ping benches, in a namespace of its own: reads a task from standard input,
 * runs it once to warm up and once more, and prints what the second run took and found.
 */
import { text } from 'node:stream/consumers';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import { icmpRtt } from '../../probes/metrics/icmp-rtt.ts';

export interface EchoTask {
  readonly family: Family;
  readonly targets: readonly string[];
  readonly parameters: Readonly<Record<string, number>>;
  /** How long the event loop is kept busy, again and again. */
  readonly blockedMs?: number;
}

export interface EchoRun {
  readonly elapsedMs: number;
  readonly cpuMs: number;
  readonly findings: readonly Finding[];
}

const {
  family,
  targets,
  parameters,
  blockedMs = 0,
} = JSON.parse(await text(process.stdin)) as EchoTask;
const wanted = icmpRtt.parameters.parse(parameters);
const { signal } = new AbortController();
const nuisance = blockedMs > 0 ? setInterval(() => block(blockedMs), 2.5 * blockedMs) : undefined;
await run(targets.slice(0, 50));
const cpu = process.cpuUsage();
const beginMs = performance.now();
const findings = await run(targets);
const elapsedMs = performance.now() - beginMs;
const { user, system } = process.cpuUsage(cpu);
clearInterval(nuisance);
process.stdout.write(
  JSON.stringify({ elapsedMs, cpuMs: (user + system) / 1_000, findings } satisfies EchoRun),
);

async function run(some: readonly string[]): Promise<Finding[]> {
  const found: Finding[] = [];
  await icmpRtt.runMany?.(some, wanted, {
    family,
    signal,
    found: (index, finding) => {
      found[index] = finding;
    },
  });
  return found;
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
