/**
 * Reads one report as its lines come in, and holds what is to be stored: rows by day, and what goes
 * to quarantine. Nothing of it is stored before the whole report is there, as its header announced.
 */
import { createHash } from 'node:crypto';
import { Fault } from '../probes/fault.ts';
import {
  type Acknowledgement,
  REPORT_VERSION,
  type ReportHeader,
  reportHeaderSchema,
  type SequenceRange,
} from '../probes/report.ts';
import { Texts } from '../sql/cells.ts';
import { precedenceOf } from '../sql/precedence.ts';
import { encodeRows } from '../sql/row-binary.ts';
import { tables } from '../sql/rows.ts';
import { ADMISSION_RULES, admit, type QuarantineInsert, type Receipt } from './admission.ts';
import { type Run, runsOf } from './key-order.ts';
import { LineSplitter } from './line-splitter.ts';
import { QuickAdmission } from './quick-admission.ts';
import { Refusal } from './refusal.ts';
import { appendRow, type DayRows, dayNumber, instantOf, openDay } from './row-layout.ts';

const LINE_LIMIT_B = 64 * 1024;
/** Rows a day has room for when it is opened. */
const [ROWS_AT_LEAST, ROWS_AT_MOST] = [16, 2_000];

/** What one report adds to the store: whole rows. */
export interface Intake {
  readonly probe: string;
  readonly days: readonly {
    readonly day: number;
    readonly measurements: readonly Run[];
    readonly samples: readonly Run[];
  }[];
  /** As RowBinary. */
  readonly quarantine: Uint8Array;
  /** Rows of all kinds. */
  readonly rows: number;
  /** About what it holds in memory. */
  readonly sizeB: number;
  /** The latest start among the rows, ms; −Infinity when there are none. */
  readonly newestStartMs: number;
}

/** Where a row of this report lies, so that another of the same sequence can be held against it. */
interface Placed {
  readonly day: DayRows;
  readonly row: number;
  /** Of its samples; null where it has none. */
  readonly samplesRow: number | null;
}

type Quarantined = Acknowledgement['quarantined'][number];

export class ReportReader {
  readonly #receipt: Receipt;
  readonly #splitter: LineSplitter;
  readonly #quick: QuickAdmission;
  readonly #batch = createHash('sha256');
  readonly #days = new Map<number, DayRows>();
  readonly #quarantine: QuarantineInsert[] = [];
  readonly #quarantined: Quarantined[] = [];
  /** Of every admitted row, in the order they came. */
  readonly #sequences: number[] = [];
  readonly #places: Placed[] = [];
  readonly #texts = new Texts();
  #placeOf: Map<number, Placed> | null = null;
  #lowest = Number.POSITIVE_INFINITY;
  #highest = Number.NEGATIVE_INFINITY;
  #lastDay: DayRows | null = null;
  #header: ReportHeader | null = null;
  #headerEnded = false;
  #results = 0;
  #newestStartMs = Number.NEGATIVE_INFINITY;

