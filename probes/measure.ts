/**
 * One task into measurements, one for each of its targets: looks up the metric, asks whether this
 * machine can run it, runs it, and writes down what it found. Used by the agent and by
 * `tongda-probe once` alike.
 */
import { setMaxListeners } from 'node:events';
import type { Reservation } from './budget.ts';
import { type Task, targetsOf } from './instruction.ts';
import { type Finding, type Metric, SMALL_RUN_B, type Title, WITH_HEADERS } from './metric.ts';
import { inParallel } from './parallel.ts';
import { limited, Presence, type Running } from './presence.ts';
import { Recorder, type RecorderContext } from './recorder.ts';
import type { Draft } from './spool.ts';

/** No metric needs longer; one that takes longer is stuck. */
const TASK_LIMIT_MS = 180_000;
/** What each of many targets may add to that. */
const TARGET_LIMIT_MS = 100;
/** Targets of one quiet task measured at once: TCP connects, more of them, delay each other. */
const QUIET_AT_ONCE = 16;

export interface MeasureContext extends RecorderContext {
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
  const recorder = new Recorder(task, context);
  const prepared = await prepare(task, context);
  if ('reason' in prepared)
    return targets.map((target) => recorder.skipped(target, prepared.reason));
  const { metric } = prepared;
  const presence = new Presence(task.name, metric.load, context.running);
  try {
    const run = metric.runMany && targets.length > 1 ? together : oneByOne;
    const drafts = await run(targets, prepared, task, recorder, presence, context);
    if (context.signal.aborted) return null;
    const conflicts = presence.conflicts;
    return targets.map((target, index) => {
      const draft = drafts[index] ?? recorder.skipped(target, 'could-not-look');
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
  recorder: Recorder,
  presence: Presence,
  context: MeasureContext,
) => Promise<(Draft | undefined)[]>;

/** All in one run of a metric that knows how. */
const together: Way = async (targets, prepared, task, recorder, presence, context) => {
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
        drafts[index] = recorder.found(targets[index] ?? '', metric, finding);
        spentB += movedB(metric, finding, costB);
        done++;
        progress?.(done);
      },
    });
  try {
    const reservation = await context.reserve?.(costB * targets.length);
    if (reservation === null) {
      notice({ code: 'budget-exhausted', ...obstacleTitle('budget-exhausted', metric, task) });
      return targets.map((target) => recorder.skipped(target, 'budget-exhausted'));
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
  const runOne = async (target: string, recorder: Recorder): Promise<Draft | undefined> => {
    const run = (ends: AbortSignal) =>
      metric.run(target, parameters, { family: task.family, signal: ends });
    try {
      const reservation = await context.reserve?.(costB);
      if (reservation === null) {
        notice({ code: 'budget-exhausted', ...obstacleTitle('budget-exhausted', metric, task) });
        return recorder.skipped(target, 'budget-exhausted');
      }
      // One that is cut short has moved nobody knows how much: its worst case stays charged.
      const finding = await limited(run, signal, limitMs, presence);
      await settled(reservation, movedB(metric, finding, costB), task, notice);
      return recorder.found(target, metric, finding);
    } catch (error) {
      if (signal.aborted) return undefined;
      notice(couldNotRun(task, error));
      return recorder.skipped(target, 'could-not-look');
    }
  };
  const atOnce = metric.load === 'loud' ? 1 : QUIET_AT_ONCE;
  // Every run listens to it.
  setMaxListeners(0, signal);
  await inParallel(atOnce, targets, async (target, index) => {
    if (signal.aborted) return;
    drafts[index] = await runOne(target, index === 0 ? first : new Recorder(task, context));
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
