import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { Budget } from '../../../probes/budget.ts';
import { type Instruction, instructionSchema } from '../../../probes/instruction.ts';
import type { Finding, Metric } from '../../../probes/metric.ts';
import { Runner } from '../../../probes/runner.ts';
import { Spool } from '../../../probes/spool.ts';

const MINUTE = 60_000;
const FINDING: Finding = { outcome: { status: 'ok' }, address: '::1', values: {} };

/** A probe whose clock stands still until it is turned, and whose metrics end when told to. */
class Bench {
  readonly directory = mkdtempSync(join(tmpdir(), 'tongda-runner-'));
  readonly logged: string[] = [];
  readonly control = new AbortController();
  /** Ends of the runs in progress, by target. */
  readonly ends = new Map<string, () => void>();
  readonly overlaps: string[] = [];
  #now = { wallMs: Date.parse('2026-11-24T02:00:00Z'), monotonicMs: 1_000, bootMs: 1_000 };
  spool!: Spool;
  budget!: Budget;
  runner!: Runner;

  async start(limitB: number | null = null): Promise<void> {
    this.spool = await Spool.open(this.directory);
    this.budget = await Budget.open(this.directory, limitB);
    const note = (fields: object, text: string) =>
      void this.logged.push(`${JSON.stringify(fields)} ${text}`);
    this.runner = await Runner.resume({
      probe: 'village-7',
      directory: this.directory,
      spool: this.spool,
      budget: this.budget,
      metricNamed: (name) => (name === 'no' ? undefined : this.#metric(name)),
      clock: {
        wallMs: () => this.#now.wallMs,
        monotonicMs: () => this.#now.monotonicMs,
        bootMs: () => this.#now.bootMs,
      },
      stationTime: () => null,
      log: { info: note, warn: note, error: note },
      signal: this.control.signal,
    });
  }

  /** Time passes; `sleptMs` of it asleep, and the clock is set by `setMs`. */
  pass(ms: number, { sleptMs = 0, setMs = 0 } = {}): void {
    const { wallMs, monotonicMs, bootMs } = this.#now;
    this.#now = {
      wallMs: wallMs + ms + setMs,
      monotonicMs: monotonicMs + ms - sleptMs,
      bootMs: bootMs + ms,
    };
    this.runner.wake();
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise(setImmediate);
  }

  /** Lets the run of `target` end, once it has begun. */
  async end(target: string): Promise<void> {
    await this.until(() => this.ends.has(target));
    this.ends.get(target)?.();
    await this.until(() => !this.ends.has(target));
  }

  /** What is spooled, oldest first: target and outcome. */
  async found(): Promise<string[]> {
    const all = await this.spool.newest({ count: 1e6, sizeB: 1e9 });
    return all
      .reverse()
      .map(({ target, outcome, conflicts }) =>
        [target, outcome.status === 'skipped' ? outcome.reason : outcome.status, ...conflicts].join(
          ' ',
        ),
      );
  }

  async close(): Promise<void> {
    this.control.abort();
    await this.runner.settled();
    await this.spool.close();
    rmSync(this.directory, { recursive: true, force: true });
  }

  #metric(load: string): Metric {
    return {
      name: load,
      title: { zh: '测', en: 'test' },
      method: `${load}/1`,
      source: '',
      targetHint: '',
      load: load === 'loud' ? 'loud' : 'quiet',
      parameters: z.strictObject({}),
      values: [],
      costB: () => 1_000,
      canRun: async () => null,
      run: (target, _, { signal }) =>
        new Promise((resolve, reject) => {
          if (load === 'loud' || this.ends.has('loud'))
            this.overlaps.push(...[...this.ends.keys()].map((other) => `${target} ${other}`));
          this.ends.set(target, () => {
            this.ends.delete(target);
            resolve(FINDING);
          });
          signal.addEventListener('abort', () => reject(signal.reason));
        }),
    };
  }
}

/** One schedule for each name, of one task with that name as target. */
function instruction(schedules: Record<string, { metric: string; periodS?: number }>): Instruction {
  const names = Object.keys(schedules);
  return instructionSchema.parse({
    version: 1,
    agentId: 'village-7',
    generation: 1,
    issued: '2026-11-24T00:00:00.000Z',
    tasks: names.map((name) => ({
      name,
      metric: schedules[name]?.metric,
      target: name,
      family: 6,
    })),
    schedules: names
      .map((name) => ({ name, periodS: 60, ...schedules[name], tasks: [name] }))
      .map(({ name, periodS, tasks }) => ({ name, periodS, tasks })),
    reportPeriodS: 60,
    instructionPeriodS: 60,
  });
}