  constructor(receipt: Receipt) {
    this.#receipt = receipt;
    this.#splitter = new LineSplitter(LINE_LIMIT_B, (bytes, from, to) =>
      this.#line(bytes, from, to),
    );
    this.#quick = new QuickAdmission({
      probe: receipt.probe.probe,
      nowMs: receipt.now.getTime(),
      horizonMs: receipt.horizonMs,
      texts: this.#texts,
      dayAt: (startMs) => this.#dayAt(startMs),
    });
  }

  /**
   * The next piece of the body.
   *
   * @throws Fault `report-malformed`, `report-cut`; Refusal `agent-mismatch` (403), `line-too-long` (413)
   */
  push(piece: Buffer): void {
    const from = this.#headerEnded ? 0 : piece.indexOf('\n') + 1;
    if (this.#headerEnded || from > 0) {
      this.#headerEnded = true;
      this.#batch.update(piece.subarray(from));
    }
    this.#splitter.push(piece);
  }

  /**
   * The body is over.
   *
   * @returns what to store, and `batch`: what identifies the content, whatever its header's date
   * @throws Fault `report-malformed`, `report-cut`: then nothing of the report is stored
   */
  end(): { intake: Intake; batch: string } {
    this.#splitter.end();
    const announced = this.#header?.results;
    if (announced === undefined) throw headless();
    if (announced !== this.#results) throw miscounted(announced, this.#results);
    const { probe } = this.#receipt.probe;
    const held = [...this.#days.values()].filter(({ rows }) => rows.count > 0);
    const quarantine = encodeRows(tables.quarantine, this.#quarantine);
    const intake: Intake = {
      probe,
      days: held.map(({ day, rows, samples }) => ({
        day,
        measurements: runsOf(rows, tables.measurement, probe),
        samples: runsOf(samples, tables.sample, probe),
      })),
      quarantine,
      rows: this.#sequences.length + this.#quarantine.length,
      sizeB: held.reduce(
        (sum, { rows, samples }) => sum + rows.sizeB + samples.sizeB,
        this.#texts.sizeB + quarantine.length,
      ),
      newestStartMs: this.#newestStartMs,
    };
    return { intake, batch: this.#batch.digest('hex') };
  }

  /** The answer that covers what was stored or quarantined, once both are durable. */
  acknowledgement(batch: string, now: Date): Acknowledgement {
    const named = this.#quarantined.flatMap(({ sequence }) =>
      sequence === null ? [] : [sequence],
    );
    return {
      version: REPORT_VERSION,
      agentId: this.#receipt.probe.probe,
      batch,
      stationTime: now.toISOString(),
      stored: this.#sequences.length,
      quarantined: this.#quarantined,
      covers: ranges([...this.#sequences, ...named]),
    };
  }

  #line(bytes: Buffer, from: number, to: number): void {
    if (!this.#header) {
      this.#header = headerOf(bytes.toString('utf8', from, to));
      const { agentId } = this.#header;
      if (agentId !== this.#receipt.probe.probe)
        throw new Refusal(
          403,
          'agent-mismatch',
          `令牌属于探针 ${this.#receipt.probe.probe},报告却来自 ${agentId}`,
          `the token belongs to ${this.#receipt.probe.probe}, the report says ${agentId}`,
        );
      return;
    }
    if (++this.#results > this.#header.results)
      throw miscounted(this.#header.results, this.#results);
    const day = this.#quick.admit(bytes, from, to);
    const { sequence, startMs, sampled } = this.#quick;
    if (day) this.#place(day, sequence, startMs, sampled, bytes, from, to);
    else this.#judge(bytes, from, to);
  }

  /** Where the quick way does not know, admission proper does. */
  #judge(bytes: Buffer, from: number, to: number): void {
    const line = bytes.subarray(from, to);
    const admission = admit(line, this.#receipt);
    if (!admission.admitted) {
      const { sequence, code, reason } = admission;
      this.#refuse(line, sequence, code, reason);
      return;
    }
    const { row, sample, sequence } = admission;
    const startMs = Date.parse(row.start);
    const day = this.#dayAt(startMs);
    appendRow(day, row, sample);
    this.#place(day, sequence, startMs, sample !== null, bytes, from, to);
  }

  /**
   * Notes the row just appended to `day`. A second row of the same sequence is taken back: it is the
   * same record twice, or another record that goes to quarantine.
   */
  #place(
    day: DayRows,
    sequence: number,
    startMs: number,
    sampled: boolean,
    bytes: Buffer,
    from: number,
    to: number,
  ): void {
    const { rows, samples } = day;
    const samplesRow = sampled ? samples.count - 1 : null;
    const placed: Placed = { day, row: rows.count - 1, samplesRow };
    const earlier = this.#earlier(sequence);
    if (earlier) {
      const same = areSame(earlier, placed);
      rows.count--;
      if (sampled) samples.count--;
      if (!same)
        this.#refuse(
          bytes.subarray(from, to),
          sequence,
          'sequence-conflict',
          `sequence ${sequence} stands in this report twice, with different content`,
        );
      return;
    }
    this.#sequences.push(sequence);
    this.#places.push(placed);
    this.#placeOf?.set(sequence, placed);
    this.#lowest = Math.min(this.#lowest, sequence);
    this.#highest = Math.max(this.#highest, sequence);
    this.#newestStartMs = Math.max(this.#newestStartMs, startMs);
  }

  /** The row of that sequence, if one came before. Sequences that run in one direction cost nothing. */
  #earlier(sequence: number): Placed | undefined {
    if (sequence < this.#lowest || sequence > this.#highest) return undefined;
    this.#placeOf ??= new Map(
      this.#places.map((placed, index) => [this.#sequences[index] as number, placed]),
    );
    return this.#placeOf.get(sequence);
  }

  #refuse(
    line: Buffer,
    sequence: number | null,
    code: QuarantineInsert['code'],
    reason: string,
  ): void {
    const number = this.#splitter.lines;
    this.#quarantined.push({ line: number, sequence, code, reason });
    this.#quarantine.push({
      probe: this.#receipt.probe.probe,
      sha256: createHash('sha256').update(line).digest('hex'),
      sequence,
      line: number,
      code,
      reason,
      original: Buffer.from(line),
      source: this.#receipt.source,
      received: this.#receipt.received,
    });
  }

  #dayAt(startMs: number): DayRows {
    const day = dayNumber(startMs);
    if (this.#lastDay?.day === day) return this.#lastDay;
    let rows = this.#days.get(day);
    if (!rows) {
      const { probe, received, source } = this.#receipt;
      const station = { source, precedence: precedenceOf(received, ADMISSION_RULES) };
      // The first day is nearly always that of all rows.
      const expected = this.#days.size === 0 ? (this.#header?.results ?? 0) : 0;
      rows = openDay(
        day,
        probe.bindingAt(instantOf(day)),
        station,
        this.#texts,
        Math.min(Math.max(expected, ROWS_AT_LEAST), ROWS_AT_MOST),
      );
      this.#days.set(day, rows);
    }
    this.#lastDay = rows;
    return rows;
  }
}

