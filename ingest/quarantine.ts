/**
 * Quarantine: rows that were refused, and their release. A release judges the original again, by the
 * rules, metrics and bindings there are now but with the clock of the day it came in, and stores it
 * under its own identity; who did it and why stays for ever.
 */
import { Fault } from '../probes/fault.ts';
import type { QueryRow } from '../sql/questions.ts';
import type { InsertOf } from '../sql/rows.ts';
import type { Store } from '../sql/store.ts';
import { ADMISSION_RULES, admit, CLOCK_REFUSALS, type RefusalCode } from './admission.ts';
import { probeNamed } from './binding.ts';
import { distinctInstants } from './instants.ts';

/** Fewer digits of a SHA-256 name too many rows. */
const PREFIX_LENGTH = 8;

export type QuarantineEntry = Omit<QueryRow<'quarantine_entries'>, 'originalBase64'> & {
  readonly original: Buffer;
};

/** Who releases, why, and whether he answers for the time of the measurement. */
export interface Release {
  readonly by: string;
  readonly why: string;
  readonly vouchClock: boolean;
}

export type ReleaseOutcome =
  | { readonly released: true; readonly sequence: number }
  | { readonly released: false; readonly code: RefusalCode; readonly reason: string };

/**
 * The entries whose original's SHA-256 begins with `prefix`.
 *
 * @throws Fault `quarantine-prefix-malformed`, `quarantine-unknown`
 */
export async function quarantinedAs(store: Store, prefix: string): Promise<QuarantineEntry[]> {
  if (!new RegExp(`^[0-9a-f]{${PREFIX_LENGTH},64}$`).test(prefix))
    throw new Fault(
      'quarantine-prefix-malformed',
      `“${prefix}” 不是 SHA-256 的开头:至少 ${PREFIX_LENGTH} 位小写十六进制`,
      `"${prefix}" is no beginning of a SHA-256: at least ${PREFIX_LENGTH} digits, lower case`,
    );
  const rows = await store.query('quarantine_entries', { sha256: prefix });
  if (rows.length === 0)
    throw new Fault(
      'quarantine-unknown',
      `隔离区中没有 ${prefix} 开头的记录`,
      `nothing in quarantine begins with ${prefix}`,
    );
  return rows.map(({ originalBase64, ...entry }) => ({
    ...entry,
    original: Buffer.from(originalBase64, 'base64'),
  }));
}

/**
 * Releases one entry when it can be admitted now. May be cut off anywhere and run again: the row
 * falls on itself.
 */
export async function release(
  store: Store,
  entry: QuarantineEntry,
  { by, why, vouchClock }: Release,
  now: Date,
  horizonMs: number,
): Promise<ReleaseOutcome> {
  const refuse = (code: RefusalCode, reason: string): ReleaseOutcome => ({
    released: false,
    code,
    reason,
  });
  const probe = await probeNamed(store, entry.probe);
  if (!probe) return refuse('unbound', `probe ${entry.probe} is not enrolled`);
  const at = distinctInstants()(now);
  const admission = admit(
    entry.original,
    {
      probe,
      // Time has passed since, but not for the measurement: a start in the future stays one.
      now: new Date(entry.received),
      received: at,
      source: entry.source,
      // But for the rows beside it: what is trimmed by now is trimmed.
      horizonMs,
    },
    vouchClock ? CLOCK_REFUSALS : undefined,
  );
  if (!admission.admitted) return refuse(admission.code, admission.reason);
  const { row, sample, sequence } = admission;
  const there = await store.query('sequence_rows', { probe: entry.probe, sequence });
  const other = there.find(({ metric, start }) => metric !== row.metric || start !== row.start);
  if (other || entry.code === 'sequence-conflict')
    return refuse(
      'sequence-conflict',
      other
        ? `sequence ${sequence} is ${other.metric} of ${other.start} already`
        : `sequence ${sequence} came with other content in the same report`,
    );

  if (sample) await store.insert('sample', [sample]);
  await store.insert('measurement', [row]);
  const log: InsertOf<'quarantine_log'> = {
    at,
    code: entry.code,
    probe: entry.probe,
    sha256: entry.sha256,
    sequence,
    by,
    why,
    vouchedClock: vouchClock,
    admission: ADMISSION_RULES,
  };
  await store.insert('quarantine_log', [log]);
  return { released: true, sequence };
}
