import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { betterTime, clockState, readClock, stationTimeOf } from '../../../probes/clock.ts';
import { acceptInstruction } from '../../../probes/instruction-store.ts';
import { type MeasureContext, measure, measureAll } from '../../../probes/measure.ts';
import { measurementSchema } from '../../../probes/measurement.ts';
import type { Finding, Metric } from '../../../probes/metric.ts';
import type { Running } from '../../../probes/presence.ts';
import { missedDraft } from '../../../probes/recorder.ts';
import { retryDelayMs, StationFault } from '../../../probes/station.ts';
import { Turns } from '../../../probes/turns.ts';

const FINDING: Finding = {
  outcome: { status: 'ok' },
  address: '::1',
  values: { rttMs: 1.5 },
  samples: [1, 2],
};
const TASK = {
  name: 'ping',
  metric: 'test-rtt',
  target: '::1',
  family: 6,
  parameters: {},
} as const;

function metric(change: Partial<Metric> = {}): Metric {
  return {
    name: 'test-rtt',
    title: { zh: '时延', en: 'RTT' },
    method: 'test-rtt/3',
    source: 'RFC 2681',
    targetHint: 'address',
    load: 'quiet',
    parameters: z.strictObject({ count: z.int().default(3) }),
    values: [{ name: 'rttMs', title: { zh: '时延', en: 'RTT' }, unit: 'ms', resolution: 0.001 }],
    canRun: async () => null,
    run: async () => FINDING,
    ...change,
  };
}

function context(change: Partial<MeasureContext> = {}, codes: string[] = []): MeasureContext {
  let monotonicMs = 1_000;
  return {
    probe: 'village-7',
    schedule: 'minute',
    metricNamed: (name) => (name === 'test-rtt' ? metric() : undefined),
    clock: {
      wallMs: () => Date.parse('2026-11-24T02:00:00.125Z'),
      monotonicMs: () => (monotonicMs += 2.5),
    },
    clockState: () => ({ synchronised: null, offsetMs: 3, uncertaintyMs: 1 }),
    signal: new AbortController().signal,
    running: new Set<Running>(),
    notice: ({ code }) => codes.push(code),
    ...change,
  };
}

