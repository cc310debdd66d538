/**
 * Our round-trip times against tcpdump's on the same cable: the same packets, seen by another. With
 * the event loop free and busy, by the kernel's clock and by this process's, one target and 5,000.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Family } from '../../../probes/measurement.ts';
import type { EchoRun, EchoTask } from '../echo-run.ts';
import { type FarNetwork, farNetwork, NEAR_LINK } from '../far-network.ts';
import { type Accuracy, type AccuracyRow, roundTripRows, type Seen } from './row.ts';

const FAMILIES = [4, 6] as const;
const FAR_MS = 20;
const TARGETS = 5_000;
const MEDIAN_GOAL_MS = 0.05;
const PROCESS_GOAL_MS = 0.15;
const ELAPSED_GOAL_MS = 600;
const CPU_GOAL_MS = 400;

/** Ways to look at one target. */
const WAYS = [
  ['kernel times', {}, MEDIAN_GOAL_MS],
  ['kernel times, loop busy 15 of 37 ms', { blockedMs: 15 }, MEDIAN_GOAL_MS],
  ['process times', { times: 'process' }, PROCESS_GOAL_MS],
] as const;

export const rttAccuracy: Accuracy = {
  name: 'rtt',
  async run({ progress, quick }) {
    const rows: AccuracyRow[] = [];
    for (const delayMs of [0, FAR_MS]) {
      const network = await farNetwork(delayMs);
      try {
        for (const family of FAMILIES) {
          for (const [name, change, goalMs] of WAYS) {
            const what = `RTT IPv${family}, ${delayMs} ms away, ${name}`;
            progress(what);
            const parameters = { count: quick ? 30 : 100, intervalMs: 20 };
            const task = { family, targets: network.targets(family, 1), parameters, ...change };
            rows.push(...roundTripRows(what, await watched(network, task), 'tcpdump', goalMs));
          }
          if (delayMs > 0) rows.push(...(await thousands(network, family, progress)));
        }
      } finally {
        network.close();
      }
    }
    return rows;
  },
};

async function thousands(
  network: FarNetwork,
  family: Family,
  progress: (text: string) => void,
): Promise<AccuracyRow[]> {
  const what = `${TARGETS} targets IPv${family}, ${FAR_MS} ms away`;
  progress(what);
  const targets = network.targets(family, TARGETS);
  const seen = await watched(network, { family, targets, parameters: { count: 1 } });
  const { elapsedMs, cpuMs, findings } = await echoRun(network, {
    ...{ family, targets, parameters: { count: 1 } },
  });
  const timeouts = findings.filter(({ outcome }) => outcome.status !== 'ok').length;
  const bounded = (name: string, ours: number, goal: number, unit: string): AccuracyRow => ({
    ...{ what: `${what}: ${name}`, ours, referee: goal, against: 'the goal', unit },
    ...{ difference: ours - goal, goal: 0, met: ours <= goal },
  });
  return [
    ...roundTripRows(what, seen, 'tcpdump', MEDIAN_GOAL_MS),
    bounded('elapsed', elapsedMs, ELAPSED_GOAL_MS, 'ms'),
    bounded('CPU', cpuMs, CPU_GOAL_MS, 'ms'),
    bounded('false timeouts', timeouts, 0, '1'),
  ];
}

/** One run of a task, and the same packets on the wire. */
async function watched(network: FarNetwork, task: EchoTask): Promise<Seen> {
  const directory = mkdtempSync(join(tmpdir(), 'tongda-rtt-'));
  const file = join(directory, 'echoes.pcap');
  try {
    const [command, ...prefix] = network.prefix;
    const dump = spawn(
      command,
      [
        ...[...prefix, 'tcpdump', '-i', NEAR_LINK, '-s', '96', '-B', '65536', '-w', file],
        ...['--time-stamp-precision=nano', 'icmp or icmp6'],
      ],
      { stdio: ['ignore', 'ignore', 'pipe'] },
    );
    const ended = once(dump, 'exit');
    await Promise.race([once(dump.stderr, 'data'), ended]);
    const { findings } = await echoRun(network, task);
    await sleep(500);
    dump.kill('SIGINT');
    await ended;
    const oursMs = findings.flatMap(({ samples = [] }) => samples);
    // Before the run that counts there is one to warm up.
    const wireMs = (await roundTripsMs(network, file)).slice(-oursMs.length);
    return { oursMs, wireMs };
  } finally {
    rmSync(directory, { recursive: true });
  }
}

async function echoRun(network: FarNetwork, task: EchoTask): Promise<EchoRun> {
  const program = new URL('../echo-run.js', import.meta.url).pathname;
  const { stdout } = await network.run(process.execPath, [program], JSON.stringify(task));
  return JSON.parse(stdout) as EchoRun;
}

/** From each request to its reply, in the order of the requests. */
async function roundTripsMs(network: FarNetwork, file: string): Promise<number[]> {
  const { stdout } = await network.run('tcpdump', [
    ...['-r', file, '-n', '-tt', '--time-stamp-precision=nano'],
  ]);
  const sent = new Map<string, number>();
  const rtts = new Map<string, number>();
  for (const [, seconds = '', nanoseconds = '', kind, echo = ''] of stdout.matchAll(
    /^(\d+)\.(\d{9}) .*echo (request|reply), (id \d+, seq \d+)/gm,
  )) {
    const atMs = (Number(seconds) % 100_000) * 1_000 + Number(nanoseconds) / 1e6;
    const sentMs = sent.get(echo);
    if (kind === 'request') sent.set(echo, atMs);
    else if (sentMs !== undefined) rtts.set(echo, atMs - sentMs);
  }
  return [...sent.keys()].flatMap((echo) => rtts.get(echo) ?? []);
}
