/**
 * One task into measurements, one for each of its targets: looks up the metric, asks whether this
 * machine can run it, runs it, and writes down what it found. Used by the agent and by
 * `tongda-probe once` alike.
 */
import { setMaxListeners } from 'node:events';
import type { Reservation } from './budget.ts';
import { type Clock, type ClockReading, clockChange, readClock, roundUs } from './clock.ts';
import { type Task, targetsOf } from './instruction.ts';
import { type ClockState, MEASUREMENT_VERSION, measurementSchema } from './measurement.ts';
import { type Finding, type Metric, SMALL_RUN_B, type Title, WITH_HEADERS } from './metric.ts';
import { inParallel } from './parallel.ts';
import type { MissedReason } from './schedule.ts';
import { SOFTWARE } from './software.ts';
import type { Draft } from './spool.ts';

/** No metric needs longer; one that takes longer is stuck. */
const TASK_LIMIT_MS = 180_000;
/** How long a metric may take to end once its signal says so. */
const GRACE_MS = 1_000;
/** What each of many targets may add to that. */
const TARGET_LIMIT_MS = 100;
/** Targets of one quiet task measured at once: TCP connects, more of them, delay each other. */
const QUIET_AT_ONCE = 16;
/** As many as a measurement may name. */
const CONFLICTS_LIMIT = 32;

/** A task in progress, so that tasks running at one time can name each other. */
export interface Running {
  readonly task: string;
  readonly load: Metric['load'];
  readonly conflicts: Set<string>;
}

export interface MeasureContext {
  readonly probe: string;
  readonly schedule: string;
  readonly metricNamed: (name: string) => Metric | undefined;
  readonly clock: Clock;
  /** The clock's state at `reading`, by what is known now; at this moment when not told. */
  readonly clockState: (reading?: ClockReading) => ClockState;
  /** Ends the run without a measurement. */
  readonly signal: AbortSignal;
  /** What runs now in this probe. */
  readonly running: Set<Running>;
  /** Told why a task could not be looked at. */
  readonly notice: (notice: Title & { readonly code: string; readonly error?: unknown }) => void;
  readonly limitMs?: number;
  /** Told how many targets are done. */
  readonly progress?: (done: number) => void;
  /** Charges a run's worst case; null where the month's budget does not hold it. Absent: no budget. */
  readonly reserve?: (costB: number) => Promise<Reservation | null>;
}

/** The measurement of a task with one target, without its number; null when `signal` ended it. */
export async function measure(task: Task, context: MeasureContext): Promise<Draft | null> {
  return (await measureAll(task, context))?.[0] ?? null;
}

/** A measurement for each target of the task, in their order; null when `signal` ended it. */
export async function measureAll(task: Task, context: MeasureContext): Promise<Draft[] | null> {
  const targets = targetsOf(task);
  const page = new Page(task, context);
  const prepared = await prepare(task, context);
  if ('reason' in prepared) return targets.map((target) => page.skipped(target, prepared.reason));
  const { metric } = prepared;
  const presence = new Presence(task.name, metric.load, context.running);
  try {
    const run = metric.runMany && targets.length > 1 ? together : oneByOne;
    const drafts = await run(targets, prepared, task, page, presence, context);
    if (context.signal.aborted) return null;
    const conflicts = presence.conflicts;
    return targets.map((target, index) => {
      const draft = drafts[index] ?? page.skipped(target, 'could-not-look');
      return { ...draft, conflicts };
    });
  } finally {
    presence.end();
  }
}

interface Prepared {
  readonly metric: Metric;
  readonly parameters: unknown;
  /** The most one target can move. */
  readonly costB: number;
}

