/** Access lines of known rate and delay in network namespaces, and our probe asked on them once. */
import { execFile } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { promisify } from 'node:util';
import { type Measurement, measurementSchema } from '../../../probes/measurement.ts';
import { builtFile } from '../../lab/built.ts';
import type { Province } from '../../lab/province.ts';
import type { Site } from '../../lab/sites.ts';
import { coreOf } from '../../lab/wiring.ts';

export interface LineBuild {
  readonly rateBps: number;
  readonly rttMs: number;
}

/** A line as fast up as down, without loss and with both families. */
export function lineAt(index: number, { rateBps, rttMs }: LineBuild): Site {
  return {
    index,
    name: `site-${String(index + 1).padStart(2, '0')}`,
    ...{ place: '', placeName: '', county: '', carrier: 'telecom' as const },
    ...{ downBps: rateBps, upBps: rateBps, oneWayDelayMs: rttMs / 2 },
    ...{ lossRatio: 0, ipv6: 'works' as const, mtuB: 1_500 },
  };
}

export async function outputIn(
  province: Province,
  site: Site,
  command: readonly string[],
): Promise<string> {
  const child = province.start(site, command, {
    stdio: ['ignore', 'pipe', 'inherit'],
    // What the machine can move is asked once for all lines, and the user's own file left alone.
    env: { ...process.env, CACHE_DIRECTORY: province.folder },
  });
  if (!child.stdout) throw new TypeError('a child without output');
  return text(child.stdout);
}

/** What a program says in the router, the other end of every line. */
export async function outputInCore(
  { network }: Province,
  command: readonly string[],
): Promise<string> {
  const argv = ['netns', 'exec', coreOf(network), ...command];
  return (await promisify(execFile)('ip', argv)).stdout;
}

export interface Look {
  readonly metric: string;
  readonly target: string;
  readonly family: 4 | 6;
  /** `name=value`, as on the command line. */
  readonly parameters: readonly string[];
}

/** `tongda-probe once` on a line. */
export async function measuredOn(
  province: Province,
  site: Site,
  { metric, target, family, parameters }: Look,
): Promise<Measurement> {
  const output = await outputIn(province, site, [
    ...[process.execPath, builtFile('probes/main.js')],
    ...['once', metric, target, '--family', String(family), '--json'],
    ...parameters.flatMap((each) => ['--param', each]),
  ]);
  return measurementSchema.parse(JSON.parse(output));
}

/** `tongda-probe once throughput` on a line. */
export function throughputOnce(
  province: Province,
  site: Site,
  family: 4 | 6,
  httpPort: number,
  parameters: Readonly<Record<string, string>>,
): Promise<Measurement> {
  const host = family === 6 ? `[${province.server[6]}]` : province.server[4];
  return measuredOn(province, site, {
    ...{ metric: 'throughput', target: `http://${host}:${httpPort}`, family },
    parameters: Object.entries(parameters).map(([name, value]) => `${name}=${value}`),
  });
}
