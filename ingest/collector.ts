/**
 * The Collector (RFC 7594 §4.3): takes reports in, judges them line by line, and acknowledges what
 * is durable. `POST /v1/reports`, NDJSON as `probes/report.ts` says, optionally gzip.
 */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type Context, Hono } from 'hono';
import { Fault } from '../probes/fault.ts';
import {
  type Acknowledgement,
  REPORT_VERSION,
  type ReportHeader,
  reportHeaderSchema,
  type SequenceRange,
} from '../probes/report.ts';
import {
  type Admission,
  admit,
  asIpv6,
  type MeasurementInsert,
  type QuarantineInsert,
  type Receipt,
  type SampleInsert,
} from './admission.ts';
import { authenticate, type ProbeDirectory } from './binding.ts';
import { Refusal } from './refusal.ts';
import type { Writer } from './writer.ts';

/** Of the body after decompression. */
const BODY_LIMIT_B = 16 * 1024 * 1024;
const LINE_LIMIT_B = 64 * 1024;
/** Rows waiting for an insert above which the collector says "later" instead of growing. */
const BACKLOG_LIMIT_ROWS = 200_000;

export interface CollectorOptions {
  readonly directory: ProbeDirectory;
  readonly writer: Writer;
  readonly now: () => Date;
  /** The address a request came from. */
  readonly sourceOf: (context: Context) => string;
}

export function collector({ directory, writer, now, sourceOf }: CollectorOptions): Hono {
  const receivedAt = distinctInstants();
  return new Hono().post('/v1/reports', async (context) => {
    const probe = await authenticate(directory, context.req.header('authorization'));
    if (writer.depth > BACKLOG_LIMIT_ROWS)
      throw new Refusal(
        429,
        'busy',
        '收集端正忙,请稍后重发',
        'the collector is busy: send again later',
        5,
      );

    const arrived = now();
    const receipt: Receipt = {
      probe,
      now: arrived,
      received: receivedAt(arrived),
      source: asIpv6(sourceOf(context)),
    };
    const { header, lines } = openReport(await bodyText(context));
    if (header.agentId !== probe.probe)
      throw new Refusal(
        403,
        'agent-mismatch',
        `令牌属于探针 ${probe.probe},报告却来自 ${header.agentId}`,
        `the token belongs to ${probe.probe}, the report says ${header.agentId}`,
      );

    const admissions = lines.map((line) => ({ line, admission: admit(line, receipt) }));
    await writer.write(intakeOf(admissions, receipt));
    const answer = acknowledge(
      probe.probe,
      admissions.map(({ admission }) => admission),
      now(),
    );
    context.header('tongda-time', answer.stationTime);
    return context.json(answer);
  });
}

type Judged = { readonly line: string; readonly admission: Admission };

function intakeOf(judged: readonly Judged[], receipt: Receipt) {
  const measurements: MeasurementInsert[] = [];
  const samples: SampleInsert[] = [];
  const quarantine: QuarantineInsert[] = [];
  for (const [index, { line, admission }] of judged.entries())
    if (admission.admitted) {
      measurements.push(admission.row);
      if (admission.sample) samples.push(admission.sample);
    } else
      quarantine.push({
        probe: receipt.probe.probe,
        sha256: createHash('sha256').update(line).digest('hex'),
        sequence: admission.sequence,
        line: index + 2,
        code: admission.code,
        reason: admission.reason,
        original: line,
        source: receipt.source,
        received: receipt.received,
      });
  return { measurements, samples, quarantine };
}

/** The answer that covers what was stored or quarantined, both being durable. */
function acknowledge(
  agentId: string,
  admissions: readonly Admission[],
  now: Date,
): Acknowledgement {
  return {
    version: REPORT_VERSION,
    agentId,
    stationTime: now.toISOString(),
    stored: admissions.filter(({ admitted }) => admitted).length,
    quarantined: admissions.flatMap((admission, index) =>
      admission.admitted
        ? []
        : [
            {
              line: index + 2,
              sequence: admission.sequence,
              code: admission.code,
              reason: admission.reason,
            },
          ],
    ),
    covers: ranges(admissions.flatMap(({ sequence }) => (sequence === null ? [] : [sequence]))),
  };
}