describe('measure', () => {
  it('writes down what the metric found, by the injected clock', async () => {
    const draft = await measure(TASK, context());
    expect(measurementSchema.parse({ ...draft, sequence: 0 })).toEqual({
      version: 1,
      probe: 'village-7',
      sequence: 0,
      schedule: 'minute',
      task: 'ping',
      metric: 'test-rtt',
      method: 'test-rtt/3',
      target: '::1',
      address: '::1',
      family: 6,
      start: '2026-11-24T02:00:00.125Z',
      durationMs: 2.5,
      outcome: { status: 'ok' },
      values: { rttMs: 1.5 },
      samples: [1, 2],
      conflicts: [],
      clock: { synchronised: null, offsetMs: 3, uncertaintyMs: 1 },
      software: 'tongda-probe/0.1.0',
    });
  });

  const skippedWith = async (change: Partial<MeasureContext>, task: object = {}) => {
    const codes: string[] = [];
    const draft = await measure({ ...TASK, ...task }, context(change, codes));
    expect(measurementSchema.omit({ sequence: true }).safeParse(draft).error).toBeUndefined();
    return [draft?.outcome, codes];
  };
  const using = (change: Partial<Metric>) => ({ metricNamed: () => metric(change) });

  it('says why it did not look', async () => {
    const skipped = (reason: string) => [{ status: 'skipped', reason }, [reason]];
    expect(await skippedWith({}, { metric: 'from-the-future' })).toEqual(skipped('unknown-metric'));
    expect(await skippedWith({}, { parameters: { count: 'x' } })).toEqual(
      skipped('bad-parameters'),
    );
    expect(await skippedWith(using({ canRun: async () => 'no-raw-socket' }))).toEqual(
      skipped('no-raw-socket'),
    );
    const broken = [
      () => Promise.reject(new Error('no module')),
      async () => ({ ...FINDING, values: { rttMs: Number.NaN } }),
      async () => ({ ...FINDING, values: { undeclaredMs: 1 } }),
      async () => ({ ...FINDING, address: 'fe80::1%eth0' }),
    ];
    for (const run of broken)
      expect(await skippedWith(using({ run }))).toEqual(skipped('could-not-look'));
  });

  it('leaves a metric behind that does not end, and names it as a conflict from then on', async () => {
    const running = new Set<Running>();
    const deaf = metric({ load: 'loud', run: () => new Promise(() => {}) });
    const stuck = await measure(
      { ...TASK, name: 'load' },
      context({ metricNamed: () => deaf, running, limitMs: 5 }),
    );
    expect(stuck?.outcome).toEqual({ status: 'skipped', reason: 'could-not-look' });
    const after = await measure(TASK, context({ running }));
    expect(after?.conflicts).toEqual(['load']);
  });

  it('does not take for a result what a metric says when its time is up', async () => {
    const run: Metric['run'] = (_target, _parameters, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () =>
          resolve({ ...FINDING, outcome: { status: 'failed', stage: 'tcp', code: 'timeout' } }),
        ),
      );
    const draft = await measure(TASK, context({ ...using({ run }), limitMs: 5 }));
    expect(draft?.outcome).toEqual({ status: 'skipped', reason: 'could-not-look' });
  });

  it('names loud and quiet tasks to each other, quiet ones not', async () => {
    const running = new Set<Running>();
    const ends: (() => void)[] = [];
    const slow = (load: Metric['load']) =>
      metric({
        load,
        run: () => new Promise((resolve) => ends.push(() => resolve(FINDING))),
      });
    const of = (name: string, load: Metric['load']) =>
      measure({ ...TASK, name }, context({ metricNamed: () => slow(load), running }));
    const all = [of('q1', 'quiet'), of('q2', 'quiet'), of('l1', 'loud')];
    while (ends.length < 3) await new Promise(setImmediate);
    for (const end of ends) end();
    const conflicts = (await Promise.all(all)).map((draft) => draft?.conflicts);
    expect(conflicts).toEqual([['l1'], ['l1'], ['q1', 'q2']]);
    expect(running.size).toBe(0);
  });

  const spending = (values: Metric['values'], finding: Partial<Finding>) =>
    metric({
      costB: () => 5_000_000,
      values: [...metric().values, ...values],
      run: async () => ({ ...FINDING, ...finding }),
    });
  const carries = [
    { name: 'payloadB', title: { zh: '净荷', en: 'Payload' }, unit: 'B', resolution: 1 },
  ];
  const broken = (stage: string) => ({ status: 'failed', stage, code: 'reset' }) as const;

  it.each<[string, Metric, number]>([
    ['nothing said: its worst case', spending([], {}), 5_000_000],
    [
      'what it moved, with the headers',
      spending(carries, { values: { payloadB: 1_000_000 } }),
      64 * 1024 + 1_100_000,
    ],
    ['no body was reached', spending(carries, { outcome: broken('connect') }), 64 * 1024],
    ['a body that broke off', spending(carries, { outcome: broken('body') }), 5_000_000],
    ['a metric without a bound', metric(), 64 * 1024],
  ])('charges the worst case, then: %s', async (_, spender, settledB) => {
    const charges: number[] = [];
    const reserve = async (costB: number) => {
      charges.push(costB);
      return { settle: async (movedB: number) => void charges.push(movedB) };
    };
    await measure(TASK, context({ metricNamed: () => spender, reserve }));
    expect(charges).toEqual([spender.costB?.({}) ?? 64 * 1024, settledB]);
  });

  it.each([false, true])('charges every target of a list (together: %s)', async (together) => {
    const found: Finding = { ...FINDING, values: { payloadB: 1_000 } };
    const spender: Metric = {
      ...spending(carries, found),
      ...(together
        ? {
            runMany: async (_targets, _, { found: tell }) => {
              // The last is never told of, and stays charged in full.
              for (const index of [0, 1]) tell(index, found);
            },
          }
        : {}),
    };
    let chargedB = 0;
    const reserve = async (costB: number) => {
      if (chargedB + costB > 20_000_000) return null;
      chargedB += costB;
      return {
        settle: async (movedB: number) => {
          chargedB += movedB - costB;
        },
      };
    };
    const { target: _, ...listed } = TASK;
    const targets = ['::1', '::2', '::3'];
    const list = { ...listed, targets };
    await measureAll(list, context({ metricNamed: () => spender, reserve }));
    const eachB = 64 * 1024 + 1_100;
    expect(chargedB).toBe(together ? 2 * eachB + 5_000_000 : 3 * eachB);
    chargedB = 20_000_000;
    const drafts = await measureAll(list, context({ metricNamed: () => spender, reserve }));
    expect(drafts?.map(({ target, outcome }) => [target, outcome])).toEqual(
      targets.map((target) => [target, { status: 'skipped', reason: 'budget-exhausted' }]),
    );
  });

  it.each([false, true])(
    'keeps what was found when its bytes cannot be written down (together: %s)',
    async (together) => {
      const spender: Metric = {
        ...spending(carries, FINDING),
        ...(together && {
          runMany: async (targets, _, { found }) => {
            for (const index of targets.keys()) found(index, FINDING);
          },
        }),
      };
      const full = () => Promise.reject(new Error('no space left on device'));
      const said: string[] = [];
      const notice = ({ code }: { code: string }) => void said.push(code);
      const { target: _, ...listed } = TASK;
      const list = { ...listed, targets: ['::1', '::2'] };
      const outcomes = async (reserve: NonNullable<MeasureContext['reserve']>) =>
        (await measureAll(list, context({ metricNamed: () => spender, reserve, notice })))?.map(
          ({ outcome }) => outcome,
        );
      expect(await outcomes(async () => ({ settle: full }))).toEqual([
        FINDING.outcome,
        FINDING.outcome,
      ]);
      expect(new Set(said)).toEqual(new Set(['budget-not-written']));
      // What cannot be charged beforehand is not run.
      const notRun = { status: 'skipped', reason: 'could-not-look' };
      expect(await outcomes(full)).toEqual([notRun, notRun]);
      expect(said.at(-1)).toBe('could-not-look');
    },
  );

  it('does not run what the budget does not hold, and says so', async () => {
    let ran = false;
    const run = async () => {
      ran = true;
      return FINDING;
    };
    expect(await skippedWith({ ...using({ run }), reserve: async () => null })).toEqual([
      { status: 'skipped', reason: 'budget-exhausted' },
      ['budget-exhausted'],
    ]);
    expect(ran).toBe(false);
  });

  it('states the clock at the start by what is known at the end, and notes that it was set', async () => {
    const start = Date.parse('2026-11-24T02:00:00.125Z');
    let setMs = 0;
    let sleptMs = 0;
    let monotonicMs = 1_000;
    const clock = {
      wallMs: () => start + (monotonicMs - 1_000) + setMs + sleptMs,
      monotonicMs: () => monotonicMs,
      bootMs: () => monotonicMs + sleptMs,
    };
    let known: ReturnType<typeof stationTimeOf> = null;
    const run = (during: () => void) =>
      measure(
        TASK,
        context({
          clock,
          clockState: (reading = readClock(clock)) => clockState(known, reading, null),
          ...using({
            run: async () => {
              monotonicMs += 500;
              during();
              return FINDING;
            },
          }),
        }),
      );
    expect((await run(() => {}))?.clock).toEqual({
      synchronised: null,
      offsetMs: null,
      uncertaintyMs: null,
    });
    const stepped = await run(() => {
      setMs = -3_600_000;
    });
    expect(stepped?.clock).toMatchObject({ offsetMs: null, stepMs: -3_600_000 });
    // The clock is a year behind; NTP sets it and the station answers, both while it measures.
    setMs = -31_536_000_000;
    const before = clock.wallMs();
    const told = await run(() => {
      setMs = 0;
      const text = new Date(clock.wallMs()).toISOString();
      known = stationTimeOf(text, monotonicMs, monotonicMs);
    });
    expect(Date.parse(told?.start ?? '')).toBe(before);
    expect(told?.clock).toMatchObject({ offsetMs: 31_536_000_000, stepMs: 31_536_000_000 });
    // Over a sleep the monotonic clock leads nowhere: the state is the one at the start.
    const slept = await run(() => {
      sleptMs = 60_000;
    });
    expect(slept?.clock).toEqual({ synchronised: null, offsetMs: 0, uncertaintyMs: 0 });
  });

  it('records nothing of a run that was stopped', async () => {
    const control = new AbortController();
    const run: Metric['run'] = (_target, _parameters, { signal }) =>
      new Promise((resolve) =>
        signal.addEventListener('abort', () =>
          resolve({ ...FINDING, outcome: { status: 'failed', stage: 'tcp', code: 'aborted' } }),
        ),
      );
    const draft = measure(TASK, context({ ...using({ run }), signal: control.signal }));
    setTimeout(() => control.abort(), 1);
    expect(await draft).toBeNull();
  });

  it('is stopped even by a metric that does not listen', async () => {
    const control = new AbortController();
    const run = () => new Promise<Finding>(() => {});
    const draft = measure(TASK, context({ ...using({ run }), signal: control.signal }));
    control.abort();
    expect(await draft).toBeNull();
  });

  it('records a missed slot at the time of the slot', () => {
    const missed = missedDraft(
      TASK,
      { startMs: Date.parse('2026-11-23T00:00:00Z'), reason: 'missed-off' },
      context(),
    );
    expect(missed).toMatchObject({
      start: '2026-11-23T00:00:00.000Z',
      durationMs: 0,
      method: 'test-rtt/3',
      outcome: { status: 'skipped', reason: 'missed-off' },
    });
    expect(measurementSchema.omit({ sequence: true }).safeParse(missed).success).toBe(true);
  });
});

