/**
 * THE record: the outcome of one task, as it travels from probe to verdict.
 *
 * A failure to reach is a result and is recorded here; a failure to look is an error and is not.
 * Names and meanings follow LMAP (RFC 7594, RFC 8193); units stand in the names.
 */
import { z } from 'zod';

/** Version of the record's shape. Old versions stay readable for ever; fields are added, never renamed. */
export const MEASUREMENT_VERSION = 1;

/** Names that appear in URLs, SQL and file names: lower case, digits, hyphens. */
export const nameSchema = z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/);

/** IP version, pinned: a measurement never falls back to the other family. */
export const familySchema = z.union([z.literal(4), z.literal(6)]);
export type Family = z.infer<typeof familySchema>;

export const outcomeSchema = z.discriminatedUnion('status', [
  z.object({ status: z.literal('ok') }),
  /** We looked and could not reach: `stage` says how far it got (dns, connect, tls, …), `code` why. */
  z.object({
    status: z.literal('failed'),
    stage: nameSchema,
    code: nameSchema,
    detail: z.string().max(300).optional(),
  }),
  /** We did not look: no privilege, no address of that family, budget spent, missed run. */
  z.object({ status: z.literal('skipped'), reason: nameSchema }),
]);
export type Outcome = z.infer<typeof outcomeSchema>;

/** The probe's clock against the station's: `offsetMs` = station − probe; null where unknown. */
export const clockSchema = z.object({
  synchronised: z.boolean().nullable(),
  offsetMs: z.number().nullable(),
  uncertaintyMs: z.number().nonnegative().nullable(),
  /** By how much the probe's clock was set between start and end; absent when it was not. */
  stepMs: z.number().optional(),
});
export type ClockState = z.infer<typeof clockSchema>;

/** A router on the way, or the target; null where it did not answer. */
export const hopSchema = z.object({
  address: z.union([z.ipv4(), z.ipv6()]).nullable(),
  rttMs: z.number().nonnegative().max(86_400_000).nullable(),
});
export type Hop = z.infer<typeof hopSchema>;

const valueName = z.string().regex(/^[a-z][A-Za-z0-9]{0,47}$/);

/**
 * One measurement. `(probe, sequence)` is its identity for ever.
 *
 * What only the station can know (received time, source address, place, line, carrier, admission)
 * is not part of it: such keys sent by a client are dropped at the door.
 */
export const measurementSchema = z.object({
  version: z.literal(MEASUREMENT_VERSION),
  probe: nameSchema,
  /** Grows by one with every measurement of a probe. */
  sequence: z.int().nonnegative(),
  schedule: nameSchema,
  task: nameSchema,
  metric: nameSchema,
  /** Version of the method, e.g. `icmp-rtt/1`; figures of different methods are not comparable. */
  method: z.string().regex(/^[a-z0-9-]{1,62}\/\d{1,4}$/),
  /** What was asked for: a host, an address or a URL. */
  target: z.string().min(1).max(500),
  /** The address really used, in canonical form; null when none was. */
  address: z.union([z.ipv4(), z.ipv6()]).nullable(),
  family: familySchema,
  /** UTC by the probe's clock, RFC 3339 with milliseconds. */
  start: z.iso.datetime({ precision: 3 }),
  /** By a monotonic clock. */
  durationMs: z.number().nonnegative().max(86_400_000),
  outcome: outcomeSchema,
  /** By name, with the unit in the name, as the metric's `values` declare; unknown names are refused. */
  values: z.record(valueName, z.number()),
  /** Small series behind the values, in the metric's own unit. */
  samples: z.array(z.number()).max(2_000).optional(),
  /** Of a path, in place of samples: what answered, in order from the probe. */
  hops: z.array(hopSchema).max(64).optional(),
  /** Tasks that ran at the same time and may have disturbed this one (RFC 8194 `conflict`). */
  conflicts: z.array(nameSchema).max(32),
  clock: clockSchema,
  /** e.g. `tongda-probe/0.1.0`. */
  software: z.string().min(1).max(80),
});
export type Measurement = z.infer<typeof measurementSchema>;
