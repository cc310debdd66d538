/** Other people's programs as referees of the lab itself: `ping` (iputils) and `iperf3`. */
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { LabError } from './fault.ts';
import type { Province } from './province.ts';
import type { Site } from './sites.ts';

/** No divisor of any round-trip time of the lab, so that an answer never meets the next request. */
const ECHO_INTERVAL_S = 0.023;
/** As the probes do: one connection alone does not fill a long line. */
const CONNECTIONS = 4;
/** Of slow start, which no steady rate is measured in. */
const OMITTED_S = 1;

/** Why the referees cannot be asked; null when they can. */
export function refereesMissing(): LabError | null {
  const programs = [
    ['ping', 'iputils-ping'],
    ['iperf3', 'iperf3'],
  ] as const;
  const missing = programs.filter(([program]) => spawnSync(program, ['--version']).error);
  if (missing.length === 0) return null;
  const install = `apt-get install ${missing.map((entry) => entry[1]).join(' ')}`;
  return new LabError(
    'referee-missing',
    `缺少校验工具,请安装:${install}。`,
    `A referee is not installed; run: ${install}`,
  );
}

/** @returns median round trip (null where nothing came back) and the share of echoes lost */
export async function ping(
  province: Province,
  site: Site,
  family: 4 | 6,
  count: number,
): Promise<{ rttMs: number | null; lossRatio: number }> {
  const output = await run(province, site, [
    ...['ping', `-${family}`, '-n', '-i', String(ECHO_INTERVAL_S), '-c', String(count)],
    ...['-W', '1', province.server[family]],
  ]);
  const rttsMs = [...output.matchAll(/time=([\d.]+) ms/g)].map((match) => Number(match[1]));
  const median = rttsMs.sort((a, b) => a - b)[Math.floor(rttsMs.length / 2)];
  return { rttMs: median ?? null, lossRatio: 1 - rttsMs.length / count };
}

interface Iperf3Result {
  error?: string;
  end?: { sum_received?: { bits_per_second: number } };
}

/** Every server its own: iperf3 leaves a connection that hangs to time out by itself. */
let nextPort = 5201;

/**
 * @returns TCP payload that arrived per second in a run of `seconds`, bit/s
 * @throws LabError `referee-failed`
 */
export async function iperf3(
  province: Province,
  site: Site,
  family: 4 | 6,
  direction: 'down' | 'up',
  seconds: number,
): Promise<number> {
  const port = String(nextPort++);
  const server = province.start(null, ['iperf3', '-s', '-1', '--forceflush', '-p', port], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (!server.stdout) throw new TypeError('a server without output');
  await Promise.race([
    once(createInterface({ input: server.stdout }), 'line'),
    once(server, 'exit'),
  ]);
  const output = await run(province, site, [
    ...['iperf3', '-J', '-c', province.server[family], '-p', port, '-P', String(CONNECTIONS)],
    ...['-O', String(OMITTED_S), '-t', String(seconds), ...(direction === 'down' ? ['-R'] : [])],
  ]);
  const result = JSON.parse(output) as Iperf3Result;
  if (result.end?.sum_received) return result.end.sum_received.bits_per_second;
  const why = result.error ?? 'no result';
  throw new LabError('referee-failed', `iperf3 没有结果:${why}`, `iperf3 gave no result: ${why}`);
}

async function run(province: Province, site: Site, command: readonly string[]): Promise<string> {
  const child = province.start(site, command, { stdio: ['ignore', 'pipe', 'ignore'] });
  if (!child.stdout) throw new TypeError('a child without output');
  return text(child.stdout);
}
