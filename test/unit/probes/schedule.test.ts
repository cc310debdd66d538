import { describe, expect, it } from 'vitest';
import { type Instruction, instructionSchema } from '../../../probes/instruction.ts';
import {
  dueRuns,
  type LastRuns,
  missedReason,
  nextRunMs,
  phaseMs,
  withRun,
} from '../../../probes/schedule.ts';
import { chance } from '../../chance.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-11-24T02:00:00Z');

function instruction(change: object = {}): Instruction {
  return instructionSchema.parse({
    version: 1,
    agentId: 'village-7',
    generation: 1,
    issued: '2026-11-24T00:00:00.000Z',
    tasks: [{ name: 'ping', metric: 'icmp-rtt', target: '::1', family: 6 }],
    schedules: [{ name: 'minute', periodS: 60, tasks: ['ping'] }],
    reportPeriodS: 60,
    instructionPeriodS: 60,
    ...change,
  });
}

const slotAt = (ms: number) => {
  const phase = phaseMs('village-7', 'minute', MINUTE);
  return Math.floor((ms - phase) / MINUTE) * MINUTE + phase;
};
const ran = (slotMs: number, periodMs = MINUTE): LastRuns => ({ minute: { slotMs, periodMs } });

describe('phaseMs', () => {
  it('lies within the period, is the same every time, and spreads probes over it', () => {
    const phases = Array.from({ length: 1_000 }, (_, n) => phaseMs(`probe-${n}`, 'minute', MINUTE));
    expect(phases).toEqual(
      Array.from({ length: 1_000 }, (_, n) => phaseMs(`probe-${n}`, 'minute', MINUTE)),
    );
    expect(phases.every((phase) => phase >= 0 && phase < MINUTE)).toBe(true);
    const inSixth = (sixth: number) =>
      phases.filter((phase) => Math.floor(phase / 10_000) === sixth).length;
    expect(Math.min(...[0, 1, 2, 3, 4, 5].map(inSixth))).toBeGreaterThan(120);
    expect(phaseMs('a', 'minute', MINUTE)).not.toBe(phaseMs('a', 'hour', MINUTE));
  });
});

describe('dueRuns', () => {
  it('is due at once when it never ran, and then once in every slot', () => {
    let runs: LastRuns = {};
    const begun: number[] = [];
    for (let now = NOW; now < NOW + 10 * MINUTE; now += 1_000)
      for (const run of dueRuns(instruction(), runs, now)) {
        expect(run.missed).toBe(0);
        begun.push(now);
        runs = withRun(instruction(), runs, run);
      }
    expect(begun[0]).toBe(NOW);
    expect(begun).toHaveLength(11);
    for (const now of begun.slice(1)) expect(now - slotAt(now)).toBeLessThan(1_000);
  });

  it('does not change its arguments and answers the same again', () => {
    const given = instruction();
    const runs = ran(slotAt(NOW) - 3 * MINUTE);
    const before = JSON.stringify([given, runs]);
    const answer = dueRuns(given, runs, NOW);
    expect(dueRuns(given, runs, NOW)).toEqual(answer);
    for (const run of answer) withRun(given, runs, run);
    expect(JSON.stringify([given, runs])).toBe(before);
  });

  it('counts the slots that passed without a run', () => {
    const slot = slotAt(NOW);
    for (const missed of [0, 1, 2, 1_440])
      expect(dueRuns(instruction(), ran(slot - (missed + 1) * MINUTE), NOW)).toMatchObject([
        { slotMs: slot, missed, missedSlotMs: missed === 0 ? slot : slot - MINUTE },
      ]);
  });

  it('neither runs within a suppression nor calls its slots missed', () => {
    const slot = slotAt(NOW);
    const span = (startMs: number, endMs: number, schedules?: string[]) => ({
      start: new Date(startMs).toISOString(),
      end: new Date(endMs).toISOString(),
      ...(schedules ? { schedules } : {}),
    });
    const now = instruction({ suppressions: [span(NOW - 1, NOW + 1)] });
    expect(dueRuns(now, {}, NOW)).toEqual([]);
    expect(dueRuns(now, {}, slotAt(NOW) + MINUTE)).toHaveLength(1);
    const other = instruction({ suppressions: [span(NOW - 1, NOW + 1, ['hour'])] });
    expect(dueRuns(other, {}, NOW)).toHaveLength(1);
    // Of ten slots since the last run, three lie in overlapping suppressions.
    const past = instruction({
      suppressions: [
        span(slot - 8 * MINUTE, slot - 6 * MINUTE),
        span(slot - 7 * MINUTE, slot - 5 * MINUTE),
      ],
    });
    expect(dueRuns(past, ran(slot - 11 * MINUTE), NOW)).toMatchObject([{ missed: 7 }]);
  });

  it('lets a slot whose beginning was suppressed pass', () => {
    const slot = slotAt(NOW);
    const suppressions = [
      { start: new Date(slot - 1).toISOString(), end: new Date(slot + 1_000).toISOString() },
    ];
    expect(dueRuns(instruction({ suppressions }), ran(slot - MINUTE), slot + 2_000)).toEqual([]);
  });

  it('calls nothing missed when the period has changed', () => {
    const slot = slotAt(NOW);
    expect(dueRuns(instruction(), ran(slot - 50 * MINUTE, 3_600_000), NOW)).toMatchObject([
      { missed: 0 },
    ]);
  });

  it('survives a clock that was years ahead, and waits out one that stepped back a little', () => {
    expect(dueRuns(instruction(), ran(slotAt(NOW + 1e11)), NOW)).toMatchObject([{ missed: 0 }]);
    expect(dueRuns(instruction(), ran(slotAt(NOW) + MINUTE), NOW)).toEqual([]);
  });

  it('forgets schedules the instruction no longer has', () => {
    const runs = { ...ran(0), gone: { slotMs: 0, periodMs: 1 } };
    const due = dueRuns(instruction(), runs, NOW);
    expect(due.map((run) => Object.keys(withRun(instruction(), runs, run)))).toEqual([['minute']]);
  });
});

