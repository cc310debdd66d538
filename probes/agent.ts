/**
 * The Measurement Agent (RFC 7594 §4.1): pulls its instruction, runs what is due, spools what it
 * found, reports what is spooled. Each of the three goes on while the others cannot.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import cron from 'node-cron';
import { Budget } from './budget.ts';
import { type Clock, systemClock } from './clock.ts';
import { Fault } from './fault.ts';
import type { Instruction } from './instruction.ts';
import {
  acceptInstruction,
  type KnownInstruction,
  loadInstruction,
  saveInstruction,
} from './instruction-store.ts';
import { bilingual, type Log } from './log.ts';
import type { Metric } from './metric.ts';
import { encodeReport } from './report.ts';
import { Runner } from './runner.ts';
import { SOFTWARE } from './software.ts';
import { Spool } from './spool.ts';
import { retryDelayMs, Station } from './station.ts';
import { instantOf, type LiveState, type Trouble } from './status.ts';

/** One report: what fits a poor link in seconds and never holds up live results for long. */
const REPORT_LIMIT = { count: 2_000, sizeB: 1024 * 1024 };
/** Until an instruction says otherwise. */
const FIRST_PERIOD_S = 5;
/** What running metrics get to end in. */
const STOP_GRACE_MS = 1_000;

export interface AgentConfig {
  /** Base URL of the station. */
  readonly station: string;
  readonly probe: string;
  readonly token: string;
  /** Directory of the spool and of all the agent remembers. */
  readonly spool: string;
  readonly spoolLimitB: number;
  /** What measuring may move in a month (`budget.ts`); null: no limit of its own. */
  readonly monthlyBudgetB: number | null;
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
export async function runAgent(
  config: AgentConfig,
  { signal, log, metricNamed, clock = systemClock }: AgentOptions,
): Promise<void> {
  const { probe, spool: directory } = config;
  let agent: MeasurementAgent | undefined;
  const spool = await Spool.open(directory, {
    limitB: config.spoolLimitB,
    answer: () => JSON.stringify(agent?.state() ?? null),
  });
  const budget = await Budget.open(directory, config.monthlyBudgetB).catch(async (error) => {
    await spool.close();
    throw error;
  });
  const station = new Station(config.station, config.token, clock);
  try {
    const runner = await Runner.resume({
      probe,
      directory,
      spool,
      budget,
      metricNamed,
      clock,
      stationTime: () => station.time,
      log,
      signal,
    });
    const known = await loadInstruction(directory, probe);
    log.info(
      { probe, pending: spool.pending, losses: spool.losses, software: SOFTWARE },
      bilingual({
        zh: `探针 ${probe} 已启动,缓存中有 ${spool.pending} 条待报`,
        en: `probe ${probe} is up, ${spool.pending} measurements wait in the spool`,
      }),
    );
    agent = new MeasurementAgent(
      config,
      { signal, log, clock, spool, station, budget, runner },
      known,
    );
    // node-cron only wakes; what is due is `dueRuns`' to say.
    const waking = cron.schedule('* * * * * *', () => runner.wake(), {
      suppressMissedWarning: true,
    });
    await agent.untilStopped();
    await waking.destroy();
    await Promise.race([runner.settled(), sleep(STOP_GRACE_MS)]);
  } finally {
    await station.close();
    // Where the disk is full the older file stays, which charges no less.
    await budget.close().catch(() => {});
    await spool.close();
  }
}

interface Parts {
  readonly signal: AbortSignal;
  readonly log: Log;
  readonly clock: Clock;
  readonly spool: Spool;
  readonly station: Station;
  readonly budget: Budget;
  readonly runner: Runner;
}

/** The two conversations with the station, each on its own. */
class MeasurementAgent {
  readonly #config: AgentConfig;
  readonly #parts: Parts;
  #known: KnownInstruction | null;
  #losses: string;
  readonly #sinceMs: number;
  #reportedMs: number | null = null;
  readonly #trouble: { instruction: Trouble | null; report: Trouble | null } = {
    instruction: null,
    report: null,
  };

  constructor(config: AgentConfig, parts: Parts, known: KnownInstruction | null) {
    this.#config = config;
    this.#parts = parts;
    this.#known = known;
    this.#losses = JSON.stringify(parts.spool.losses);
    this.#sinceMs = parts.clock.wallMs();
    if (known) this.#follow(known.instruction);
  }

  async untilStopped(): Promise<void> {
    this.#sayLosses();
    await Promise.all([
      this.#repeat('instruction', () => this.#instruct()),
      this.#repeat('report', () => this.#report()),
    ]);
  }

