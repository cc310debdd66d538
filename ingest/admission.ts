/**
 * Admission: whether a line of a report becomes a row, judged from the line, the probe it came
 * from and the time it came. Pure; nothing is guessed and nothing is dropped: what is not admitted
 * goes to quarantine with the reason and the original bytes.
 */
import { isUtf8 } from 'node:buffer';
import { metricNamed } from '../probes/catalogue.ts';
import { type Measurement, measurementSchema } from '../probes/measurement.ts';
import { precedenceOf } from '../sql/precedence.ts';
import type { InsertOf } from '../sql/rows.ts';
import type { EnrolledProbe } from './binding.ts';
import { grained, grainedUp } from './grain.ts';
import { monthOf } from './month.ts';

/** Version of these rules, stored with every row they admit. */
export const ADMISSION_RULES = 5;

/** A clock this far ahead of ours, beyond its stated uncertainty, is wrong, not early. */
export const AHEAD_TOLERANCE_MS = 2_000;
/** Spools hold days or weeks; what is older than this was never the spool's. */
export const OLDEST_MS = 400 * 86_400_000;
/** A record of ours is three deep; later versions may nest a little more. */
const DEPTH_LIMIT = 16;

/** Why a row can be refused, as a reviewer reads it; the codes are stable. */
export const REFUSAL_TITLES = {
  'malformed-json': { zh: '不是 JSON', en: 'not JSON' },
  'not-utf8': { zh: '不是 UTF-8 文本', en: 'not UTF-8' },
  'too-deep': { zh: '嵌套过深', en: 'nested too deeply' },
  'malformed-measurement': { zh: '不合测量记录的格式', en: 'not shaped as a measurement' },
  'probe-mismatch': { zh: '探针与令牌不符', en: 'not of the probe that sent it' },
  'unknown-metric': { zh: '没有这项测量', en: 'no such metric' },
  'unknown-value': { zh: '该测量没有这个量', en: 'no such value of the metric' },
  'value-out-of-range': { zh: '数值大到无法存储', en: 'a number too large to be stored' },
  'clock-ahead': { zh: '开始时间在未来', en: 'started in the future' },
  'too-old': { zh: '开始时间过于久远', en: 'started too long ago' },
  'beyond-retention': {
    zh: '当日的记录已按留存规则整理,不再补收',
    en: 'of a day whose rows retention has trimmed, or is about to',
  },
  'month-uncertain': { zh: '时钟不足以判定所属月份', en: 'the clock leaves the month uncertain' },
  unbound: { zh: '当日探针未接在任何线路上', en: 'the probe had no line on that day' },
  'sequence-conflict': {
    zh: '同一探针同一序号已有另一条记录',
    en: 'another record has the same probe and sequence',
  },
} as const;

export type RefusalCode = keyof typeof REFUSAL_TITLES;

/** What a reviewer may vouch for: when a measurement was made, and nothing else. */
export const CLOCK_REFUSALS: ReadonlySet<RefusalCode> = new Set([
  'clock-ahead',
  'too-old',
  'month-uncertain',
]);
const NOTHING: ReadonlySet<RefusalCode> = new Set();

export type MeasurementInsert = InsertOf<'measurement'>;
export type SampleInsert = InsertOf<'sample'>;
/** The original is bytes: it may be no text at all. */
export type QuarantineInsert = Omit<InsertOf<'quarantine'>, 'original' | 'code'> & {
  readonly original: Uint8Array;
  readonly code: RefusalCode;
};

/** Where and when a report came in. */
export interface Receipt {
  readonly probe: EnrolledProbe;
  /** The station's clock. */
  readonly now: Date;
  /** RFC 3339 with microseconds: distinct for every report of one station. */
  readonly received: string;
  /** The report's source address, as IPv6 (IPv4 mapped). */
  readonly source: string;
  /** Starts before this are of days that are not kept whole (`horizonOf`), ms. */
  readonly horizonMs: number;
}

export type Admission =
  | {
      readonly admitted: true;
      readonly sequence: number;
      readonly row: MeasurementInsert;
      readonly sample: SampleInsert | null;
    }
  | {
      readonly admitted: false;
      readonly sequence: number | null;
      readonly code: RefusalCode;
      readonly reason: string;
    };

/**
 * Judges one line of a report.
 *
 * @param vouched what a reviewer answers for, so that it is no ground to refuse
 */