describe('missedReason', () => {
  const [run] = dueRuns(instruction(), ran(slotAt(NOW) - 3 * MINUTE), NOW);
  const slotMs = slotAt(NOW);
  const early = slotMs - 10 * MINUTE;

  it.each([
    ['missed-off', { begunMs: slotMs + 1, held: 'missed-busy' }],
    ['missed-busy', { begunMs: early, held: 'missed-busy', wokeMs: slotMs + 1 }],
    ['missed-disk', { begunMs: slotMs - 1, held: 'missed-disk' }],
    ['missed-asleep', { begunMs: early, wokeMs: slotMs + 1, steppedMs: slotMs + 1 }],
    ['missed-clock', { begunMs: early, wokeMs: early, steppedMs: slotMs }],
    ['missed', { begunMs: early, steppedMs: slotMs - 1 }],
  ] as const)('is %s', (reason, witness) => {
    expect(run && missedReason(run, witness)).toBe(reason);
  });
});

describe('nextRunMs', () => {
  it('is the first second at which dueRuns says so, whatever ran and is suppressed', () => {
    const { below, coin } = chance(11);
    for (let round = 0; round < 200; round++) {
      const suppressions = Array.from({ length: below(3) }, () => {
        const startMs = NOW + (below(400) - 100) * 1_000;
        return {
          start: new Date(startMs).toISOString(),
          end: new Date(startMs + below(200) * 1_000).toISOString(),
        };
      });
      const given = instruction({ suppressions });
      const runs = coin(0.8) ? ran(slotAt(NOW) + (below(4) - 2) * MINUTE) : {};
      const [schedule] = given.schedules;
      const next = schedule && nextRunMs(given, schedule, runs, NOW);
      let seen: number | null = null;
      for (let ms = NOW; seen === null && ms < NOW + 20 * MINUTE; ms += 1_000)
        if (dueRuns(given, runs, ms).length > 0) seen = ms;
      expect(seen).not.toBeNull();
      expect(next).toBeLessThanOrEqual(seen ?? 0);
      expect(next).toBeGreaterThan((seen ?? 0) - 1_000);
      expect(dueRuns(given, runs, next ?? 0)).toHaveLength(1);
    }
  });
});