describe('measureAll', () => {
  const { target: _, ...many } = { ...TASK, targets: ['a', 'b', 'c', 'd'] };
  const outcomes = async (change: Partial<Metric>, more: Partial<MeasureContext> = {}) => {
    const drafts = await measureAll(many, context({ metricNamed: () => metric(change), ...more }));
    for (const draft of drafts ?? [])
      expect(measurementSchema.omit({ sequence: true }).safeParse(draft).error).toBeUndefined();
    return drafts?.map(({ target, outcome }) => [
      target,
      outcome.status === 'skipped' ? outcome.reason : outcome.status,
    ]);
  };

  it('measures each target, a few quiet ones at once, loud ones alone', async () => {
    for (const [load, most] of [
      ['quiet', 4],
      ['loud', 1],
    ] as const) {
      let [now, peak] = [0, 0];
      const run = async (target: string) => {
        peak = Math.max(peak, ++now);
        await new Promise(setImmediate);
        now--;
        if (target === 'c') throw new Error('broken');
        return FINDING;
      };
      const done: number[] = [];
      expect(await outcomes({ run, load }, { progress: (count) => done.push(count) })).toEqual([
        ['a', 'ok'],
        ['b', 'ok'],
        ['c', 'could-not-look'],
        ['d', 'ok'],
      ]);
      expect(peak).toBe(most);
      expect(done).toEqual([1, 2, 3, 4]);
    }
  });

  it('lets a metric share one run, and tells what it left out', async () => {
    const runMany: Metric['runMany'] = async (_targets, _parameters, { found }) => {
      found(3, FINDING);
      found(0, { ...FINDING, outcome: { status: 'failed', stage: 'echo', code: 'timeout' } });
    };
    expect(await outcomes({ runMany, run: () => Promise.reject(new Error('not this')) })).toEqual([
      ['a', 'failed'],
      ['b', 'could-not-look'],
      ['c', 'could-not-look'],
      ['d', 'ok'],
    ]);
  });

  it('keeps what was found before time was up, and no word that came after', async () => {
    const running = new Set<Running>();
    const runMany: Metric['runMany'] = (_targets, _parameters, { found, signal }) =>
      new Promise((resolve) => {
        found(1, FINDING);
        signal.addEventListener('abort', () => {
          found(2, FINDING);
          resolve();
        });
      });
    // Each target adds 100 ms to the limit.
    expect(await outcomes({ runMany }, { limitMs: -390, running })).toEqual([
      ['a', 'could-not-look'],
      ['b', 'ok'],
      ['c', 'could-not-look'],
      ['d', 'could-not-look'],
    ]);
    expect(running.size).toBe(0);
  });

  it('skips every target for one reason, and records nothing when stopped', async () => {
    expect(await outcomes({ canRun: async () => 'no-raw-socket' })).toEqual(
      many.targets.map((target) => [target, 'no-raw-socket']),
    );
    const control = new AbortController();
    const run = async () => {
      control.abort();
      return FINDING;
    };
    expect(await outcomes({ run }, { signal: control.signal })).toBeUndefined();
  });
});

