/**
 * The Measurement Agent (RFC 7594 §4.1): pulls its instruction, runs what is due, spools what it
 * found, reports what is spooled. Each of the three goes on while the others cannot.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import cron from 'node-cron';
import { type Clock, clockState, systemClock } from './clock.ts';
import { readJson, replaceFile } from './durable.ts';
import { Fault } from './fault.ts';
import {
  acceptInstruction,
  type KnownInstruction,
  loadInstruction,
  saveInstruction,
} from './instruction-store.ts';
import { bilingual, type Log } from './log.ts';
import { type MeasureContext, measure, missedDraft, type Running } from './measure.ts';
import type { ClockState } from './measurement.ts';
import type { Metric } from './metric.ts';
import { encodeReport } from './report.ts';
import { dueRuns, type LastRuns, lastRunsSchema, withRun } from './schedule.ts';
import { SOFTWARE } from './software.ts';
import { Spool } from './spool.ts';
import { retryDelayMs, Station } from './station.ts';
import { Turns } from './turns.ts';

/** One report: what fits a poor link in seconds and never holds up live results for long. */
const REPORT_LIMIT = { count: 2_000, sizeB: 1024 * 1024 };
/** Until an instruction says otherwise. */
const FIRST_PERIOD_S = 10;
/** A full disk is not asked again at once. */
const SPOOL_PAUSE_MS = 10_000;
/** What running metrics get to end in. */
const STOP_GRACE_MS = 1_000;
const LAST_RUNS = 'schedules.json';
/** Made by systemd-timesyncd when it has set the clock. */
const SYNCHRONISED = '/run/systemd/timesync/synchronized';

export interface AgentConfig {
  /** Base URL of the station. */
  readonly station: string;
  readonly probe: string;
  readonly token: string;
  /** Directory of the spool and of all the agent remembers. */
  readonly spool: string;
  readonly spoolLimitB: number;
}

export interface AgentOptions {
  /** Stops the agent. */
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly metricNamed: (name: string) => Metric | undefined;
  readonly clock?: Clock;
}

/**
 * Runs until `signal` aborts, then ends within about a second. What was in flight is not recorded
 * and its slot stays open: at the next start it runs again, or is recorded as missed.
 *
 * @throws Fault `spool-locked`, or an error of the file system, when it cannot start
 */
export async function runAgent(config: AgentConfig, options: AgentOptions): Promise<void> {
  const spool = await Spool.open(config.spool, { limitB: config.spoolLimitB });
  const agent = new MeasurementAgent(config, options, spool);
  try {
    await agent.run();
  } finally {
    await spool.close();
  }
}

class MeasurementAgent {
  readonly #config: AgentConfig;
  readonly #signal: AbortSignal;
  readonly #log: Log;
  readonly #metricNamed: AgentOptions['metricNamed'];
  readonly #clock: Clock;
  readonly #spool: Spool;
  readonly #station: Station;
  readonly #turns = new Turns();
  readonly #running = new Set<Running>();
  /** Schedules waiting for their turn or running, with the promise of their end. */
  readonly #active = new Map<string, Promise<void>>();
  /** Notices already given: each is said once. */
  readonly #said = new Set<string>();
  #known: KnownInstruction | null = null;
  #lastRuns: LastRuns = {};
  #pausedUntilMs = 0;
  #losses: string;

  constructor(config: AgentConfig, options: AgentOptions, spool: Spool) {
    this.#config = config;
    this.#signal = options.signal;
    this.#log = options.log;
    this.#metricNamed = options.metricNamed;
    this.#clock = options.clock ?? systemClock;
    this.#spool = spool;
    this.#losses = JSON.stringify(spool.losses);
    this.#station = new Station(config.station, config.token, this.#clock);
  }