export function admit(line: Buffer, receipt: Receipt, vouched = NOTHING): Admission {
  if (!isUtf8(line)) return refused(null, 'not-utf8', 'the line is not UTF-8');
  if (depthOf(line) > DEPTH_LIMIT)
    return refused(null, 'too-deep', `nested more than ${DEPTH_LIMIT} deep`);
  let json: unknown;
  try {
    json = JSON.parse(line.toString('utf8'));
  } catch {
    return refused(null, 'malformed-json', 'the line is not JSON');
  }
  const parsed = measurementSchema.safeParse(json);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    return refused(
      sequenceIn(json),
      'malformed-measurement',
      `${issue?.path.join('.') || 'record'}: ${issue?.message}`,
    );
  }
  const measurement = parsed.data;
  const refuse = (code: RefusalCode, reason: string) => refused(measurement.sequence, code, reason);

  if (measurement.probe !== receipt.probe.probe)
    return refuse(
      'probe-mismatch',
      `measured by ${measurement.probe}, sent with the token of ${receipt.probe.probe}`,
    );
  const metric = metricNamed(measurement.metric);
  if (!metric) return refuse('unknown-metric', `no metric is called ${measurement.metric}`);
  const stranger = Object.keys(measurement.values).find(
    (name) => !metric.values.some((value) => value.name === name),
  );
  if (stranger) return refuse('unknown-value', `${measurement.metric} has no value ${stranger}`);

  const values = slots(metric.values, measurement.values);
  const large =
    values.some((value) => value !== null && !Number.isSafeInteger(value)) ||
    measurement.samples?.some((sample) => !Number.isFinite(Math.fround(sample)));
  if (large) return refuse('value-out-of-range', `${measurement.metric} has a number too large`);

  const clock = clockFault(measurement, receipt.now);
  if (clock && !vouched.has(clock[0])) return refuse(...clock);
  const start = new Date(measurement.start);
  // Nobody can vouch for this one: the rows it would have to stand among are gone.
  if (start.getTime() < receipt.horizonMs)
    return refuse(
      'beyond-retention',
      `started ${measurement.start}, rows are kept whole from ${new Date(receipt.horizonMs).toISOString()} on`,
    );
  const binding = receipt.probe.bindingAt(start);
  if (!binding)
    return refuse('unbound', `the probe had no line on ${measurement.start.slice(0, 10)}`);

  const { outcome, clock: state } = measurement;
  const clockOffsetUs = state.offsetMs === null ? null : grained(state.offsetMs * 1000);
  const clockUncertaintyUs =
    state.uncertaintyMs === null ? null : grainedUp(state.uncertaintyMs * 1000);
  if ([clockOffsetUs, clockUncertaintyUs].some((us) => us !== null && !Number.isSafeInteger(us)))
    return refuse('value-out-of-range', 'the clock state has a number too large');
  const key = {
    metric: metric.name,
    probe: measurement.probe,
    start: measurement.start,
    sequence: measurement.sequence,
  };
  return {
    admitted: true,
    sequence: measurement.sequence,
    // Written out: spread into an object of this size, the same costs ten times as much.
    row: {
      metric: metric.name,
      probe: measurement.probe,
      start: measurement.start,
      sequence: measurement.sequence,
      version: measurement.version,
      schedule: measurement.schedule,
      task: measurement.task,
      method: measurement.method,
      target: measurement.target,
      address: measurement.address === null ? '::' : asIpv6(measurement.address),
      family: measurement.family,
      durationUs: grained(measurement.durationMs * 1000),
      outcome: outcome.status,
      stage: outcome.status === 'failed' ? outcome.stage : '',
      code:
        outcome.status === 'failed'
          ? outcome.code
          : outcome.status === 'skipped'
            ? outcome.reason
            : '',
      detail: outcome.status === 'failed' ? (outcome.detail ?? '') : '',
      conflicts: measurement.conflicts,
      clockSynchronised: state.synchronised,
      clockOffsetUs,
      clockUncertaintyUs,
      software: measurement.software,
      v0: values[0] ?? null,
      v1: values[1] ?? null,
      v2: values[2] ?? null,
      v3: values[3] ?? null,
      v4: values[4] ?? null,
      v5: values[5] ?? null,
      v6: values[6] ?? null,
      v7: values[7] ?? null,
      v8: values[8] ?? null,
      v9: values[9] ?? null,
      v10: values[10] ?? null,
      v11: values[11] ?? null,
      v12: values[12] ?? null,
      v13: values[13] ?? null,
      v14: values[14] ?? null,
      v15: values[15] ?? null,
      source: receipt.source,
      line: binding.line,
      place: binding.place,
      carrier: binding.carrier,
      precedence: precedenceOf(receipt.received, ADMISSION_RULES),
    },
    sample: seriesOf(measurement, key),
  };
}

