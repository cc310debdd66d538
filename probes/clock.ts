/**
 * The probe's clock against the station's, from one exchange: the station says its time, the probe
 * saw the exchange begin and end by its monotonic clock, and the truth lies in between; and the
 * probe's clock against itself: whether it was set, or the machine slept. Pure.
 */
import { uptime } from 'node:os';
import type { ClockState } from './measurement.ts';

/** Where the time comes from; injected, so that tests can turn it. */
export interface Clock {
  /** Unix milliseconds, UTC; may jump. */
  wallMs(): number;
  /** Monotonic milliseconds of any origin. */
  monotonicMs(): number;
  /** As `monotonicMs`, of any origin, but it counts while the machine sleeps; absent where unknown. */
  bootMs?(): number;
}

export const systemClock: Clock = {
  wallMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  // On Linux, CLOCK_BOOTTIME to 10 ms.
  bootMs: () => uptime() * 1000,
};

/** All of a clock at one instant. */
export interface ClockReading {
  readonly wallMs: number;
  readonly monotonicMs: number;
  readonly bootMs: number;
}

export function readClock(clock: Clock): ClockReading {
  const monotonicMs = clock.monotonicMs();
  return { wallMs: clock.wallMs(), monotonicMs, bootMs: clock.bootMs?.() ?? monotonicMs };
}

/** Less is the time it takes to read three clocks on a busy machine, or NTP slewing. */
const NOTICED_MS = 100;

export interface ClockChange {
  /** By how much the wall clock was set, forward or back; 0 where it was not. */
  readonly steppedMs: number;
  /** How long the machine slept; 0 where it did not. */
  readonly sleptMs: number;
}

/** What happened to the clock between two readings. */
export function clockChange(before: ClockReading, after: ClockReading): ClockChange {
  const wallMs = after.wallMs - before.wallMs;
  const monotonicMs = after.monotonicMs - before.monotonicMs;
  const sleptMs = noticed(after.bootMs - before.bootMs - monotonicMs);
  return { sleptMs, steppedMs: noticed(wallMs - monotonicMs - sleptMs) };
}

function noticed(ms: number): number {
  return Math.abs(ms) < NOTICED_MS ? 0 : Math.round(ms);
}

/** The station's time at one instant of the monotonic clock. */
export interface StationTime {
  readonly stationMs: number;
  readonly monotonicMs: number;
  /** At that instant. */
  readonly uncertaintyMs: number;
}

/** Crystals of small computers stray by some 50 ppm; twice that. */
const DRIFT = 100e-6;

/**
 * @param stationTime RFC 3339, from the header `tongda-time`
 * @returns null where there is none or it is not a time
 */
export function stationTimeOf(
  stationTime: string | undefined,
  sentMs: number,
  answeredMs: number,
): StationTime | null {
  const stationMs = Date.parse(stationTime ?? '');
  if (Number.isNaN(stationMs)) return null;
  return {
    stationMs,
    monotonicMs: (sentMs + answeredMs) / 2,
    uncertaintyMs: (answeredMs - sentMs) / 2,
  };
}

/**
 * The better known of two, now. Where they contradict each other the machine has slept, which the
 * monotonic clock does not count: the fresh one is right.
 */
export function betterTime(
  known: StationTime | null,
  fresh: StationTime | null,
  monotonicMs: number,
): StationTime | null {
  if (!known || !fresh) return fresh ?? known;
  const apartMs = Math.abs(stationMsAt(known, monotonicMs) - stationMsAt(fresh, monotonicMs));
  const knownDoubtMs = uncertaintyAt(known, monotonicMs);
  const freshDoubtMs = uncertaintyAt(fresh, monotonicMs);
  return freshDoubtMs <= knownDoubtMs || apartMs > knownDoubtMs + freshDoubtMs ? fresh : known;
}

/**
 * The clock's state now. The station's time is carried on by the monotonic clock, so the offset is
 * right also after somebody has set the probe's clock.
 */
export function clockState(
  known: StationTime | null,
  now: { readonly wallMs: number; readonly monotonicMs: number },
  synchronised: boolean | null,
): ClockState {
  if (!known) return { synchronised, offsetMs: null, uncertaintyMs: null };
  return {
    synchronised,
    offsetMs: roundUs(stationMsAt(known, now.monotonicMs) - now.wallMs),
    uncertaintyMs: roundUs(uncertaintyAt(known, now.monotonicMs)),
  };
}

function stationMsAt(time: StationTime, monotonicMs: number): number {
  return time.stationMs + (monotonicMs - time.monotonicMs);
}

function uncertaintyAt(time: StationTime, monotonicMs: number): number {
  return time.uncertaintyMs + Math.abs(monotonicMs - time.monotonicMs) * DRIFT;
}

/** Milliseconds to whole microseconds. */
export function roundUs(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
