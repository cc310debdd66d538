/** What is written down of the targets of a task: what was found, or why nothing was looked at. */
import { type Clock, type ClockReading, clockChange, readClock, roundUs } from './clock.ts';
import { type Task, targetsOf } from './instruction.ts';
import { type ClockState, MEASUREMENT_VERSION, measurementSchema } from './measurement.ts';
import type { Finding, Metric } from './metric.ts';
import type { MissedReason } from './schedule.ts';
import { SOFTWARE } from './software.ts';
import type { Draft } from './spool.ts';

export interface RecorderContext {
  readonly probe: string;
  readonly schedule: string;
  readonly metricNamed: (name: string) => Metric | undefined;
  readonly clock: Clock;
  /** The clock's state at `reading`, by what is known now; at this moment when not told. */
  readonly clockState: (reading?: ClockReading) => ClockState;
}

/** What is written down of targets whose measurement begins now. */
export class Recorder {
  readonly #context: RecorderContext;
  readonly #blank: Draft;
  readonly #begun: ClockReading;

  constructor(task: Task, context: RecorderContext) {
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

/** A measurement that says only that a slot passed without a run, and why. `start` is the slot's. */
export function missedDraft(
  task: Task,
  { startMs, reason }: { readonly startMs: number; readonly reason: MissedReason },
  context: Pick<RecorderContext, 'probe' | 'schedule' | 'metricNamed' | 'clockState'>,
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
  context: Pick<RecorderContext, 'probe' | 'schedule' | 'clockState'> & {
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