  async run(): Promise<void> {
    const { probe, spool: directory } = this.#config;
    this.#known = await loadInstruction(directory, probe);
    const lastRuns = lastRunsSchema.safeParse(await readJson(join(directory, LAST_RUNS)));
    if (lastRuns.success) this.#lastRuns = lastRuns.data;
    const { pending } = this.#spool;
    this.#log.info(
      { probe, pending, losses: this.#spool.losses, software: SOFTWARE },
      bilingual({
        zh: `探针 ${probe} 已启动,缓存中有 ${pending} 条待报`,
        en: `probe ${probe} is up, ${pending} measurements wait in the spool`,
      }),
    );
    // node-cron only wakes; what is due is `dueRuns`' to say.
    const waking = cron.schedule('* * * * * *', () => this.#wake(), {
      suppressMissedWarning: true,
    });
    try {
      await Promise.all([this.#repeat(() => this.#instruct()), this.#repeat(() => this.#report())]);
    } finally {
      await waking.destroy();
      await Promise.race([Promise.all(this.#active.values()), sleep(STOP_GRACE_MS)]);
      await this.#station.close();
    }
  }

  /** Does `step` again and again, which says after how many seconds; later and later while it fails. */
  async #repeat(step: () => Promise<number>): Promise<void> {
    for (let failures = 0; !this.#signal.aborted; ) {
      let delayMs: number;
      try {
        delayMs = (await step()) * 1000 * (0.9 + Math.random() / 5);
        failures = 0;
      } catch (error) {
        if (this.#signal.aborted) return;
        failures++;
        delayMs = retryDelayMs(error, failures, Math.random());
        this.#warn(error, { failures, retryMs: Math.round(delayMs) });
      }
      await sleep(delayMs, undefined, { signal: this.#signal }).catch(() => {});
    }
  }

  async #instruct(): Promise<number> {
    const { spool: directory, probe } = this.#config;
    const answer = await this.#station.instruction(this.#known?.etag ?? null, this.#signal);
    if (answer) {
      const before = this.#known?.instruction ?? null;
      const instruction = acceptInstruction(before, answer.instruction, probe);
      this.#known = { etag: answer.etag, instruction };
      this.#said.clear();
      const { generation, tasks, schedules } = instruction;
      this.#log.info(
        { generation },
        bilingual({
          zh: `收到第 ${generation} 代指令:${schedules.length} 个计划,${tasks.length} 个任务`,
          en: `instruction generation ${generation}: ${schedules.length} schedules, ${tasks.length} tasks`,
        }),
      );
      await saveInstruction(directory, this.#known);
    }
    return this.#known?.instruction.instructionPeriodS ?? FIRST_PERIOD_S;
  }

  /** Sends reports until less than a full one is left. */
  async #report(): Promise<number> {
    const agentId = this.#config.probe;
    for (let full = true; full && !this.#signal.aborted; ) {
      const before = this.#spool.pending;
      const measurements = await this.#spool.newest(REPORT_LIMIT);
      if (measurements.length === 0) break;
      full = measurements.length < before;
      const date = new Date(this.#clock.wallMs()).toISOString();
      const answer = await this.#station.report(
        encodeReport({ date, agentId }, measurements),
        this.#signal,
      );
      const removed = await this.#spool.acknowledge(answer.covers);
      for (const { sequence, code, reason } of answer.quarantined)
        this.#log.warn(
          { sequence, code },
          bilingual({
            zh: `测量 ${sequence ?? '?'} 被站点隔离(${code}):${reason}`,
            en: `measurement ${sequence ?? '?'} was quarantined by the station (${code}): ${reason}`,
          }),
        );
      if (removed === 0)
        throw new Fault(
          'nothing-acknowledged',
          `站点收下了报告,却没有确认其中任何一条(共 ${measurements.length} 条):全部保留,稍后重发`,
          `the station took the report but acknowledged none of its ${measurements.length} measurements: all are kept and sent again`,
        );
      this.#log.info(
        { removed, pending: this.#spool.pending },
        bilingual({
          zh: `已报 ${removed} 条,余 ${this.#spool.pending} 条`,
          en: `${removed} reported, ${this.#spool.pending} left`,
        }),
      );
    }
    this.#sayLosses();
    return this.#known?.instruction.reportPeriodS ?? FIRST_PERIOD_S;
  }

  #wake(): void {
    if (!this.#known || this.#signal.aborted) return;
    if (this.#clock.monotonicMs() < this.#pausedUntilMs) return;
    for (const { schedule } of dueRuns(
      this.#known.instruction,
      this.#lastRuns,
      this.#clock.wallMs(),
    )) {
      if (this.#active.has(schedule.name)) continue;
      const load = schedule.tasks.some((name) => this.#loadOf(name) === 'loud') ? 'loud' : 'quiet';
      const run = this.#turns
        .take(load, () => this.#run(schedule.name))
        .catch((error) => this.#spoolFailed(error))
        .finally(() => this.#active.delete(schedule.name));
      this.#active.set(schedule.name, run);
    }
  }

  /** Runs a schedule if, now that its turn has come, it still is due. */
  async #run(name: string): Promise<void> {
    const instruction = this.#known?.instruction;
    if (!instruction || this.#signal.aborted) return;
    const run = dueRuns(instruction, this.#lastRuns, this.#clock.wallMs()).find(
      ({ schedule }) => schedule.name === name,
    );
    if (!run) return;
    const byName = new Map(instruction.tasks.map((task) => [task.name, task]));
    const tasks = run.schedule.tasks.flatMap((task) => byName.get(task) ?? []);
    const context = this.#context(name);
    if (run.missed > 0 && tasks[0]) {
      this.#log.warn(
        { schedule: name, missed: run.missed },
        bilingual({
          zh: `计划 ${name} 漏测 ${run.missed} 次,记为一条 missed`,
          en: `schedule ${name} missed ${run.missed} runs, recorded as one missed measurement`,
        }),
      );
      await this.#spool.append(missedDraft(tasks[0], run.missedSlotMs, context));
    }
    for (const task of tasks) {
      const draft = await measure(task, context);
      if (!draft) return;
      await this.#spool.append(draft);
    }
    this.#lastRuns = withRun(instruction, this.#lastRuns, run);
    await replaceFile(join(this.#config.spool, LAST_RUNS), `${JSON.stringify(this.#lastRuns)}\n`);
    this.#sayLosses();
  }

  #context(schedule: string): MeasureContext {
    return {
      probe: this.#config.probe,
      schedule,
      metricNamed: this.#metricNamed,
      clock: this.#clock,
      clockState: () => this.#clockState(),
      signal: this.#signal,
      running: this.#running,
      notice: ({ code, error, ...title }) => {
        const message = bilingual(title);
        if (this.#said.has(message)) return;
        this.#said.add(message);
        this.#log.warn({ code, ...(error instanceof Error ? { err: error } : {}) }, message);
      },
    };
  }

  #loadOf(name: string): Metric['load'] {
    const task = this.#known?.instruction.tasks.find((task) => task.name === name);
    return (task && this.#metricNamed(task.metric)?.load) ?? 'quiet';
  }

  #clockState(): ClockState {
    const now = { wallMs: this.#clock.wallMs(), monotonicMs: this.#clock.monotonicMs() };
    // That nobody says so does not mean that the clock is wrong.
    return clockState(this.#station.time, now, existsSync(SYNCHRONISED) || null);
  }

  /** What could not be made durable was not measured: the slot stays open, and is tried again. */
  #spoolFailed(error: unknown): void {
    if (this.#signal.aborted) return;
    this.#pausedUntilMs = this.#clock.monotonicMs() + SPOOL_PAUSE_MS;
    const { code = 'spool-failed' } = error as NodeJS.ErrnoException;
    this.#log.error(
      { code, err: error },
      code === 'ENOSPC'
        ? bilingual({
            zh: `磁盘已满,缓存目录 ${this.#config.spool} 写不进去:测量暂停,请腾出空间`,
            en: `the disk is full, the spool ${this.#config.spool} cannot be written: measuring pauses, make room`,
          })
        : bilingual({
            zh: `缓存目录 ${this.#config.spool} 写入失败(${code}):测量暂停后重试`,
            en: `the spool ${this.#config.spool} cannot be written (${code}): measuring pauses and is tried again`,
          }),
    );
  }

  #sayLosses(): void {
    const losses = JSON.stringify(this.#spool.losses);
    if (losses === this.#losses) return;
    this.#losses = losses;
    this.#log.warn(
      { losses: this.#spool.losses },
      bilingual({
        zh: `缓存有所舍弃或损坏,累计:${losses}`,
        en: `the spool has given up or lost records, in all: ${losses}`,
      }),
    );
  }

  #warn(error: unknown, fields: object): void {
    if (error instanceof Fault) this.#log.warn({ code: error.code, ...fields }, error.message);
    else
      this.#log.error(
        { err: error, ...fields },
        bilingual({ zh: '意外错误,稍后重试', en: 'unexpected error, trying again later' }),
      );
  }
}