describe('Turns', () => {
  it('lets quiet work run side by side, loud work alone, and nobody starve', async () => {
    const turns = new Turns();
    const events: string[] = [];
    const ends = new Map<string, () => void>();
    const take = (name: string, load: Metric['load']) =>
      turns.take(load, async () => {
        events.push(`+${name}`);
        await new Promise<void>((end) => ends.set(name, end));
        events.push(`-${name}`);
      });
    const all = [take('a', 'quiet'), take('b', 'quiet'), take('L', 'loud'), take('c', 'quiet')];
    const until = async (name: string) => {
      while (!ends.has(name)) await new Promise(setImmediate);
      ends.get(name)?.();
    };
    for (const name of ['b', 'a', 'L', 'c']) await until(name);
    await Promise.all(all);
    expect(events).toEqual(['+a', '+b', '-b', '-a', '+L', '-L', '+c', '-c']);
  });

  it('goes on after work that failed', async () => {
    const turns = new Turns();
    await expect(turns.take('loud', () => Promise.reject(new Error('x')))).rejects.toThrow('x');
    expect(await turns.take('quiet', async () => 1)).toBe(1);
  });
});

describe('acceptInstruction', () => {
  const base = {
    version: 1,
    agentId: 'village-7',
    generation: 5,
    issued: '2026-11-24T00:00:00.000Z',
    tasks: [TASK],
    schedules: [{ name: 'minute', periodS: 60, tasks: ['ping'] }],
    reportPeriodS: 60,
    instructionPeriodS: 60,
  };
  const known = acceptInstruction(null, base, 'village-7');

  it('takes the same and newer generations', () => {
    expect(acceptInstruction(known, base, 'village-7').generation).toBe(5);
    expect(acceptInstruction(known, { ...base, generation: 6 }, 'village-7').generation).toBe(6);
  });

  it.each([
    ['instruction-older', { ...base, generation: 4 }],
    ['instruction-foreign', { ...base, agentId: 'village-8' }],
    ['instruction-invalid', { ...base, version: 2 }],
    ['instruction-invalid', { ...base, schedules: [{ name: 'x', periodS: 60, tasks: ['gone'] }] }],
    ['instruction-invalid', undefined],
  ])('refuses with %s', (code, candidate) => {
    expect(() => acceptInstruction(known, candidate, 'village-7')).toThrow(
      expect.objectContaining({ code }),
    );
  });
});

