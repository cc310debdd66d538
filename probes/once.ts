/** Measurements asked for at the command line, and how they are printed. */
import { systemClock } from './clock.ts';
import { Fault } from './fault.ts';
import type { Task } from './instruction.ts';
import { bilingual } from './log.ts';
import { measureAll } from './measure.ts';
import { type Measurement, measurementSchema, type Outcome } from './measurement.ts';
import type { Metric, Title } from './metric.ts';
import { median, percentile } from './sample.ts';

/** The name that stands for probe, schedule and task where there is no instruction. */
const ONCE = 'once';

/** `0` measured, `1` looked and not reached, `3` not looked at; `2` is for wrong usage. */
const EXIT_CODES: Readonly<Record<Outcome['status'], number>> = {
  ok: 0,
  failed: 1,
  skipped: 3,
};

/** That of the worst: a failure, else what was not looked at. */
export function exitCode(measurements: readonly Measurement[]): number {
  const statuses = new Set(measurements.map(({ outcome }) => outcome.status));
  const worst = (['failed', 'skipped', 'ok'] as const).find((status) => statuses.has(status));
  return EXIT_CODES[worst ?? 'skipped'];
}

export interface OnceContext {
  readonly signal: AbortSignal;
  readonly notice: (title: Title) => void;
  /** Told how many targets are done. */
  readonly progress?: (done: number) => void;
}

/**
 * Measures once, each target. Nothing is spooled or sent; sequences count from 0.
 *
 * @throws Fault `parameters-invalid`; `interrupted` when `signal` ended it
 */
export async function measureOnce(
  metric: Metric,
  request: Pick<Task, 'family' | 'parameters'> & { readonly targets: string[] },
  { signal, notice, progress = () => {} }: OnceContext,
): Promise<Measurement[]> {
  const parameters = metric.parameters.safeParse(request.parameters);
  if (!parameters.success) {
    const issue = parameters.error.issues[0];
    const key = issue?.path.join('.') || 'param';
    throw new Fault(
      'parameters-invalid',
      `参数 ${key} 不合 ${metric.name} 的要求:${issue?.message}`,
      `parameter ${key} is not as ${metric.name} asks: ${issue?.message}`,
    );
  }
  const drafts = await measureAll(
    { name: ONCE, metric: metric.name, ...request },
    {
      probe: ONCE,
      schedule: ONCE,
      metricNamed: () => metric,
      clock: systemClock,
      clockState: () => ({ synchronised: null, offsetMs: null, uncertaintyMs: null }),
      signal,
      running: new Set(),
      notice,
      progress,
    },
  );
  if (!drafts) throw new Fault('interrupted', '测量被中断', 'the measurement was interrupted');
  return drafts.map((draft, sequence) => measurementSchema.parse({ ...draft, sequence }));
}

/** The targets of a file: one a line; what follows a `#` is a remark. */
export function parseTargets(text: string): string[] {
  return text.split(/\r?\n/).flatMap((line) => {
    const target = line.replace(/(^|\s)#.*$/, '').trim();
    return target === '' ? [] : [target];
  });
}

/** `key=value` options as parameters: JSON where the value is JSON, else text. */
export function parseParameters(options: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    options.map((option) => {
      const at = option.indexOf('=');
      if (at < 1)
        throw new Fault(
          'parameters-invalid',
          `参数 ${option} 应写作 key=value`,
          `parameter ${option} is not of the form key=value`,
        );
      return [option.slice(0, at), parsedValue(option.slice(at + 1))];
    }),
  );
}

