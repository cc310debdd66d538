/**
 * Our `icmp-rtt` against fping and ping, on loopback, where the network is nothing and what is left
 * is the instrument: the difference of the medians is what the tool itself adds to every answer.
 * The three take turns, packet for packet at the same interval and size.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { metricNamed } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import { type Bench, type BenchContext, median, type Ratio, ratioOf } from './bench.ts';

const ROUNDS = 5;
const PACKETS = 40;
const INTERVAL_MS = 20;
const SIZE_B = 56;

const TARGETS = [
  ['127.0.0.1', 4],
  ['::1', 6],
] as const;

/** Round-trip times, ms, of one round. */
type Sampler = (target: string, family: Family) => Promise<number[]>;

const REFEREES: Readonly<Record<string, Sampler>> = {
  fping: async (target, family) =>
    rttsOf(
      await outputOf('fping', [
        `-${family}`,
        '-q',
        ...['-C', String(PACKETS)],
        ...['-p', String(INTERVAL_MS)],
        ...['-b', String(SIZE_B)],
        target,
      ]),
      / (\d+\.\d+)(?= |$)/gm,
    ),
  ping: async (target, family) =>
    rttsOf(
      await outputOf('ping', [
        `-${family}`,
        '-n',
        ...['-c', String(PACKETS)],
        ...['-i', String(INTERVAL_MS / 1000)],
        ...['-s', String(SIZE_B)],
        target,
      ]),
      /time=(\d+(?:\.\d+)?) ms/g,
    ),
};

export const pingBench: Bench = {
  name: 'ping',
  run: async ({ progress }: BenchContext) => {
    const ratios: Ratio[] = [];
    for (const [target, family] of TARGETS) {
      const reason = await metricNamed('icmp-rtt')?.canRun(family);
      if (reason) {
        progress(`icmp-rtt cannot run over IPv${family} here: ${reason}`);
        continue;
      }
      for (const [name, referee] of Object.entries(REFEREES)) {
        progress(`${target} against ${name}`);
        try {
          ratios.push(await compare(target, family, name, referee));
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
          progress(`${name} is not installed: no ratio`);
        }
      }
    }
    return ratios;
  },
};

async function compare(target: string, family: Family, name: string, referee: Sampler) {
  const ours: number[] = [];
  const theirs: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    theirs.push(...(await referee(target, family)));
    ours.push(...(await icmpRtt(target, family)));
  }
  const expected = ROUNDS * PACKETS;
  if (ours.length < expected * 0.9 || theirs.length < expected * 0.9)
    throw new Error(
      `answers from ${target}: ours ${ours.length}, ${name} ${theirs.length} of ${expected}`,
    );
  return ratioOf({
    what: `median round trip to ${target}, ${expected} packets`,
    ours: median(ours),
    referee: median(theirs),
    against: name,
    unit: 'ms',
  });
}

const icmpRtt: Sampler = async (target, family) => {
  const metric = metricNamed('icmp-rtt');
  if (!metric) throw new Error('the catalogue has no icmp-rtt');
  const parameters = metric.parameters.parse({
    count: PACKETS,
    intervalMs: INTERVAL_MS,
    sizeB: SIZE_B,
  });
  const { signal } = new AbortController();
  const finding = await metric.run(target, parameters, { family, signal });
  return [...(finding.samples ?? [])];
};

/** Standard output and error together; an exit code for lost packets is no failure to run. */
async function outputOf(command: string, args: readonly string[]): Promise<string> {
  const { stdout, stderr } = await promisify(execFile)(command, args, {
    env: { ...process.env, LC_ALL: 'C' },
  }).catch((error) => {
    if (typeof error.code === 'number') return error as { stdout: string; stderr: string };
    throw error;
  });
  return `${stdout}\n${stderr}`;
}

function rttsOf(output: string, pattern: RegExp): number[] {
  return [...output.matchAll(pattern)].map(([, rttMs]) => Number(rttMs));
}