/** The metric and its parameters, or the reason why it is not run here. */
async function prepare(
  task: Task,
  { metricNamed, notice, signal }: MeasureContext,
): Promise<Prepared | { readonly reason: string }> {
  const metric = metricNamed(task.metric);
  if (!metric) {
    notice({
      code: 'unknown-metric',
      zh: `本探针不认识指标 ${task.metric}(任务 ${task.name}):请升级探针`,
      en: `this probe knows no metric ${task.metric} (task ${task.name}): upgrade it`,
    });
    return { reason: 'unknown-metric' };
  }
  const parameters = metric.parameters.safeParse(task.parameters);
  if (!parameters.success) {
    const issue = parameters.error.issues[0];
    const where = issue?.path.join('.') || 'parameters';
    notice({
      code: 'bad-parameters',
      zh: `任务 ${task.name} 的参数 ${where} 不合要求:${issue?.message}`,
      en: `task ${task.name}: parameter ${where} is not as ${metric.name} asks: ${issue?.message}`,
    });
    return { reason: 'bad-parameters' };
  }
  try {
    const obstacle = await metric.canRun(task.family);
    const costB = metric.costB?.(parameters.data) ?? SMALL_RUN_B;
    if (obstacle === null) return { metric, parameters: parameters.data, costB };
    notice({ code: obstacle, ...obstacleTitle(obstacle, metric, task) });
    return { reason: obstacle };
  } catch (error) {
    if (!signal.aborted) notice(couldNotRun(task, error));
    return { reason: 'could-not-look' };
  }
}

/** How the targets of a task are gone through; undefined where a target is left without a finding. */
type Way = (
  targets: readonly string[],
  prepared: Prepared,
  task: Task,
  page: Page,
  presence: Presence,
  context: MeasureContext,
) => Promise<(Draft | undefined)[]>;

/** All in one run of a metric that knows how. */
const together: Way = async (targets, prepared, task, page, presence, context) => {
  const { metric, parameters, costB } = prepared;
  const { signal, notice, progress, limitMs = TASK_LIMIT_MS } = context;
  const drafts = targets.map((): Draft | undefined => undefined);
  let done = 0;
  let spentB = 0;
  const run = async (ends: AbortSignal) =>
    metric.runMany?.(targets, parameters, {
      family: task.family,
      signal: ends,
      found: (index, finding) => {
        // What a metric says after it was cut short is not what the network said.
        if (ends.aborted) return;
        drafts[index] = page.found(targets[index] ?? '', metric, finding);
        spentB += movedB(metric, finding, costB);
        done++;
        progress?.(done);
      },
    });
  try {
    const reservation = await context.reserve?.(costB * targets.length);
    if (reservation === null) {
      notice({ code: 'budget-exhausted', ...obstacleTitle('budget-exhausted', metric, task) });
      return targets.map((target) => page.skipped(target, 'budget-exhausted'));
    }
    await limited(run, signal, limitMs + TARGET_LIMIT_MS * targets.length, presence);
    await settled(reservation, spentB + costB * (targets.length - done), task, notice);
  } catch (error) {
    if (!signal.aborted) notice(couldNotRun(task, error));
  }
  return drafts;
};

/** Each in a run of its own, a few at once. */
const oneByOne: Way = async (targets, prepared, task, first, presence, context) => {
  const { metric, parameters, costB } = prepared;
  const { signal, notice, progress, limitMs = TASK_LIMIT_MS } = context;
  const drafts = targets.map((): Draft | undefined => undefined);
  let done = 0;
  const runOne = async (target: string, page: Page): Promise<Draft | undefined> => {
    const run = (ends: AbortSignal) =>
      metric.run(target, parameters, { family: task.family, signal: ends });
    try {
      const reservation = await context.reserve?.(costB);
      if (reservation === null) {
        notice({ code: 'budget-exhausted', ...obstacleTitle('budget-exhausted', metric, task) });
        return page.skipped(target, 'budget-exhausted');
      }
      // One that is cut short has moved nobody knows how much: its worst case stays charged.
      const finding = await limited(run, signal, limitMs, presence);
      await settled(reservation, movedB(metric, finding, costB), task, notice);
      return page.found(target, metric, finding);
    } catch (error) {
      if (signal.aborted) return undefined;
      notice(couldNotRun(task, error));
      return page.skipped(target, 'could-not-look');
    }
  };
  const atOnce = metric.load === 'loud' ? 1 : QUIET_AT_ONCE;
  // Every run listens to it.
  setMaxListeners(0, signal);
  await inParallel(atOnce, targets, async (target, index) => {
    if (signal.aborted) return;
    drafts[index] = await runOne(target, index === 0 ? first : new Page(task, context));
    progress?.(++done);
  });
  return drafts;
};

/**
 * Charges what was moved. What was found stands where that cannot be written down, as on a full disk: in
 * this process it is charged all the same.
 */
async function settled(
  reservation: Reservation | undefined,
  bytes: number,
  { name }: Task,
  notice: MeasureContext['notice'],
): Promise<void> {
  try {
    await reservation?.settle(bytes);
  } catch (error) {
    notice({
      code: 'budget-not-written',
      zh: `任务 ${name} 用去的流量未能记入流量预算文件:${messageOf(error)}`,
      en: `what task ${name} moved could not be written to the budget's file: ${messageOf(error)}`,
      error,
    });
  }
}

