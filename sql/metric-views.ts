/**
 * One view a metric: `metric_icmp_rtt` shows the slots of `measurement` under the values' own names
 * and in their own units. Indicators and Grafana read these; their columns are added, never renamed.
 */
import type { Store } from './store.ts';

/** Of a metric, what its view needs; the order of the values is the order of the slots. */
export interface MetricShape {
  readonly name: string;
  readonly values: readonly { readonly name: string; readonly resolution: number }[];
}

const SLOTS = 16;

const COMMON_COLUMNS = [
  'metric',
  'probe',
  'start',
  'sequence',
  'schedule',
  'task',
  'method',
  'target',
  'address',
  'family',
  'durationUs',
  'outcome',
  'stage',
  'code',
  'conflicts',
  'software',
  'received',
  'line',
  'place',
  'carrier',
] as const;

/** Creates or renews the view of every metric. */
export async function defineMetricViews(
  store: Store,
  metrics: readonly MetricShape[],
): Promise<void> {
  for (const metric of metrics) await store.define(metricViewSql(metric));
}

/** `icmp-rtt` → `metric_icmp_rtt`. */
function metricViewName(metric: string): string {
  return `metric_${metric.replaceAll('-', '_')}`;
}

/** The statement that makes a metric's view. */
export function metricViewSql({ name, values }: MetricShape): string {
  if (!/^[a-z0-9-]+$/.test(name) || values.length > SLOTS)
    throw new TypeError(`metric ${name} does not fit a view of ${SLOTS} slots`);
  const common: readonly string[] = COMMON_COLUMNS;
  const taken = values.find((value) => common.includes(value.name));
  if (taken)
    throw new TypeError(`metric ${name}: every measurement has a column ${taken.name} already`);
  const columns = [
    ...COMMON_COLUMNS,
    ...values.map(
      (value, slot) => `${valueSql(slot, value.resolution)} AS ${identifier(value.name)}`,
    ),
  ];
  return `CREATE OR REPLACE VIEW ${metricViewName(name)} AS
SELECT
    ${columns.join(',\n    ')}
FROM measurement FINAL
WHERE metric = '${name}'`;
}

/**
 * Slot × resolution as Nullable(Float64). A resolution below one is divided by its inverse, which is
 * whole: 12345 / 1000 is 12.345, while 12345 × 0.001 is 12.345000000000001.
 */
function valueSql(slot: number, resolution: number): string {
  const inverse = Math.round(1 / resolution);
  if (Number.isInteger(resolution) && resolution > 0) return `toFloat64(v${slot}) * ${resolution}`;
  if (Math.abs(inverse * resolution - 1) < 1e-9) return `v${slot} / ${inverse}`;
  throw new TypeError(`resolution ${resolution} is neither whole nor one part of a whole`);
}

function identifier(name: string): string {
  if (!/^[a-z][A-Za-z0-9]*$/.test(name)) throw new TypeError(`${name} is no name of a value`);
  return `\`${name}\``;
}
