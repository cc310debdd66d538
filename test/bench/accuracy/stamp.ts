/**
 * Our round trips by STAMP against the same packets on the wire: what tcpdump sees at the line's end from
 * a packet to its answer, less what it sees of its stay at the reflector.
 */
import { type ChildProcess, execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { buildProvince, type Province } from '../../lab/province.ts';
import { refereesMissing } from '../../lab/referee.ts';
import type { Site } from '../../lab/sites.ts';
import { startPeer } from '../../lab/station.ts';
import { lineAt, measuredOn } from './lines.ts';
import { type Accuracy, type AccuracyRow, roundTripRows } from './row.ts';

const BUILDS = [
  { rateBps: 100e6, rttMs: 2 },
  { rateBps: 100e6, rttMs: 20 },
];
const INTERVAL_MS = 25;
/** Of what leaves the two processes the kernel tells no time. */
const MEDIAN_GOAL_MS = 0.15;

export const stampAccuracy: Accuracy = {
  name: 'stamp',
  async run({ progress, quick }) {
    const missing = refereesMissing();
    if (missing) throw missing;
    const sites = BUILDS.map((build, index) => lineAt(index, build));
    const province = await buildProvince(sites);
    const rows: AccuracyRow[] = [];
    try {
      const { stampPort } = await startPeer(province);
      for (const site of sites)
        for (const family of [4, 6] as const) {
          const what = `STAMP IPv${family}, ${2 * site.oneWayDelayMs} ms away`;
          progress(what);
          rows.push(...(await compare(province, site, family, stampPort, quick ? 30 : 100, what)));
        }
    } finally {
      await province.close();
    }
    return rows;
  },
};

async function compare(
  province: Province,
  site: Site,
  family: 4 | 6,
  port: number,
  count: number,
  what: string,
): Promise<AccuracyRow[]> {
  const ends = [await watch(province, site, port), await watch(province, null, port)] as const;
  const host = family === 6 ? `[${province.server[6]}]` : province.server[4];
  const { outcome, samples = [] } = await measuredOn(province, site, {
    ...{ metric: 'stamp', target: `${host}:${port}`, family },
    parameters: [`count=${count}`, `intervalMs=${INTERVAL_MS}`],
  });
  const [roundTripsMs, staysMs] = await Promise.all(ends.map((end) => end.spansMs()));
  if (outcome.status !== 'ok' || samples.length !== count || roundTripsMs?.length !== count)
    throw new Error(`${what}: ${JSON.stringify(outcome)}, ${roundTripsMs?.length} on the wire`);
  const wireMs = roundTripsMs.map((ms, nth) => ms - (staysMs?.[nth] ?? Number.NaN));
  return roundTripRows(what, { oursMs: samples, wireMs }, 'tcpdump at both ends', MEDIAN_GOAL_MS);
}

interface Watch {
  /** Ends; from each packet to the port to the answer, in their order. Nothing is lost on these lines, and nothing overtakes. */
  spansMs(): Promise<number[]>;
}

/** @param site null: where the peer is */
async function watch(province: Province, site: Site | null, port: number): Promise<Watch> {
  const file = join(province.folder, `stamp-${site?.name ?? 'peer'}.pcap`);
  // What waits in a buffer when it is told to end is lost to it.
  const options = ['-s', '96', '--immediate-mode', '--time-stamp-precision=nano'];
  const dump: ChildProcess = province.start(
    site,
    ['tcpdump', '-i', 'any', ...options, '-w', file, `udp port ${port}`],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const ended = once(dump, 'exit');
  // It says other things before it listens.
  const listening = new Promise<void>((resolve) => {
    dump.stderr?.on('data', (said) => String(said).includes('listening on') && resolve());
  });
  await Promise.race([listening, ended]);
  return {
    async spansMs() {
      await sleep(300);
      dump.kill('SIGINT');
      await ended;
      const read = ['-r', file, '-n', '-tt', '--time-stamp-precision=nano'];
      const { stdout } = await promisify(execFile)('tcpdump', read, { maxBuffer: 16 << 20 });
      const [asked, answered]: [number[], number[]] = [[], []];
      for (const [, seconds = '', nanoseconds = '', to = ''] of stdout.matchAll(
        /^(\d+)\.(\d{9}) .* > \S+\.(\d+): UDP/gm,
      )) {
        const atMs = (Number(seconds) % 100_000) * 1_000 + Number(nanoseconds) / 1e6;
        (Number(to) === port ? asked : answered).push(atMs);
      }
      return answered.map((atMs, nth) => atMs - (asked[nth] ?? Number.NaN));
    },
  };
}
