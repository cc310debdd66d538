/**
 * What is due, from the instruction, what has run, and the time. Pure.
 *
 * A schedule's time is cut into slots of one period, shifted by a phase that is a hash of probe and
 * schedule, so that a thousand probes do not test at the same second (RFC 8193 §4.5 random spread,
 * but repeatable). A slot runs once, at any time within it; a slot that has passed without a run is
 * missed, and missed for good: catching up would measure another time than the one asked for.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Instruction, Schedule } from './instruction.ts';

/** The slot that ran last, by schedule. Times are Unix milliseconds by the probe's clock. */
export const lastRunsSchema = z.record(
  z.string(),
  z.object({ slotMs: z.number(), periodMs: z.number() }),
);
export type LastRuns = Readonly<z.infer<typeof lastRunsSchema>>;

export interface DueRun {
  readonly schedule: Schedule;
  readonly slotMs: number;
  /** Slots without a run since the last one, suppressed ones not counted. */
  readonly missed: number;
  /** The last of them; equal to `slotMs` where none was missed. */
  readonly missedSlotMs: number;
}

/** Milliseconds into its period at which a probe's schedule begins: in `[0, periodMs)`, whole. */
export function phaseMs(probe: string, schedule: string, periodMs: number): number {
  const hash = createHash('sha256').update(`${probe}\n${schedule}`).digest();
  return Math.floor((hash.readUIntBE(0, 6) / 2 ** 48) * periodMs);
}

/**
 * The runs due at `nowMs`, in the order of the instruction. A schedule never run is due at once. A clock that went back by more than
 * one period (it was wrong before) makes its schedules due, rather than silent until it catches up.
 */
export function dueRuns(
  { agentId, schedules, suppressions }: Instruction,
  lastRuns: LastRuns,
  nowMs: number,
): DueRun[] {
  const due: DueRun[] = [];
  for (const schedule of schedules) {
    const periodMs = schedule.periodS * 1000;
    const phase = phaseMs(agentId, schedule.name, periodMs);
    const slotMs = Math.floor((nowMs - phase) / periodMs) * periodMs + phase;
    const spans = suppressed(suppressions, schedule.name);
    if (covers(spans, slotMs) || covers(spans, nowMs)) continue;
    const last = lastRuns[schedule.name];
    const ahead = last ? last.slotMs - slotMs : 0;
    if (last && ahead >= 0 && ahead <= periodMs) continue;
    // Slots of another period are not this schedule's.
    const comparable = last?.periodMs === periodMs && ahead < 0;
    const missed = comparable
      ? slotsIn(last.slotMs + periodMs, slotMs, periodMs, last.slotMs, spans)
      : 0;
    due.push({ schedule, slotMs, missed, missedSlotMs: missed > 0 ? slotMs - periodMs : slotMs });
  }
  return due;
}

/** What has run, once `run` has; schedules the instruction no longer has are forgotten. */
export function withRun({ schedules }: Instruction, lastRuns: LastRuns, run: DueRun): LastRuns {
  const known = schedules.flatMap(({ name }): [string, LastRuns[string]][] => {
    const last = lastRuns[name];
    return last ? [[name, last]] : [];
  });
  const ran = { slotMs: run.slotMs, periodMs: run.schedule.periodS * 1000 };
  return { ...Object.fromEntries(known), [run.schedule.name]: ran };
}

/**
 * Why a slot passed without a run, as far as the probe can tell: it was not running; a run before it
 * or another's turn lasted; the disk did not take its results; the machine slept; its clock was set
 * forward. Plain `missed` where none of these is known.
 */
export type MissedReason =
  | 'missed-off'
  | 'missed-busy'
  | 'missed-disk'
  | 'missed-asleep'
  | 'missed-clock'
  | 'missed';

/** What a running probe saw while slots passed. Unix milliseconds by its own clock. */
export interface Witness {
  /** When the probe began to run. */
  readonly begunMs: number;
  /** What kept this schedule from running since it last ran. */
  readonly held?: 'missed-busy' | 'missed-disk' | undefined;
  /** When the machine last woke from sleep. */
  readonly wokeMs?: number | undefined;
  /** When its clock was last set forward. */
  readonly steppedMs?: number | undefined;
}

/** Why the last missed slot of `run` passed. */
export function missedReason(
  { schedule, missedSlotMs }: DueRun,
  { begunMs, held, wokeMs, steppedMs }: Witness,
): MissedReason {
  const endMs = missedSlotMs + schedule.periodS * 1000;
  const after = (ms: number | undefined) => ms !== undefined && ms >= endMs;
  if (after(begunMs)) return 'missed-off';
  if (held) return held;
  if (after(wokeMs)) return 'missed-asleep';
  return after(steppedMs) ? 'missed-clock' : 'missed';
}

/** The first moment from `nowMs` on at which `schedule` is due; null where there is none. */
export function nextRunMs(
  instruction: Instruction,
  schedule: Schedule,
  lastRuns: LastRuns,
  nowMs: number,
): number | null {
  const periodMs = schedule.periodS * 1000;
  const phase = phaseMs(instruction.agentId, schedule.name, periodMs);
  const nextSlotMs = (ms: number) => (Math.floor((ms - phase) / periodMs) + 1) * periodMs + phase;
  const last = lastRuns[schedule.name];
  const ends = suppressed(instruction.suppressions, schedule.name).map(({ endMs }) => endMs);
  // It becomes due only where a slot begins or a suppression ends.
  const moments = [nowMs, ...(last ? [last.slotMs] : []), ...ends]
    .flatMap((ms) => [ms, nextSlotMs(ms)])
    .filter((ms) => ms >= nowMs)
    .sort((a, b) => a - b);
  const alone = { ...instruction, schedules: [schedule] };
  return moments.find((ms) => dueRuns(alone, lastRuns, ms).length > 0) ?? null;
}

interface Span {
  readonly startMs: number;
  readonly endMs: number;
}

/** The spans in which a schedule does not run: ascending, apart from each other, half-open. */
function suppressed(suppressions: Instruction['suppressions'], schedule: string): Span[] {
  const merged: Span[] = [];
  const spans = suppressions
    .filter(({ schedules }) => schedules?.includes(schedule) ?? true)
    .map(({ start, end }) => ({ startMs: Date.parse(start), endMs: Date.parse(end) }))
    .filter(({ startMs, endMs }) => startMs < endMs)
    .sort((a, b) => a.startMs - b.startMs);
  for (const span of spans) {
    const last = merged.at(-1);
    if (last && span.startMs <= last.endMs)
      merged.splice(-1, 1, { ...last, endMs: Math.max(last.endMs, span.endMs) });
    else merged.push(span);
  }
  return merged;
}

function covers(spans: readonly Span[], atMs: number): boolean {
  return spans.some(({ startMs, endMs }) => startMs <= atMs && atMs < endMs);
}

/** Slots beginning in `[fromMs, toMs)` outside `spans`; `originMs` begins one. */
function slotsIn(
  fromMs: number,
  toMs: number,
  periodMs: number,
  originMs: number,
  spans: readonly Span[],
): number {
  const before = (ms: number) => Math.ceil((ms - originMs) / periodMs);
  const within = (startMs: number, endMs: number) => Math.max(0, before(endMs) - before(startMs));
  return spans.reduce(
    (count, { startMs, endMs }) => count - within(Math.max(startMs, fromMs), Math.min(endMs, toMs)),
    within(fromMs, toMs),
  );
}
