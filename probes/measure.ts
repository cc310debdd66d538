/**
 * One task into one measurement: looks up the metric, asks whether this machine can run it, runs
 * it, and writes down what it found. Used by the agent and by `tongda-probe once` alike.
 */
import type { Reservation } from './budget.ts';
import { type Clock, type ClockReading, clockChange, readClock, roundUs } from './clock.ts';
import type { Task } from './instruction.ts';
import { type ClockState, MEASUREMENT_VERSION, measurementSchema } from './measurement.ts';
import { type Finding, type Metric, SMALL_RUN_B, type Title, WITH_HEADERS } from './metric.ts';
import type { MissedReason } from './schedule.ts';
import { SOFTWARE } from './software.ts';
import type { Draft } from './spool.ts';

/** No metric needs longer; one that takes longer is stuck. */
const TASK_LIMIT_MS = 180_000;
/** How long a metric may take to end once its signal says so. */
const GRACE_MS = 1_000;

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
  /** Charges a run's worst case; null where the month's budget does not hold it. Absent: no budget. */
  readonly reserve?: (costB: number) => Promise<Reservation | null>;
}

/** The measurement, without its number; null when `signal` ended it. */
export async function measure(task: Task, context: MeasureContext): Promise<Draft | null> {
  const { clock, signal, notice } = context;
  const metric = context.metricNamed(task.metric);
  const begun = readClock(clock);
  const draft = emptyDraft(task, metric, { ...context, clock: { wallMs: () => begun.wallMs } });
  const begunMs = begun.monotonicMs;
  const skipped = (reason: string): Draft => ({
    ...draft,
    durationMs: roundUs(clock.monotonicMs() - begunMs),
    outcome: { status: 'skipped', reason },
  });

  if (!metric) {
    notice({
      code: 'unknown-metric',
      zh: `本探针不认识指标 ${task.metric}(任务 ${task.name}):请升级探针`,
      en: `this probe knows no metric ${task.metric} (task ${task.name}): upgrade it`,
    });
    return skipped('unknown-metric');
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
    return skipped('bad-parameters');
  }

  const running: Running = { task: task.name, load: metric.load, conflicts: new Set() };
  try {
    const obstacle = await metric.canRun(task.family);
    if (obstacle !== null) {
      notice({ code: obstacle, ...obstacleTitle(obstacle, metric, task) });
      return skipped(obstacle);
    }
    const costB = metric.costB?.(parameters.data) ?? SMALL_RUN_B;
    const reservation = await context.reserve?.(costB);
    if (reservation === null) {
      notice({ code: 'budget-exhausted', ...obstacleTitle('budget-exhausted', metric, task) });
      return skipped('budget-exhausted');
    }
    meet(running, context.running);
    const finding = await limited(
      (ends) => metric.run(task.target, parameters.data, { family: task.family, signal: ends }),
      signal,
      context.limitMs ?? TASK_LIMIT_MS,
      () => context.running.delete(running),
    );
    // A run cut short has moved nobody knows how much: its worst case stays charged.
    if (signal.aborted) return null;
    await reservation?.settle(movedB(metric, finding, costB));
    return checked(metric, {
      ...draft,
      method: finding.method ?? metric.method,
      address: finding.address,
      durationMs: roundUs(clock.monotonicMs() - begunMs),
      outcome: finding.outcome,
      values: { ...finding.values },
      ...(finding.samples ? { samples: [...finding.samples] } : {}),
      conflicts: [...running.conflicts],
      clock: clockOver(begun, draft.clock, context),
    });
  } catch (error) {
    if (signal.aborted) return null;
    notice({
      code: 'could-not-look',
      zh: `任务 ${task.name} 未能执行:${messageOf(error)}`,
      en: `task ${task.name} could not be run: ${messageOf(error)}`,
      error,
    });
    return skipped('could-not-look');
  }
}

/**
 * The state of the clock for a run: at its start, by what is known at its end, unless the machine
 * slept, over which the monotonic clock does not lead back; with the step, where it was set meanwhile.
 */
function clockOver(
  begun: ClockReading,
  atStart: ClockState,
  { clock, clockState }: Pick<MeasureContext, 'clock' | 'clockState'>,
): ClockState {
  const { steppedMs, sleptMs } = clockChange(begun, readClock(clock));
  const state = sleptMs === 0 ? clockState(begun) : atStart;
  return steppedMs === 0 ? state : { ...state, stepMs: steppedMs };
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
    target: task.target,
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
async function limited(
  run: (signal: AbortSignal) => Promise<Finding>,
  stop: AbortSignal,
  limitMs: number,
  ended: () => void,
): Promise<Finding> {
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
  const finding = run(control.signal).finally(ended);
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

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
