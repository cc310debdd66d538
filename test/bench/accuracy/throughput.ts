/**
 * Our throughput on lines of known rate, against theory (the payload's share of every frame) and
 * against iperf3 in the same run; and what a quick run moves, against the kernel's own counters.
 */
import { buildProvince, type Province } from '../../lab/province.ts';
import { iperf3, refereesMissing } from '../../lab/referee.ts';
import { goodputBps, type Site } from '../../lab/sites.ts';
import { startPeer } from '../../lab/station.ts';
import { coreLink } from '../../lab/wiring.ts';
import { median } from '../bench.ts';
import { lineAt, outputIn, outputInCore, throughputOnce } from './lines.ts';
import type { Accuracy, AccuracyRow } from './row.ts';

const RATES_MBPS = [20, 100, 500, 1_000];
const RTTS_MS = [20, 60];
const FAMILIES = [4, 6] as const;
const DIRECTIONS = ['down', 'up'] as const;
const IPERF3_S = 5;
/** Of every single figure, and of the median of all. */
const GOAL = 0.02;
const MEDIAN_GOAL = 0.005;
const MOVED_GOAL_B_PER_BPS = 35e6 / 100e6;
const MOVED_ERROR_GOAL = 0.05;

export const throughputAccuracy: Accuracy = {
  name: 'throughput',
  async run({ progress, quick }) {
    const missing = refereesMissing();
    if (missing) throw missing;
    const builds = (quick ? [100] : RATES_MBPS).flatMap((mbps) =>
      (quick ? [20] : RTTS_MS).map((rttMs) => ({ rateBps: mbps * 1e6, rttMs })),
    );
    const sites = builds.map((build, index) => lineAt(index, build));
    const province = await buildProvince(sites);
    const rows: AccuracyRow[] = [];
    try {
      const { httpPort } = await startPeer(province);
      for (const site of sites)
        for (const family of quick ? ([4] as const) : FAMILIES)
          for (const direction of DIRECTIONS) {
            progress(labelOf(site, family, direction));
            rows.push(...(await compare(province, site, family, direction, httpPort)));
          }
    } finally {
      await province.close();
    }
    return [...rows, medianRow(rows, 'theory'), medianRow(rows, 'iperf3')];
  },
};

function labelOf({ downBps, oneWayDelayMs }: Site, family: 4 | 6, direction: 'down' | 'up') {
  return `${direction} ${downBps / 1e6} Mbit/s × ${2 * oneWayDelayMs} ms, IPv${family}`;
}

async function compare(
  province: Province,
  site: Site,
  family: 4 | 6,
  direction: 'down' | 'up',
  httpPort: number,
): Promise<AccuracyRow[]> {
  const label = labelOf(site, family, direction);
  const beforeB = await ipBytes(province, site);
  const { outcome, values } = await throughputOnce(province, site, family, httpPort, { direction });
  const crossedB = (await ipBytes(province, site)) - beforeB;
  const oursBps = values[direction === 'down' ? 'rateDownBps' : 'rateUpBps'];
  if (oursBps === undefined) throw new Error(`${label}: ${JSON.stringify(outcome)}`);
  const rate = (refereeBps: number, against: string): AccuracyRow => {
    const difference = oursBps / refereeBps - 1;
    return {
      ...{ what: label, ours: oursBps, referee: refereeBps, against, unit: 'bit/s' },
      ...{ difference, goal: GOAL, met: Math.abs(difference) <= GOAL },
    };
  };
  const theirsBps = await iperf3(province, site, family, direction, IPERF3_S);
  const rows = [rate(goodputBps(site.downBps, family), 'theory'), rate(theirsBps, 'iperf3')];
  // A run that had to go on to 10 s is no quick one.
  if (values.durationS === undefined || values.durationS > 3) return rows;
  const limitB = site.downBps * MOVED_GOAL_B_PER_BPS;
  const movedError = (values.movedB ?? 0) / crossedB - 1;
  return [
    ...rows,
    {
      ...{ what: `${label}: IP bytes of a quick run`, ours: crossedB, referee: limitB },
      ...{ against: '35 MB per 100 Mbit/s', unit: 'B', difference: crossedB / limitB - 1 },
      ...{ goal: 0, met: crossedB <= limitB },
    },
    {
      ...{ what: `${label}: movedB`, ours: values.movedB ?? 0, referee: crossedB },
      ...{ against: 'kernel counters', unit: 'B', difference: movedError },
      ...{ goal: MOVED_ERROR_GOAL, met: Math.abs(movedError) <= MOVED_ERROR_GOAL },
    },
  ];
}

function medianRow(rows: readonly AccuracyRow[], against: string): AccuracyRow {
  const errors = rows
    .filter((row) => row.against === against)
    .map((row) => Math.abs(row.difference));
  const difference = median(errors);
  return {
    ...{ what: `rates, median error of ${errors.length}`, ours: difference, referee: 0, against },
    ...{ unit: '1', difference, goal: MEDIAN_GOAL, met: difference <= MEDIAN_GOAL },
  };
}

const ETHERNET_B = 14;

interface QdiscStatistics {
  bytes?: number;
  packets?: number;
}

/**
 * IP bytes that have crossed a line both ways, as its two shapers count them: by the packets that
 * large segments are split into. An interface counts a segment of 64 kB as one packet with one header.
 */
async function ipBytes(province: Province, site: Site): Promise<number> {
  const show = ['tc', '-s', '-j', 'qdisc', 'show', 'dev'];
  const shapers = await Promise.all([
    outputIn(province, site, [...show, 'e0']),
    outputInCore(province, [...show, coreLink(site)]),
  ]);
  return shapers
    .map((text) => (JSON.parse(text) as QdiscStatistics[])[0])
    .reduce((sum, { bytes = 0, packets = 0 } = {}) => sum + bytes - packets * ETHERNET_B, 0);
}
