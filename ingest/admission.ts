/**
 * Admission: whether a line of a report becomes a row, judged from the line, the probe it came
 * from and the time it came. Pure; nothing is guessed and nothing is dropped: what is not admitted
 * goes to quarantine with the reason and the original bytes.
 */
import { metricNamed } from '../probes/catalogue.ts';
import { type Measurement, measurementSchema } from '../probes/measurement.ts';
import type { InsertOf } from '../sql/rows.ts';
import type { EnrolledProbe } from './binding.ts';
import { monthOf } from './month.ts';

/** Version of these rules, stored with every row they admit. */
export const ADMISSION_RULES = 1;

/** A clock this far ahead of ours, beyond its stated uncertainty, is wrong, not early. */
const AHEAD_TOLERANCE_MS = 2_000;
/** Spools hold days or weeks; what is older than this was never the spool's. */
const OLDEST_MS = 400 * 86_400_000;

export type MeasurementInsert = InsertOf<'measurement'>;
export type SampleInsert = InsertOf<'sample'>;
export type QuarantineInsert = InsertOf<'quarantine'>;

/** Where and when a report came in. */
export interface Receipt {
  readonly probe: EnrolledProbe;
  /** The station's clock. */
  readonly now: Date;
  /** RFC 3339 with microseconds: distinct for every report of one station. */
  readonly received: string;
  /** The report's source address, as IPv6 (IPv4 mapped). */
  readonly source: string;
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
      readonly code: string;
      readonly reason: string;
    };

/** Judges one line of a report. */
export function admit(line: string, receipt: Receipt): Admission {
  let json: unknown;
  try {
    json = JSON.parse(line);
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
  const refuse = (code: string, reason: string) => refused(measurement.sequence, code, reason);

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

  const clock = clockFault(measurement, receipt.now);
  if (clock) return refuse(...clock);
  const start = new Date(measurement.start);
  const binding = receipt.probe.bindingAt(start);
  if (!binding)
    return refuse('unbound', `the probe had no line on ${measurement.start.slice(0, 10)}`);

  const { outcome, clock: state } = measurement;
  const key = {
    metric: metric.name,
    probe: measurement.probe,
    start: measurement.start,
    sequence: measurement.sequence,
  };
  return {
    admitted: true,
    sequence: measurement.sequence,
    row: {
      ...key,
      version: measurement.version,
      schedule: measurement.schedule,
      task: measurement.task,
      method: measurement.method,
      target: measurement.target,
      address: measurement.address === null ? '::' : asIpv6(measurement.address),
      family: measurement.family,
      durationUs: Math.round(measurement.durationMs * 1000),
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
      clockOffsetUs: state.offsetMs === null ? null : Math.round(state.offsetMs * 1000),
      clockUncertaintyUs:
        state.uncertaintyMs === null ? null : Math.round(state.uncertaintyMs * 1000),
      software: measurement.software,
      ...slots(metric.values, measurement.values),
      received: receipt.received,
      source: receipt.source,
      line: binding.line,
      place: binding.place,
      carrier: binding.carrier,
      admission: ADMISSION_RULES,
    },
    sample: measurement.samples?.length ? { ...key, samples: measurement.samples } : null,
  };
}

/** An address as the store keeps it: IPv4 as `::ffff:a.b.c.d`. */
export function asIpv6(address: string): string {
  return address.includes(':') ? address : `::ffff:${address}`;
}

/**
 * Whether the probe's clock puts the measurement into one month for certain.
 *
 * The probe states its offset to the station's clock and how sure it is of it. The true start lies
 * within start + offset ± uncertainty; where that reaches into another month than the stated start,
 * the month would be a guess.
 */
function clockFault(
  { start, clock }: Measurement,
  now: Date,
): [code: string, reason: string] | null {
  const stated = new Date(start);
  const uncertainty = clock.uncertaintyMs ?? 0;
  const truest = stated.getTime() + (clock.offsetMs ?? 0);
  const [earliest, latest] = [truest - uncertainty, truest + uncertainty];
  if (Math.max(stated.getTime(), earliest) > now.getTime() + AHEAD_TOLERANCE_MS)
    return ['clock-ahead', `started ${start}, received ${now.toISOString()}`];
  if (Math.min(stated.getTime(), latest) < now.getTime() - OLDEST_MS)
    return ['too-old', `started ${start}, received ${now.toISOString()}`];
  const month = monthOf(stated);
  if (monthOf(new Date(earliest)) !== month || monthOf(new Date(latest)) !== month)
    return [
      'month-uncertain',
      `clock off by ${clock.offsetMs ?? 0} ms ± ${uncertainty} ms at the turn of a month`,
    ];
  return null;
}

type Slots = Pick<MeasurementInsert, Extract<keyof MeasurementInsert, `v${number}`>>;

/** Values into their slots, as whole multiples of their resolution; null where a value is absent. */
function slots(
  specs: readonly { name: string; resolution: number }[],
  values: Readonly<Record<string, number>>,
): Slots {
  return Object.fromEntries(
    Array.from({ length: 16 }, (_, slot) => {
      const spec = specs[slot];
      const value = spec ? values[spec.name] : undefined;
      const stored = spec && value !== undefined ? Math.round(value / spec.resolution) : null;
      return [`v${slot}`, stored];
    }),
  ) as Slots;
}

function refused(sequence: number | null, code: string, reason: string): Admission {
  return { admitted: false, sequence, code, reason };
}

/** The sequence a malformed record still states, so that the acknowledgement can name it. */
function sequenceIn(json: unknown): number | null {
  const sequence =
    typeof json === 'object' && json !== null && 'sequence' in json ? json.sequence : null;
  return Number.isSafeInteger(sequence) && (sequence as number) >= 0 ? (sequence as number) : null;
}
