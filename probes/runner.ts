/** Runs what is due: wakes, takes turns, measures, spools, and remembers what has run. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Budget } from './budget.ts';
import {
  type Clock,
  type ClockReading,
  clockChange,
  clockState,
  readClock,
  type StationTime,
} from './clock.ts';
import { readJson, replaceFile } from './durable.ts';
import type { Instruction } from './instruction.ts';
import { bilingual, type Log } from './log.ts';
import { type MeasureContext, measureAll } from './measure.ts';
import type { ClockState } from './measurement.ts';
import type { Metric } from './metric.ts';
import type { Running } from './presence.ts';
import { missedDraft } from './recorder.ts';
import {
  type DueRun,
  dueRuns,
  type LastRuns,
  lastRunsSchema,
  missedReason,
  nextRunMs,
  type Witness,
  withRun,
} from './schedule.ts';
import type { Spool } from './spool.ts';
import { Turns } from './turns.ts';

/** A full disk is not asked again at once. */
const SPOOL_PAUSE_MS = 10_000;
/** Measurements of one task that share an fsync: about 100 kB of them. */
const APPENDED_AT_ONCE = 250;
const LAST_RUNS = 'schedules.json';
/** Made by systemd-timesyncd when it has set the clock. */
const SYNCHRONISED = '/run/systemd/timesync/synchronized';

export interface RunnerOptions {
  readonly probe: string;
  /** Where it remembers what has run. */
  readonly directory: string;
  readonly spool: Spool;
  readonly budget: Budget;
  readonly metricNamed: (name: string) => Metric | undefined;
  readonly clock: Clock;
  /** The station's time as known now. */
  readonly stationTime: () => StationTime | null;
  readonly log: Log;
  /** Ends all runs; their slots stay open. */
  readonly signal: AbortSignal;
}

export class Runner {
  readonly #options: RunnerOptions;
  readonly #turns = new Turns();
  readonly #running = new Set<Running>();
  /** Schedules waiting for their turn or running: the slot they were started in, and their end. */
  readonly #active = new Map<string, { readonly slotMs: number; readonly end: Promise<void> }>();
  /** What kept a schedule from running since it last ran. */
  readonly #held = new Map<string, Witness['held']>();
  readonly #begunMs: number;
  #wokeMs: number | undefined;
  #steppedMs: number | undefined;
  /** The clock as last read. */
  #reading: ClockReading;
  /** Notices already given: each is said once per instruction. */
  readonly #said = new Set<string>();
  #instruction: Instruction | null = null;
  #lastRuns: LastRuns = {};
  #pausedUntilMs = 0;
  /** Schedules end side by side, their file is written one time after the other. */
  #saving: Promise<void> = Promise.resolve();

  private constructor(options: RunnerOptions, lastRuns: LastRuns) {
    this.#options = options;
    this.#lastRuns = lastRuns;
    this.#reading = readClock(options.clock);
    this.#begunMs = this.#reading.wallMs;
  }

  /** A runner that remembers what ran before this process began. */
  static async resume(options: RunnerOptions): Promise<Runner> {
    const stored = lastRunsSchema.safeParse(await readJson(join(options.directory, LAST_RUNS)));
    return new Runner(options, stored.success ? stored.data : {});
  }

  /** What to run from now on. */
  follow(instruction: Instruction): void {
    this.#instruction = instruction;
    this.#said.clear();
  }