/** What is written down of targets whose measurement begins now. */
class Page {
  readonly #context: MeasureContext;
  readonly #blank: Draft;
  readonly #begun: ClockReading;

  constructor(task: Task, context: MeasureContext) {
    this.#context = context;
    this.#begun = readClock(context.clock);
    const { wallMs } = this.#begun;
    const clock = { wallMs: () => wallMs };
    this.#blank = emptyDraft(task, context.metricNamed(task.metric), { ...context, clock });
  }

  /** @throws Error where a metric broke its own promises */
  found(target: string, metric: Metric, finding: Finding): Draft {
    const { method = metric.method, address, outcome, values, samples, hops } = finding;
    return checked(metric, {
      ...this.#blank,
      ...{ target, method, address, outcome },
      durationMs: this.#elapsedMs,
      values: { ...values },
      ...(samples ? { samples: [...samples] } : {}),
      ...(hops ? { hops: [...hops] } : {}),
      clock: this.#clockOver(),
    });
  }

  skipped(target: string, reason: string): Draft {
    const outcome = { status: 'skipped', reason } as const;
    return { ...this.#blank, target, durationMs: this.#elapsedMs, outcome };
  }

  get #elapsedMs(): number {
    return roundUs(this.#context.clock.monotonicMs() - this.#begun.monotonicMs);
  }

  /**
   * The state of the clock at the start, by what is known at the end, unless the machine slept, over
   * which the monotonic clock does not lead back; with the step, where it was set meanwhile.
   */
  #clockOver(): ClockState {
    const { clock, clockState } = this.#context;
    const { steppedMs, sleptMs } = clockChange(this.#begun, readClock(clock));
    const state = sleptMs === 0 ? clockState(this.#begun) : this.#blank.clock;
    return steppedMs === 0 ? state : { ...state, stepMs: steppedMs };
  }
}

/** A task among those that run now, until everything it has begun has really ended. */
class Presence {
  readonly #self: Running;
  readonly #present: Set<Running>;
  #runs = 0;
  #over = false;

  constructor(task: string, load: Metric['load'], present: Set<Running>) {
    this.#self = { task, load, conflicts: new Set() };
    this.#present = present;
    meet(this.#self, present);
  }

  get conflicts(): string[] {
    return [...this.#self.conflicts].slice(0, CONFLICTS_LIMIT);
  }

  /** `run`, whose end is waited for. */
  during<T>(run: Promise<T>): Promise<T> {
    this.#runs++;
    return run.finally(() => {
      this.#runs--;
      this.#leave();
    });
  }

  /** Nothing more will begin. */
  end(): void {
    this.#over = true;
    this.#leave();
  }

  #leave(): void {
    if (this.#over && this.#runs === 0) this.#present.delete(this.#self);
  }
}

/** A measurement that says only that a slot passed without a run, and why. `start` is the slot's. */
export function missedDraft(
  task: Task,
  { startMs, reason }: { readonly startMs: number; readonly reason: MissedReason },
  context: Pick<MeasureContext, 'probe' | 'schedule' | 'metricNamed' | 'clockState'>,
): Draft {
  return {
    ...emptyDraft(task, context.metricNamed(task.metric), {
      ...context,
      clock: { wallMs: () => startMs },
    }),
    outcome: { status: 'skipped', reason },
  };
}

function emptyDraft(
  task: Task,
  metric: Metric | undefined,
  context: Pick<MeasureContext, 'probe' | 'schedule' | 'clockState'> & {
    readonly clock: Pick<Clock, 'wallMs'>;
  },
): Draft {
  return {
    version: MEASUREMENT_VERSION,
    probe: context.probe,
    schedule: context.schedule,
    task: task.name,
    metric: task.metric,
    method: metric?.method ?? 'unknown/0',
    target: targetsOf(task)[0] ?? '',
    address: null,
    family: task.family,
    start: new Date(context.clock.wallMs()).toISOString(),
    durationMs: 0,
    outcome: { status: 'ok' },
    values: {},
    conflicts: [],
    clock: context.clockState(),
    software: SOFTWARE,
  };
}

/**
 * What a run moved, for the budget, headers and all: what it says itself; else its worst case, unless
 * the metric would have said so had there been a body.
 */
export function movedB(
  { values: specs }: Metric,
  { values, outcome }: Finding,
  costB: number,
): number {
  if (values.movedB !== undefined) return values.movedB;
  const bodyB = values.payloadB ?? values.bodyB;
  if (bodyB !== undefined) return SMALL_RUN_B + Math.ceil(bodyB * WITH_HEADERS);
  const wouldSay = specs.some(({ name }) => /^(moved|payload|body)B$/.test(name));
  const wasCarried =
    outcome.status === 'ok' || (outcome.status === 'failed' && outcome.stage === 'body');
  return wouldSay && !wasCarried ? Math.min(costB, SMALL_RUN_B) : costB;
}

/** Makes tasks that disturb each other name each other. */
function meet(newcomer: Running, present: Set<Running>): void {
  for (const other of present)
    if (other.load === 'loud' || newcomer.load === 'loud') {
      other.conflicts.add(newcomer.task);
      newcomer.conflicts.add(other.task);
    }
  present.add(newcomer);
}

/**
 * Runs a metric under a time limit. One that does not end when told to is left behind, and counts
 * as running until it really ends.
 */
async function limited<T>(
  run: (signal: AbortSignal) => Promise<T>,
  stop: AbortSignal,
  limitMs: number,
  presence: Presence,
): Promise<T> {
  const control = new AbortController();
  let abandon: (reason: unknown) => void = () => {};
  const abandoned = new Promise<never>((_, reject) => {
    abandon = reject;
  });
  let grace: NodeJS.Timeout | undefined;
  const end = (reason: unknown) => {
    control.abort(reason);
    grace ??= setTimeout(() => abandon(reason), GRACE_MS);
  };
  const overdue = new Error(`no end within ${limitMs} ms`);
  const limit = setTimeout(() => end(overdue), limitMs);
  const stopped = () => end(stop.reason);
  stop.addEventListener('abort', stopped, { once: true });
  if (stop.aborted) stopped();
  const finding = presence.during(run(control.signal));
  try {
    const found = await Promise.race([finding, abandoned]);
    // What a metric says after it was cut short is not what the network said.
    if (control.signal.aborted) throw overdue;
    return found;
  } finally {
    finding.catch(() => {});
    clearTimeout(limit);
    clearTimeout(grace);
    stop.removeEventListener('abort', stopped);
  }
}

/** @throws Error where a metric broke its own promises */
function checked(metric: Metric, draft: Draft): Draft {
  const stranger = Object.keys(draft.values).find(
    (name) => !metric.values.some((value) => value.name === name),
  );
  if (stranger !== undefined) throw new Error(`${metric.name} declares no value ${stranger}`);
  const { success, error } = measurementSchema.omit({ sequence: true }).safeParse(draft);
  const issue = error?.issues[0];
  if (!success) throw new Error(`${issue?.path.join('.')}: ${issue?.message}`);
  return draft;
}

/** Why a machine cannot run a metric, and what to do. */
function obstacleTitle(obstacle: string, metric: Metric, task: Task): Title {
  if (obstacle === 'no-raw-socket')
    return {
      zh: `无 CAP_NET_RAW 或原始套接字模块,${metric.name} 记为未测:请授予该权限,或改用 tcp-connect 以 TCP 建连测 RTT`,
      en: `no CAP_NET_RAW or no raw-socket module, ${metric.name} is recorded as skipped: grant it, or use tcp-connect for the RTT of a TCP handshake`,
    };
  if (obstacle === 'budget-exhausted')
    return {
      zh: `本月流量预算已不够执行 ${metric.name}(任务 ${task.name}),记为未测:可调高 monthlyBudgetMiB,或在任务参数中限制单次流量`,
      en: `the month's data budget does not hold another ${metric.name} (task ${task.name}), recorded as skipped: raise monthlyBudgetMiB, or limit what the task moves by its parameters`,
    };
  return {
    zh: `本机不能以 IPv${task.family} 执行 ${metric.name}(${obstacle}),记为未测`,
    en: `this machine cannot run ${metric.name} over IPv${task.family} (${obstacle}): recorded as skipped`,
  };
}

function couldNotRun(task: Task, error: unknown) {
  return {
    code: 'could-not-look',
    zh: `任务 ${task.name} 未能执行:${messageOf(error)}`,
    en: `task ${task.name} could not be run: ${messageOf(error)}`,
    error,
  };
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