function areSame({ day, row, samplesRow }: Placed, other: Placed): boolean {
  if (day !== other.day || !day.rows.areSame(row, other.row)) return false;
  if (samplesRow === null || other.samplesRow === null) return samplesRow === other.samplesRow;
  return day.samples.areSame(samplesRow, other.samplesRow);
}

/** @throws Fault `report-malformed` */
function headerOf(line: string): ReportHeader {
  let json: unknown;
  try {
    json = JSON.parse(line);
  } catch {
    throw headless();
  }
  const header = reportHeaderSchema.safeParse(json);
  if (header.success) return header.data;
  const issue = header.error.issues[0];
  const where = issue?.path.join('.') || 'header';
  throw new Fault(
    'report-malformed',
    `报头字段 ${where} 不合要求:${issue?.message}`,
    `the header's ${where} is not as it must be: ${issue?.message}`,
  );
}

function headless(): Fault {
  return new Fault(
    'report-malformed',
    '报告首行不是 JSON 报头',
    'the first line of the report is not a JSON header',
  );
}

function miscounted(announced: number, came: number): Fault {
  return came < announced
    ? new Fault(
        'report-cut',
        `报头称有 ${announced} 行,实收 ${came} 行:请整份重发`,
        `the header announces ${announced} lines, ${came} came: send the whole report again`,
      )
    : new Fault(
        'report-malformed',
        `报头称有 ${announced} 行,实收更多`,
        `the header announces ${announced} lines, more came`,
      );
}

/** Sequences as inclusive ranges, ascending. */
export function ranges(sequences: readonly number[]): SequenceRange[] {
  const merged: SequenceRange[] = [];
  for (const sequence of Float64Array.from(sequences).sort()) {
    const last = merged.at(-1);
    if (last && sequence <= last[1] + 1) last[1] = sequence;
    else merged.push([sequence, sequence]);
  }
  return merged;
}