/** The small series of a measurement; of a path, the times of its hops and who they are. */
function seriesOf(
  { samples = [], hops = [] }: Measurement,
  key: Pick<SampleInsert, 'metric' | 'probe' | 'start' | 'sequence'>,
): SampleInsert | null {
  if (hops.length > 0)
    return {
      ...key,
      samples: hops.map(({ rttMs }) => rttMs ?? Number.NaN),
      hops: hops.map(({ address }) => address ?? ''),
    };
  return samples.length > 0 ? { ...key, samples, hops: [] } : null;
}

/** An address as the store keeps it: IPv4 as `::ffff:a.b.c.d`. */
export function asIpv6(address: string): string {
  return address.includes(':') ? address : `::ffff:${address}`;
}

const MONTH_MS = 31 * 86_400_000;

/**
 * Whether the probe's clock puts the measurement into one month for certain.
 *
 * The probe states its offset to the station's clock and how sure it is of it. The true start lies
 * within start + offset ± uncertainty; where that reaches into another month than the stated start,
 * the month would be a guess. Where the offset is not known but the clock was set while it measured,
 * the start may be by the clock as it was before or as it was after.
 */
function clockFault(
  { start, clock }: Measurement,
  now: Date,
): [code: RefusalCode, reason: string] | null {
  const stated = new Date(start);
  const uncertainty = clock.uncertaintyMs ?? 0;
  const truest = stated.getTime() + (clock.offsetMs ?? 0);
  const stepMs = clock.offsetMs === null ? (clock.stepMs ?? 0) : 0;
  const earliest = truest + Math.min(0, stepMs) - uncertainty;
  const latest = truest + Math.max(0, stepMs) + uncertainty;
  if (Math.max(stated.getTime(), earliest) > now.getTime() + AHEAD_TOLERANCE_MS)
    return ['clock-ahead', `started ${start}, received ${now.toISOString()}`];
  if (Math.min(stated.getTime(), latest) < now.getTime() - OLDEST_MS)
    return ['too-old', `started ${start}, received ${now.toISOString()}`];
  const month = monthOf(stated);
  // Beyond a month in either direction there is no need to look, and beyond 8.64e15 ms no date.
  const far = Math.max(stated.getTime() - earliest, latest - stated.getTime()) > MONTH_MS;
  if (far || monthOf(new Date(earliest)) !== month || monthOf(new Date(latest)) !== month)
    return [
      'month-uncertain',
      `clock off by ${clock.offsetMs ?? 0} ms ± ${uncertainty} ms at the turn of a month`,
    ];
  return null;
}

/** Values in their slots, as whole multiples of their resolution; null where a value is absent. */
function slots(
  specs: readonly { name: string; resolution: number }[],
  values: Readonly<Record<string, number>>,
): (number | null)[] {
  return specs.map(({ name, resolution }) => {
    const value = values[name];
    return value === undefined ? null : Math.round(value / resolution);
  });
}

function refused(sequence: number | null, code: RefusalCode, reason: string): Admission {
  return { admitted: false, sequence, code, reason };
}

/** How deep brackets and braces nest, those in strings left out. */
function depthOf(line: Buffer): number {
  let depth = 0;
  let deepest = 0;
  let quoted = false;
  for (let at = 0; at < line.length; at++) {
    const byte = line[at];
    if (byte === 0x22) quoted = !quoted;
    else if (quoted) {
      if (byte === 0x5c) at++;
    } else if (byte === 0x7b || byte === 0x5b) deepest = Math.max(deepest, ++depth);
    else if (byte === 0x7d || byte === 0x5d) depth--;
  }
  return deepest;
}

/** The sequence a malformed record still states, so that the acknowledgement can name it. */
function sequenceIn(json: unknown): number | null {
  const sequence =
    typeof json === 'object' && json !== null && 'sequence' in json ? json.sequence : null;
  return Number.isSafeInteger(sequence) && (sequence as number) >= 0 ? (sequence as number) : null;
}