function parsedValue(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** A small table in both languages. */
export function table(metric: Metric, measurement: Measurement): string {
  const { outcome, target, address, family, method, durationMs } = measurement;
  const rows: string[][] = metric.values.flatMap(({ name, title, unit }) => {
    const value = measurement.values[name];
    return value === undefined ? [] : [[title.zh, title.en, ...quantity(value, unit)]];
  });
  const head = `${metric.title.zh} · ${metric.title.en}  ${target}  IPv${family}${address === null ? '' : `  ${address}`}`;
  const tail = `${method}, ${durationMs.toFixed(0)} ms`;
  return [head, outcomeLine(outcome), ...columns(rows), ...hopLines(measurement), tail].join('\n');
}

function hopLines({ hops = [] }: Measurement): string[] {
  return hops.map(({ address, rttMs }, index) => {
    const time = rttMs === null ? '' : `  ${rttMs.toFixed(3)} ms`;
    return `  ${`${index + 1}`.padStart(2)}  ${address ?? '*'}${time}`;
  });
}

/** Failures listed one by one. */
const LISTED = 10;

/** Of many targets: how many came to what, what they measured, and the first that failed. */
export function summary(metric: Metric, measurements: readonly Measurement[]): string {
  const byOutcome = new Map<string, number>();
  for (const { outcome } of measurements) {
    const line = outcomeLine(outcome);
    byOutcome.set(line, (byOutcome.get(line) ?? 0) + 1);
  }
  const counts = [...byOutcome].map(([line, count]) => `  ${`${count}`.padStart(6)}  ${line}`);
  const values = metric.values.flatMap(({ name, title, unit }) => {
    const found = measurements.flatMap(({ values }) => values[name] ?? []);
    const [middle, high] = [median(found), percentile(found, 0.95)];
    if (middle === undefined || high === undefined) return [];
    const [shown, suffix] = quantity(middle, unit);
    const tail = `${suffix}  p95 ${quantity(high, unit).join(' ')}  n ${found.length}`.trimStart();
    return [[title.zh, title.en, shown, tail]];
  });
  const failed = measurements.filter(({ outcome }) => outcome.status === 'failed');
  const named = failed
    .slice(0, LISTED)
    .map(({ target, outcome }) => `  ${target}  ${outcomeLine(outcome)}`);
  const more = failed.length - named.length;
  const rest = { zh: `另有 ${more} 个不通`, en: `${more} more failed` };
  return [
    `${bilingual(metric.title)}  ${measurements.length} 个目标 · targets`,
    ...counts,
    bilingual({ zh: '各目标之中位数', en: 'medians over the targets' }),
    ...columns(values),
    ...named,
    ...(more > 0 ? [`  ${bilingual(rest)}`] : []),
  ].join('\n');
}

function outcomeLine(outcome: Outcome): string {
  if (outcome.status === 'ok') return '测得 · measured';
  if (outcome.status === 'skipped') return `未测 · skipped: ${outcome.reason}`;
  const detail = outcome.detail === undefined ? '' : ` (${outcome.detail})`;
  return `不通 · failed: ${outcome.stage}/${outcome.code}${detail}`;
}

/** A value and its unit as people read them. */
function quantity(value: number, unit: string): [string, string] {
  if (unit === 'bit/s' && value >= 1e6) return [(value / 1e6).toFixed(2), 'Mbit/s'];
  if (unit === 'B' && value >= 1e6) return [(value / 1e6).toFixed(2), 'MB'];
  return [Number.isInteger(value) ? `${value}` : value.toFixed(3), unit === '1' ? '' : unit];
}

function columns(rows: readonly string[][]): string[] {
  const widths = [0, 1, 2].map((column) =>
    Math.max(0, ...rows.map((row) => width(row[column] ?? ''))),
  );
  return rows.map(([zh = '', en = '', value = '', unit = '']) => {
    const [zhWidth = 0, enWidth = 0, valueWidth = 0] = widths;
    return `  ${pad(zh, zhWidth)}  ${pad(en, enWidth)}  ${value.padStart(valueWidth)} ${unit}`.trimEnd();
  });
}

/** Columns of a terminal: Han characters and full-width marks take two. */
function width(text: string): number {
  return [...text].reduce(
    (sum, char) => sum + (/[\u1100-\uffe6]/u.test(char) && char > '\u2e7f' ? 2 : 1),
    0,
  );
}

function pad(text: string, to: number): string {
  return text + ' '.repeat(Math.max(0, to - width(text)));
}