/** Sequences as inclusive ranges, ascending. */
export function ranges(sequences: readonly number[]): SequenceRange[] {
  const merged: SequenceRange[] = [];
  for (const sequence of [...sequences].sort((a, b) => a - b)) {
    const last = merged.at(-1);
    if (last && sequence <= last[1] + 1) last[1] = sequence;
    else merged.push([sequence, sequence]);
  }
  return merged;
}

/**
 * Splits a report into header and result lines.
 *
 * @throws Fault `report-malformed`, `report-cut`: nothing of the report is stored
 */
export function openReport(body: string): { header: ReportHeader; lines: string[] } {
  const [first = '', ...lines] = body.split('\n').filter((line) => line !== '');
  let json: unknown;
  try {
    json = JSON.parse(first);
  } catch {
    throw new Fault(
      'report-malformed',
      '报告首行不是 JSON 报头',
      'the first line of the report is not a JSON header',
    );
  }
  const header = reportHeaderSchema.safeParse(json);
  if (!header.success) {
    const issue = header.error.issues[0];
    const where = issue?.path.join('.') || 'header';
    throw new Fault(
      'report-malformed',
      `报头字段 ${where} 不合要求:${issue?.message}`,
      `the header's ${where} is not as it must be: ${issue?.message}`,
    );
  }
  if (lines.length !== header.data.results)
    throw new Fault(
      'report-cut',
      `报头称有 ${header.data.results} 行,实收 ${lines.length} 行:请整份重发`,
      `the header announces ${header.data.results} lines, ${lines.length} came: send the whole report again`,
    );
  const long = lines.findIndex((line) => line.length > LINE_LIMIT_B);
  if (long >= 0)
    throw new Refusal(
      413,
      'line-too-long',
      `第 ${long + 2} 行超过 ${LINE_LIMIT_B} 字节`,
      `line ${long + 2} is longer than ${LINE_LIMIT_B} bytes`,
    );
  return { header: header.data, lines };
}

/** The body as text, decompressed, never more than the limit in memory. */
async function bodyText(context: Context): Promise<string> {
  const body = context.req.raw.body;
  if (!body) return '';
  const encoding = context.req.header('content-encoding') ?? 'identity';
  if (encoding !== 'identity' && encoding !== 'gzip')
    throw new Refusal(
      415,
      'encoding-unknown',
      `不支持的压缩方式 ${encoding}:请用 gzip 或不压缩`,
      `content encoding ${encoding} is not supported: use gzip or none`,
    );
  const raw = Readable.fromWeb(body as import('node:stream/web').ReadableStream);
  const gunzip = encoding === 'gzip' ? createGunzip() : null;
  if (gunzip) raw.on('error', (reason) => gunzip.destroy(reason)).pipe(gunzip);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of gunzip ?? raw) {
      size += chunk.length;
      if (size > BODY_LIMIT_B)
        throw new Refusal(
          413,
          'report-too-large',
          `报告超过 ${BODY_LIMIT_B} 字节:请分批发送`,
          `the report is larger than ${BODY_LIMIT_B} bytes: send it in parts`,
        );
      chunks.push(chunk);
    }
  } catch (reason) {
    if (reason instanceof Fault) throw reason;
    throw new Fault(
      'report-cut',
      '报告正文没有收全或压缩数据损坏:请整份重发',
      'the body ended early or its compression is damaged: send the whole report again',
    );
  } finally {
    raw.destroy();
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Microsecond stamps that never repeat: they order rows by arrival and carry page cursors. */
function distinctInstants(): (now: Date) => string {
  let last = 0;
  return (now) => {
    last = Math.max(now.getTime() * 1000, last + 1);
    const micros = String(last % 1000).padStart(3, '0');
    return new Date(Math.floor(last / 1000)).toISOString().replace('Z', `${micros}Z`);
  };
}
