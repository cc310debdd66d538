/**
 * The report: what a probe hands to the collector, shaped after `ietf-lmap-report` (RFC 8194 §4.2)
 * but written as NDJSON so that it can be streamed and cut: line 1 is the header, every further
 * line one measurement (`result`). Sent as `POST /v1/reports`, `application/x-ndjson`,
 * `Authorization: Bearer <the probe's token>`.
 */
import { z } from 'zod';
import { type Measurement, nameSchema } from './measurement.ts';

/** Version of the report's shape; the collector reads every version ever sent. */
export const REPORT_VERSION = 1;

export const reportHeaderSchema = z.object({
  version: z.literal(REPORT_VERSION),
  /** When the report was put together, UTC by the probe's clock. */
  date: z.iso.datetime({ precision: 3 }),
  agentId: nameSchema,
  groupId: nameSchema.optional(),
  /** Number of result lines that follow: a cut body is noticed. */
  results: z.int().nonnegative().max(100_000),
});
export type ReportHeader = z.infer<typeof reportHeaderSchema>;

/** Inclusive range of sequences. */
export const sequenceRangeSchema = z.tuple([z.int().nonnegative(), z.int().nonnegative()]);
export type SequenceRange = z.infer<typeof sequenceRangeSchema>;

/**
 * The collector's answer, sent only when what it covers is durable on disk.
 * The probe deletes from its spool exactly the sequences in `covers`, nothing else.
 */
export const acknowledgementSchema = z.object({
  version: z.literal(REPORT_VERSION),
  agentId: nameSchema,
  /** SHA-256 of all that followed the header line; early stations do not say it. */
  batch: z.string().optional(),
  /** The station's UTC clock when the answer was written. */
  stationTime: z.iso.datetime({ precision: 3 }),
  stored: z.int().nonnegative(),
  quarantined: z.array(
    z.object({
      /** 1-based line of the report. */
      line: z.int().positive(),
      sequence: z.int().nonnegative().nullable(),
      code: z.string(),
      reason: z.string(),
    }),
  ),
  covers: z.array(sequenceRangeSchema),
});
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;

/** Writes a report as NDJSON, header first, each line ended by `\n`. */
export function encodeReport(
  header: Omit<ReportHeader, 'version' | 'results'>,
  measurements: readonly Measurement[],
): string {
  const full: ReportHeader = { version: REPORT_VERSION, ...header, results: measurements.length };
  return [full, ...measurements].map((line) => `${JSON.stringify(line)}\n`).join('');
}
