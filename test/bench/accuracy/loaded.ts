/**
 * Our round trip before and during a transfer, on lines whose buffers hold 60 ms: against ping on the
 * idle line, ping beside the same transfer, and ping beside iperf3. The last is another transfer with
 * another queue: only of one of the same age, and of the median of some, is the same to be expected.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { buildProvince, type Province } from '../../lab/province.ts';
import { iperf3, ping, refereesMissing } from '../../lab/referee.ts';
import type { Site } from '../../lab/sites.ts';
import { startPeer } from '../../lab/station.ts';
import { median } from '../bench.ts';
import { lineAt, throughputOnce } from './lines.ts';
import type { Accuracy, AccuracyRow } from './row.ts';

const BUILDS = [
  { rateBps: 20e6, rttMs: 20 },
  { rateBps: 100e6, rttMs: 20 },
  { rateBps: 100e6, rttMs: 60 },
  { rateBps: 500e6, rttMs: 20 },
];
const RAMP_MS = 1_200;
/** Our process starts, and times ten handshakes, before its ramp. */
const AHEAD_MS = 900;
const LOADED_MS = { quick: 1_500, full: 8_500 };
/** `ping` of `lab/referee.ts` sends one so often. */
const ECHO_MS = 23;
const ROUNDS = 3;
const GOAL_MS = 5;

export const loadedAccuracy: Accuracy = {
  name: 'loaded',
  async run({ progress, quick }) {
    const missing = refereesMissing();
    if (missing) throw missing;
    const sites = (quick ? BUILDS.slice(1, 2) : BUILDS).map((build, index) => lineAt(index, build));
    const province = await buildProvince(sites);
    const rows: AccuracyRow[] = [];
    try {
      const { httpPort } = await startPeer(province);
      for (const site of sites)
        for (const direction of ['down', 'up'] as const)
          for (const mode of ['quick', 'full'] as const) {
            progress(labelOf(site, direction, mode));
            rows.push(...(await compare(province, site, direction, mode, httpPort)));
          }
    } finally {
      await province.close();
    }
    return rows;
  },
};

function labelOf({ downBps, oneWayDelayMs }: Site, direction: string, mode: string): string {
  return `${direction} ${downBps / 1e6} Mbit/s × ${2 * oneWayDelayMs} ms, ${mode}`;
}

async function compare(
  province: Province,
  site: Site,
  direction: 'down' | 'up',
  mode: 'quick' | 'full',
  httpPort: number,
): Promise<AccuracyRow[]> {
  const label = labelOf(site, direction, mode);
  const echo = async (count: number) => (await ping(province, site, 4, count)).rttMs ?? Number.NaN;
  const echoes = Math.round(LOADED_MS[mode] / ECHO_MS);
  const ours = { idle: [] as number[], loaded: [] as number[] };
  const theirs = { idle: [] as number[], same: [] as number[], iperf3: [] as number[] };
  for (let round = 0; round < ROUNDS; round++) {
    theirs.idle.push(await echo(50));
    const running = throughputOnce(province, site, 4, httpPort, { direction, mode });
    await sleep(AHEAD_MS + RAMP_MS);
    theirs.same.push(await echo(echoes));
    const { outcome, values } = await running;
    if (outcome.status !== 'ok') throw new Error(`${label}: ${JSON.stringify(outcome)}`);
    ours.idle.push(values.idleRttMs ?? Number.NaN);
    ours.loaded.push(values.loadedRttMs ?? Number.NaN);
    const loadS = Math.ceil((RAMP_MS + LOADED_MS[mode]) / 1_000);
    const load = iperf3(province, site, 4, direction, loadS);
    await sleep(RAMP_MS);
    theirs.iperf3.push(await echo(echoes));
    await load;
  }
  const row = (what: string, our: readonly number[], their: readonly number[], against: string) => {
    const [oursMs, refereeMs] = [median(our), median(their)];
    const difference = oursMs - refereeMs;
    return {
      ...{ what: `${label}: ${what}`, ours: oursMs, referee: refereeMs, against, unit: 'ms' },
      ...{ difference, goal: GOAL_MS, met: Math.abs(difference) <= GOAL_MS },
    };
  };
  return [
    row('idle', ours.idle, theirs.idle, 'ping'),
    row('loaded', ours.loaded, theirs.same, 'ping beside the same transfer'),
    row('loaded', ours.loaded, theirs.iperf3, 'ping beside iperf3'),
  ];
}