describe('retryDelayMs', () => {
  const fault = (code: string, afterS?: number) => new StationFault(code, '', '', afterS);

  it('doubles to five minutes, with jitter', () => {
    const delays = [1, 2, 3, 9, 10, 500].map((n) => retryDelayMs(fault('x'), n, 1));
    expect(delays).toEqual([1_000, 2_000, 4_000, 256_000, 300_000, 300_000]);
    expect(retryDelayMs(fault('x'), 3, 0)).toBe(2_000);
  });

  it('heeds Retry-After, up to an hour, and asks a station that knows it not slowly', () => {
    expect(retryDelayMs(fault('station-busy', 7), 1, 0)).toBe(7_000);
    expect(retryDelayMs(fault('station-busy', 1e6), 1, 0)).toBe(3_600_000);
    expect(retryDelayMs(fault('token-refused'), 1, 1)).toBe(300_000);
  });
});

describe('the clock against the station’s', () => {
  const told = stationTimeOf('2026-11-24T02:00:10.000Z', 1_000, 1_040);
  const stationMs = Date.parse('2026-11-24T02:00:10.000Z');

  it('knows nothing before the station said its time', () => {
    expect(stationTimeOf(undefined, 0, 1)).toBeNull();
    expect(stationTimeOf('yesterday', 0, 1)).toBeNull();
    expect(clockState(null, { wallMs: 0, monotonicMs: 0 }, null)).toEqual({
      synchronised: null,
      offsetMs: null,
      uncertaintyMs: null,
    });
  });

  it('takes the middle of the exchange, and its half as doubt', () => {
    const now = { wallMs: stationMs - 5_000, monotonicMs: 1_020 };
    expect(clockState(told, now, true)).toEqual({
      synchronised: true,
      offsetMs: 5_000,
      uncertaintyMs: 20,
    });
  });

  it('is right after somebody set the clock, and doubts more as time goes by', () => {
    const later = { wallMs: stationMs + 60_000, monotonicMs: 1_020 + 60_000 };
    expect(clockState(told, later, null)).toMatchObject({ offsetMs: 0, uncertaintyMs: 26 });
    expect(clockState(told, { ...later, wallMs: 0 }, null).offsetMs).toBe(stationMs + 60_000);
  });

  it('keeps the better of two, but believes the fresh one after the machine slept', () => {
    const vague = stationTimeOf('2026-11-24T02:00:10.500Z', 1_000, 2_000);
    expect(betterTime(told, vague, 2_000)).toBe(told);
    const hoursLater = stationTimeOf('2026-11-24T04:46:49.480Z', 10_000_000, 10_001_000);
    expect(betterTime(told, hoursLater, 10_001_000)).toBe(hoursLater);
    const afterSleep = stationTimeOf('2026-11-24T03:00:00.000Z', 2_000, 2_500);
    expect(betterTime(told, afterSleep, 2_500)).toBe(afterSleep);
    expect(betterTime(told, null, 0)).toBe(told);
    expect(betterTime(null, told, 0)).toBe(told);
  });
});
