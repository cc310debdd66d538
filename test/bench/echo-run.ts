/**
 * A child process of the ping benches, in a namespace of its own: reads a task from standard input,
 * runs it twice, and prints what the second run took and found. An agent has run its tasks before.
 */
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import { icmpRtt, judge } from '../../probes/metrics/icmp-rtt.ts';
import { type EchoResult, openEchoSession } from '../../probes/net/icmp-session.ts';

export interface EchoTask {
  readonly family: Family;
  readonly targets: readonly string[];
  readonly parameters: Readonly<Record<string, number>>;
  /** `process`: as it is where the kernel does not tell its times; of the first target only. */
  readonly times?: 'process';
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
  times,
  blockedMs = 0,
} = JSON.parse(await text(process.stdin)) as EchoTask;
const wanted = icmpRtt.parameters.parse(parameters);
const { signal } = new AbortController();
const run = times === 'process' ? byProcessClock : together;
await run(targets);
const nuisance = blockedMs > 0 ? setInterval(() => block(blockedMs), 2.5 * blockedMs) : undefined;
const cpu = process.cpuUsage();
const beginMs = performance.now();
const findings = await run(targets);
const elapsedMs = performance.now() - beginMs;
const { user, system } = process.cpuUsage(cpu);
clearInterval(nuisance);
process.stdout.write(
  JSON.stringify({ elapsedMs, cpuMs: (user + system) / 1_000, findings } satisfies EchoRun),
);

async function together(some: readonly string[]): Promise<Finding[]> {
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

async function byProcessClock([target = '']: readonly string[]): Promise<Finding[]> {
  const session = await openEchoSession(family, { times: 'process' });
  const results: Promise<EchoResult>[] = [];
  for (let count = 0; count < wanted.count; count++) {
    results.push(session.echo(target, { payloadB: wanted.sizeB, timeoutMs: wanted.timeoutMs }));
    await sleep(wanted.intervalMs);
  }
  const finding = judge(target, await Promise.all(results), session.socketDrops(), 'process');
  session.close();
  return [finding];
}

function block(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}
