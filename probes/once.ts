/** One measurement asked for at the command line, and how it is printed. */
import { systemClock } from './clock.ts';
import { Fault } from './fault.ts';
import type { Task } from './instruction.ts';
import { measure } from './measure.ts';
import { type Measurement, measurementSchema, type Outcome } from './measurement.ts';
import type { Metric, Title } from './metric.ts';

/** The name that stands for probe, schedule and task where there is no instruction. */
const ONCE = 'once';

/** `0` measured, `1` looked and not reached, `3` not looked at; `2` is for wrong usage. */
export const EXIT_CODES: Readonly<Record<Outcome['status'], number>> = {
  ok: 0,
  failed: 1,
  skipped: 3,
};

/**
 * Measures once. Nothing is spooled or sent; the sequence is 0.
 *
 * @throws Fault `parameters-invalid`; `interrupted` when `signal` ended it
 */
export async function measureOnce(
  metric: Metric,
  request: Pick<Task, 'target' | 'family' | 'parameters'>,
  signal: AbortSignal,
  notice: (title: Title) => void,
): Promise<Measurement> {
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
  const draft = await measure(
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
    },
  );
  if (!draft) throw new Fault('interrupted', '测量被中断', 'the measurement was interrupted');
  return measurementSchema.parse({ ...draft, sequence: 0 });
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
  const advised = metric.advise?.(measurement);
  const advice = advised
    ? [`可能原因 · likely cause`, ...both(advised.cause), `处置 · cure`, ...both(advised.cure)]
    : [];
  return [head, outcomeLine(outcome), ...columns(rows), ...advice, tail].join('\n');
}

function both({ zh, en }: Title): string[] {
  return [`  ${zh}`, `  ${en}`];
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