  /** Resolves when nothing runs any more. */
  async settled(): Promise<void> {
    await Promise.all([...this.#active.values()].map(({ end }) => end));
  }

  /** Starts what is due and does not run yet. */
  wake(): void {
    const { signal, clock } = this.#options;
    this.#watchClock();
    const instruction = this.#instruction;
    if (!instruction || signal.aborted) return;
    const paused = clock.monotonicMs() < this.#pausedUntilMs;
    for (const { schedule, slotMs } of dueRuns(instruction, this.#lastRuns, clock.wallMs())) {
      const { name } = schedule;
      const active = this.#active.get(name);
      if (active && active.slotMs < slotMs) this.#held.set(name, 'missed-busy');
      if (!active && paused) this.#held.set(name, 'missed-disk');
      if (active || paused) continue;
      const load = schedule.tasks.some((task) => this.#loadOf(task) === 'loud') ? 'loud' : 'quiet';
      const end = this.#turns
        .take(load, () => this.#run(name))
        .catch((error) => this.#spoolFailed(error))
        .finally(() => this.#active.delete(name));
      this.#active.set(name, { slotMs, end });
    }
  }

  /** What runs now, and what is due when. */
  state(): { readonly running: string[]; readonly next: Record<string, number | null> } {
    const { clock } = this.#options;
    const instruction = this.#instruction;
    const next = (instruction?.schedules ?? []).map((schedule) => [
      schedule.name,
      instruction && nextRunMs(instruction, schedule, this.#lastRuns, clock.wallMs()),
    ]);
    return {
      running: [...this.#running].map(({ task }) => task),
      next: Object.fromEntries(next),
    };
  }

  /** Notices, once a second, that the clock was set or the machine slept. */
  #watchClock(): void {
    const { clock, log } = this.#options;
    const reading = readClock(clock);
    const { steppedMs, sleptMs } = clockChange(this.#reading, reading);
    this.#reading = reading;
    if (sleptMs > 0) this.#wokeMs = reading.wallMs;
    if (steppedMs > 0) this.#steppedMs = reading.wallMs;
    if (steppedMs !== 0)
      log.warn(
        { steppedMs },
        bilingual({
          zh: `本机时钟被调整了 ${steppedMs / 1000} 秒`,
          en: `this machine's clock was set by ${steppedMs / 1000} s`,
        }),
      );
  }

  /** Runs a schedule if, now that its turn has come, it still is due. */
  async #run(name: string): Promise<void> {
    const { clock, signal, spool, log } = this.#options;
    const instruction = this.#instruction;
    if (!instruction || signal.aborted) return;
    const run = dueRuns(instruction, this.#lastRuns, clock.wallMs()).find(
      ({ schedule }) => schedule.name === name,
    );
    if (!run) return;
    const byName = new Map(instruction.tasks.map((task) => [task.name, task]));
    const tasks = run.schedule.tasks.flatMap((task) => byName.get(task) ?? []);
    const context = this.#context(name);
    if (run.missed > 0 && tasks[0]) {
      const reason = this.#whyMissed(run);
      log.warn(
        { schedule: name, missed: run.missed, reason },
        bilingual({
          zh: `计划 ${name} 漏测 ${run.missed} 次,记为一条 ${reason}`,
          en: `schedule ${name} missed ${run.missed} runs, recorded as one measurement ${reason}`,
        }),
      );
      await spool.append(missedDraft(tasks[0], { startMs: run.missedSlotMs, reason }, context));
    }
    // From here on it holds up the slots that follow its own.
    this.#held.delete(name);
    for (const task of tasks) {
      const drafts = await measureAll(task, context);
      if (!drafts) return;
      for (let begin = 0; begin < drafts.length; begin += APPENDED_AT_ONCE)
        await Promise.all(
          drafts.slice(begin, begin + APPENDED_AT_ONCE).map((draft) => spool.append(draft)),
        );
    }
    this.#lastRuns = withRun(instruction, this.#lastRuns, run);
    this.#saving = this.#saving.catch(() => {}).then(() => this.#save());
    await this.#saving;
  }

  #whyMissed(run: DueRun) {
    return missedReason(run, {
      begunMs: this.#begunMs,
      held: this.#held.get(run.schedule.name),
      wokeMs: this.#wokeMs,
      steppedMs: this.#steppedMs,
    });
  }

  #save(): Promise<void> {
    const path = join(this.#options.directory, LAST_RUNS);
    return replaceFile(path, `${JSON.stringify(this.#lastRuns)}\n`);
  }

  #context(schedule: string): MeasureContext {
    const { probe, metricNamed, clock, signal, log } = this.#options;
    return {
      probe,
      schedule,
      metricNamed,
      clock,
      clockState: (reading) => this.clockState(reading),
      reserve: (costB) => this.#options.budget.reserve(costB, this.stationMs()),
      signal,
      running: this.#running,
      notice: ({ code, error, ...title }) => {
        const message = bilingual(title);
        if (this.#said.has(message)) return;
        this.#said.add(message);
        log.warn({ code, ...(error instanceof Error ? { err: error } : {}) }, message);
      },
    };
  }

  /** The clock's state at `reading`, or now. */
  clockState(reading = readClock(this.#options.clock)): ClockState {
    // That nobody says so does not mean that the clock is wrong.
    return clockState(this.#options.stationTime(), reading, existsSync(SYNCHRONISED) || null);
  }

  /** The best time there is: a budget month is the station's month, where that is known. */
  stationMs(): number {
    const now = readClock(this.#options.clock);
    return now.wallMs + (clockState(this.#options.stationTime(), now, null).offsetMs ?? 0);
  }

  #loadOf(name: string): Metric['load'] {
    const task = this.#instruction?.tasks.find((task) => task.name === name);
    return (task && this.#options.metricNamed(task.metric)?.load) ?? 'quiet';
  }

  /** What could not be made durable was not measured: the slot stays open, and is tried again. */
  #spoolFailed(error: unknown): void {
    const { clock, signal, log, directory } = this.#options;
    if (signal.aborted) return;
    this.#pausedUntilMs = clock.monotonicMs() + SPOOL_PAUSE_MS;
    const { code = 'spool-failed' } = error as NodeJS.ErrnoException;
    const title =
      code === 'ENOSPC'
        ? {
            zh: `磁盘已满,缓存目录 ${directory} 写不进去:测量暂停,请腾出空间`,
            en: `the disk is full, the spool ${directory} cannot be written: measuring pauses, make room`,
          }
        : {
            zh: `缓存目录 ${directory} 写入失败(${code}):测量暂停后重试`,
            en: `the spool ${directory} cannot be written (${code}): measuring pauses and is tried again`,
          };
    log.error({ code, err: error }, bilingual(title));
  }
}