let bench: Bench;
beforeEach(() => {
  bench = new Bench();
});
afterEach(() => bench.close());

describe('Runner', () => {
  it('never lets a loud run overlap a quiet one, so that no conflicts are to be named', async () => {
    await bench.start();
    bench.runner.follow(
      instruction({
        a: { metric: 'quiet' },
        loud: { metric: 'loud' },
        b: { metric: 'quiet' },
      }),
    );
    bench.pass(0);
    await bench.until(() => bench.ends.size > 0);
    expect([...bench.ends.keys()]).toEqual(['a']);
    expect(bench.runner.state().running).toEqual(['a']);
    for (const name of ['a', 'loud', 'b']) await bench.end(name);
    await bench.runner.settled();
    expect(bench.overlaps).toEqual([]);
    expect(await bench.found()).toEqual(['a ok', 'loud ok', 'b ok']);
  });

  it.each<[string, string, (bench: Bench) => Promise<void>]>([
    [
      'a run that lasted over its next slots',
      'missed-busy',
      async (bench) => {
        bench.pass(MINUTE);
        await bench.until(() => bench.ends.has('a'));
        for (let minute = 0; minute < 3; minute++) bench.pass(MINUTE);
        await bench.end('a');
        await bench.runner.settled();
      },
    ],
    ['a machine that slept', 'missed-asleep', async (bench) => bench.pass(3e5, { sleptMs: 3e5 })],
    ['a clock set forward', 'missed-clock', async (bench) => bench.pass(0, { setMs: 3e5 })],
    ['nothing that is known', 'missed', async (bench) => bench.pass(3e5)],
  ])('says of a gap after %s: %s', async (_, reason, happen) => {
    await bench.start();
    bench.runner.follow(instruction({ a: { metric: 'quiet' } }));
    bench.pass(0);
    await bench.end('a');
    await bench.runner.settled();
    await happen(bench);
    bench.pass(0);
    await bench.end('a');
    await bench.runner.settled();
    const found = await bench.found();
    expect(found.filter((line) => line !== 'a ok')).toEqual([`a ${reason}`]);
  });

  it('says of a gap before it ran that it was off', async () => {
    await bench.start();
    const given = instruction({ a: { metric: 'quiet' } });
    bench.runner.follow(given);
    bench.pass(0);
    await bench.end('a');
    await bench.runner.settled();
    await bench.spool.close();
    bench.pass(10 * MINUTE);
    await bench.start();
    bench.runner.follow(given);
    bench.pass(0);
    await bench.end('a');
    await bench.runner.settled();
    expect(await bench.found()).toEqual(['a ok', 'a missed-off', 'a ok']);
  });

  it('pauses on a disk that takes nothing, and says afterwards why slots passed', async () => {
    await bench.start();
    bench.runner.follow(instruction({ a: { metric: 'quiet', periodS: 5 } }));
    bench.pass(0);
    await bench.end('a');
    await bench.runner.settled();
    const append = bench.spool.append.bind(bench.spool);
    bench.spool.append = () => Promise.reject(Object.assign(new Error('full'), { code: 'ENOSPC' }));
    bench.pass(5_000);
    await bench.end('a');
    await bench.runner.settled();
    for (let second = 0; second < 9; second++) bench.pass(1_000);
    expect(bench.ends.size).toBe(0);
    bench.spool.append = append;
    bench.pass(1_000);
    await bench.end('a');
    await bench.runner.settled();
    expect(await bench.found()).toEqual(['a ok', 'a missed-disk', 'a ok']);
    expect(bench.logged.join()).toContain('ENOSPC');
  });

  it('skips what the month does not hold, also after it was killed in the middle of a run', async () => {
    await bench.start(2_500);
    const given = instruction({ a: { metric: 'quiet' } });
    bench.runner.follow(given);
    for (let run = 0; run < 2; run++) {
      bench.pass(MINUTE);
      await bench.until(() => bench.ends.has('a'));
      if (run === 0) await bench.end('a');
      if (run === 0) await bench.runner.settled();
    }
    // The second run never ends: what is on disk now is what a kill would leave.
    const killed = await Budget.open(bench.directory, 2_500);
    expect(await killed.reserve(1_000, Date.parse('2026-11-24'))).toBeNull();
    await bench.end('a');
    await bench.runner.settled();
    bench.pass(MINUTE);
    await bench.runner.settled();
    expect(await bench.found()).toEqual(['a ok', 'a ok', 'a budget-exhausted']);
  });
});
