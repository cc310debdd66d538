/** Truth beside measurement: what must agree, and how closely. Pure. */
import type { LineRow } from '../../api/contract/measurement.ts';
import { type Site, type Truth, truthOf } from './sites.ts';

type PerFamily = { 4: number | null; 6: number | null };

/** What the station says of one line; null where it says nothing. */
export interface Measured {
  rttMs: PerFamily;
  lossRatio: PerFamily;
  downMbps: number | null;
  upMbps: number | null;
  ipv6: string;
}

/** One site, as `--json` writes it. */
export interface Observation {
  site: string;
  place: string;
  carrier: string;
  truth: Truth;
  measured: Measured;
  /** Echo requests behind each loss. */
  echoes: { 4: number; 6: number };
}

/** One line of the comparison. */
export interface Check {
  what: string;
  truth: string;
  measured: string;
  agrees: boolean;
}

/** A delay built of sleeps is late, never early. */
export const RTT_EARLY_MS = 0.1;

/** How far a measurement may lie off for reasons that are the machine's, not the probe's. */
export interface Tolerance {
  readonly rttLateMs: number;
  /** Of the theoretical goodput; a rate above it is wrong on any machine. */
  readonly rateShortRatio: number;
}

/**
 * Two cores with nothing else to do. Some 0.3 ms are the lab's own, 0.1 ms the probe's clock; the
 * rest is room for the rate tests of other sites, which take turns on the same cores.
 */
export const CALM: Tolerance = { rttLateMs: 1, rateShortRatio: 0.03 };
/** Somebody else's build beside the lab: delays grow and shaped links stay unfilled, nothing else. */
export const BUSY: Tolerance = { rttLateMs: 10, rateShortRatio: 0.6 };

export const RATE_OVER_RATIO = 0.03;
/** Standard deviations a share of losses may lie off: one honest check in 16,000 fails. */
const LOSS_SIGMAS = 4;

export function observe(site: Site, row: LineRow | undefined, echoesPerRun: number): Observation {
  const mbps = (statistic: { median: number } | null | undefined) =>
    statistic ? statistic.median / 1e6 : null;
  return {
    site: site.name,
    place: site.place,
    carrier: site.carrier,
    truth: truthOf(site),
    measured: {
      rttMs: { 4: row?.rttMs[4]?.median ?? null, 6: row?.rttMs[6]?.median ?? null },
      lossRatio: { 4: row?.lossRatio[4]?.median ?? null, 6: row?.lossRatio[6]?.median ?? null },
      downMbps: mbps(row?.downBps),
      upMbps: mbps(row?.upBps),
      ipv6: row?.ipv6.condition ?? 'no evidence',
    },
    echoes: {
      4: (row?.lossRatio[4]?.n ?? 0) * echoesPerRun,
      6: (row?.lossRatio[6]?.n ?? 0) * echoesPerRun,
    },
  };
}

/** Every figure the site's truth foretells; nothing measured agrees with no truth. */
export function compare(
  { truth, measured, echoes }: Observation,
  tolerance: Tolerance = CALM,
): Check[] {
  const echoed6 = truth.ipv6 === 'works' || truth.ipv6 === 'path-mtu-black-hole';
  const families: (4 | 6)[] = echoed6 ? [4, 6] : [4];
  const rate = (what: string, truthMbps: number, mbps: number | null): Check => ({
    what,
    truth: truthMbps.toFixed(1),
    measured: mbps?.toFixed(1) ?? '—',
    agrees:
      mbps !== null &&
      mbps >= truthMbps * (1 - tolerance.rateShortRatio) &&
      mbps <= truthMbps * (1 + RATE_OVER_RATIO),
  });
  return [
    {
      what: 'IPv6',
      truth: truth.ipv6,
      measured: measured.ipv6,
      agrees: measured.ipv6 === truth.ipv6,
    },
    ...families.map((family) => {
      const rttMs = measured.rttMs[family];
      const lateMs = (rttMs ?? Number.NaN) - truth.rttMs;
      return {
        what: `RTT v${family} ms`,
        truth: truth.rttMs.toFixed(1),
        measured: rttMs?.toFixed(2) ?? '—',
        agrees: lateMs >= -RTT_EARLY_MS && lateMs <= tolerance.rttLateMs,
      };
    }),
    ...families.map((family) => {
      const lossRatio = measured.lossRatio[family];
      const off = Math.abs((lossRatio ?? Number.NaN) - truth.lossRatio);
      return {
        what: `loss v${family} %`,
        truth: (100 * truth.lossRatio).toFixed(2),
        measured: lossRatio === null ? '—' : (100 * lossRatio).toFixed(2),
        agrees: off <= lossTolerance(truth.lossRatio, echoes[family]),
      };
    }),
    rate('down Mbit/s', truth.downMbps, measured.downMbps),
    rate('up Mbit/s', truth.upMbps, measured.upMbps),
  ];
}

/** Binomial spread of a share of `echoes`; one stray packet is forgiven. */
export function lossTolerance(lossRatio: number, echoes: number): number {
  if (echoes === 0) return 0;
  return LOSS_SIGMAS * Math.sqrt((lossRatio * (1 - lossRatio)) / echoes) + 1 / echoes;
}

/** For the terminal: a line of sites' heads, then one of each check. */
export function render(observations: readonly Observation[]): string {
  return observations
    .map((observation) => {
      const checks = compare(observation).map(
        ({ what, truth, measured, agrees }) =>
          `  ${agrees ? '✓' : '✗'} ${what.padEnd(12)} 真值 truth ${truth.padStart(20)}   测得 measured ${measured.padStart(20)}`,
      );
      const { site, place, carrier } = observation;
      return [`${site}  ${place}  ${carrier}`, ...checks].join('\n');
    })
    .join('\n');
}

export function told({ rttLateMs, rateShortRatio }: Tolerance): string {
  return `容差 tolerances: RTT −${RTT_EARLY_MS}…+${rttLateMs} ms · 丢包 loss ${LOSS_SIGMAS}σ · 速率 rate −${100 * rateShortRatio}…+${100 * RATE_OVER_RATIO} %`;
}