  /** What `tongda-probe status` shows. */
  state(): LiveState {
    const { spool, budget, runner } = this.#parts;
    const { probe, station } = this.#config;
    const { running, next } = runner.state();
    return {
      software: SOFTWARE,
      probe,
      station,
      since: new Date(this.#sinceMs).toISOString(),
      generation: this.#known?.instruction.generation ?? null,
      tasks: running,
      next: Object.fromEntries(Object.entries(next).map(([name, ms]) => [name, instantOf(ms)])),
      spool: { pending: spool.pending, sizeB: spool.sizeB, losses: spool.losses },
      budget: budget.state(runner.stationMs()),
      reported: instantOf(this.#reportedMs),
      trouble: this.#trouble,
      clock: runner.clockState(),
    };
  }

  #follow(instruction: Instruction): void {
    const { budget, runner } = this.#parts;
    const limits = [this.#config.monthlyBudgetB, instruction.monthlyBudgetB ?? null];
    const limitsB = limits.filter((limit) => limit !== null);
    budget.limit(limitsB.length === 0 ? null : Math.min(...limitsB));
    runner.follow(instruction);
  }

  /** Does `step` again and again, which says after how many seconds; later and later while it fails. */
  async #repeat(exchange: 'instruction' | 'report', step: () => Promise<number>): Promise<void> {
    const { signal } = this.#parts;
    for (let failures = 0; !signal.aborted; ) {
      let delayMs: number;
      try {
        delayMs = (await step()) * 1000 * (0.9 + Math.random() / 5);
        failures = 0;
        this.#trouble[exchange] = null;
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        delayMs = retryDelayMs(error, failures, Math.random());
        this.#trouble[exchange] = troubleOf(error, this.#parts.clock.wallMs());
        this.#warn(error, { failures, retryMs: Math.round(delayMs) });
      }
      await sleep(delayMs, undefined, { signal }).catch(() => {});
    }
  }

  async #instruct(): Promise<number> {
    const { spool: directory, probe } = this.#config;
    const { station, log, signal } = this.#parts;
    const answer = await station.instruction(this.#known?.etag ?? null, signal);
    if (answer) {
      const before = this.#known?.instruction ?? null;
      const instruction = acceptInstruction(before, answer.instruction, probe);
      this.#known = { etag: answer.etag, instruction };
      this.#follow(instruction);
      const { generation, tasks, schedules } = instruction;
      log.info(
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
    const { spool, station, log, signal, clock } = this.#parts;
    for (let full = true; full && !signal.aborted; ) {
      const before = spool.pending;
      const measurements = await spool.newest(REPORT_LIMIT);
      if (measurements.length === 0) break;
      full = measurements.length < before;
      const date = new Date(clock.wallMs()).toISOString();
      const answer = await station.report(encodeReport({ date, agentId }, measurements), signal);
      const removed = await spool.acknowledge(answer.covers);
      if (removed > 0) this.#reportedMs = clock.wallMs();
      for (const { sequence, code, reason } of answer.quarantined)
        log.warn(
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
      log.info(
        { removed, pending: spool.pending },
        bilingual({
          zh: `已报 ${removed} 条,余 ${spool.pending} 条`,
          en: `${removed} reported, ${spool.pending} left`,
        }),
      );
    }
    this.#sayLosses();
    return this.#known?.instruction.reportPeriodS ?? FIRST_PERIOD_S;
  }

  #sayLosses(): void {
    const { spool, log } = this.#parts;
    for (const damage of spool.takeDamages())
      log.warn(
        damage,
        bilingual({
          zh: `缓存文件 ${damage.segment} 第 ${damage.offset} 字节起 ${damage.sizeB} 字节损坏,丢失测量 ${damage.sequence ?? '(序号已不可辨)'}`,
          en: `${damage.sizeB} bytes from ${damage.offset} of the spool's ${damage.segment} are damaged, measurement ${damage.sequence ?? 'of unknown number'} is lost`,
        }),
      );
    const losses = JSON.stringify(spool.losses);
    if (losses === this.#losses) return;
    this.#losses = losses;
    log.warn(
      { losses: spool.losses },
      bilingual({
        zh: `缓存有所舍弃或损坏,累计:${losses}`,
        en: `the spool has given up or lost records, in all: ${losses}`,
      }),
    );
  }

  #warn(error: unknown, fields: object): void {
    const { log } = this.#parts;
    if (error instanceof Fault) log.warn({ code: error.code, ...fields }, error.message);
    else
      log.error(
        { err: error, ...fields },
        bilingual({ zh: '意外错误,稍后重试', en: 'unexpected error, trying again later' }),
      );
  }
}

function troubleOf(error: unknown, nowMs: number): Trouble {
  const { code = 'unexpected', message } = error as NodeJS.ErrnoException;
  return { at: new Date(nowMs).toISOString(), code, message };
}
