/**
 * Our `icmp-rtt` against fping and ping, on loopback, where the network is nothing and what is left
 * is the instrument: the difference of the medians is what the tool itself adds to every answer.
 * The three take turns, packet for packet at the same interval and size.
 *
 * And 5,000 targets 20 ms away, in one task, against fping at the same pace: who waits for whom, and
 * what it costs. Round-trip times against the wire are in `accuracy/rtt.ts`.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { metricNamed } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import { FASTEST_PER_S } from '../../probes/net/icmp-session.ts';
import { type Bench, type BenchContext, median, type Ratio, ratioOf } from './bench.ts';
import type { EchoRun, EchoTask } from './echo-run.ts';
import { type FarNetwork, farNetwork } from './far-network.ts';

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
    return [...ratios, ...(await thousands(progress))];
  },
};

const MANY = 5_000;
const FAR_MS = 20;

async function thousands(progress: BenchContext['progress']): Promise<Ratio[]> {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) {
    progress('no namespaces without root: 5,000 targets are left out');
    return [];
  }
  const network = await farNetwork(FAR_MS);
  try {
    const ratios: Ratio[] = [];
    for (const family of [4, 6] as const) {
      progress(`${MANY} targets over IPv${family}`);
      ratios.push(...(await compareMany(network, family)));
    }
    return ratios;
  } finally {
    network.close();
  }
}

/** @throws Error where either of the two lost an answer that came */
async function compareMany(network: FarNetwork, family: Family): Promise<Ratio[]> {
  const targets = network.targets(family, MANY);
  const task: EchoTask = { family, targets, parameters: { count: 1 } };
  const program = new URL('echo-run.js', import.meta.url).pathname;
  const ours = JSON.parse(
    (await network.run(process.execPath, [program], JSON.stringify(task))).stdout,
  ) as EchoRun;
  const interval = (1_000 / FASTEST_PER_S).toFixed(2);
  const fping = `fping -q -c 1 -t 2000 -i ${interval} && times`;
  const beginMs = performance.now();
  const { stdout, stderr } = await network.run('sh', ['-c', fping], targets.join('\n'));
  const elapsedMs = performance.now() - beginMs;
  const answered = {
    ours: ours.findings.filter(({ outcome }) => outcome.status === 'ok').length,
    fping: [...stderr.matchAll(/ = 1\/1\/0%/g)].length,
  };
  if (answered.ours !== MANY || answered.fping !== MANY)
    throw new Error(`answers of ${MANY} targets: ${JSON.stringify(answered)}`);
  const what = `${MANY} targets ${FAR_MS} ms away, IPv${family}`;
  const ratio = (name: string, ours: number, referee: number) =>
    ratioOf({ what: `${what}, ${name}`, ours, referee, against: 'fping', unit: 'ms' });
  return [
    ratio('elapsed', ours.elapsedMs, elapsedMs),
    ratio('CPU', ours.cpuMs, childrenCpuMs(stdout)),
  ];
}

/** From the second line of the shell's `times`: user and system time of its children. */
function childrenCpuMs(output: string): number {
  const [, children = ''] = output.trim().split('\n');
  return [...children.matchAll(/(\d+)m([\d.]+)s/g)].reduce(
    (sum, [, minutes, seconds]) => sum + (Number(minutes) * 60 + Number(seconds)) * 1_000,
    0,
  );
}

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
