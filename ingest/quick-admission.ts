/**
 * Admission for the lines our own probes write, straight from their bytes to a row: the keys in the
 * order of `probes/measurement.ts`, no white space, no escapes. It admits only what `admit` admits,
 * and writes the same cells; of any other line it says that it does not know, and `admit` judges.
 * `test/unit/ingest/quick-admission.test.ts` holds the two against each other.
 *
 * Why: on two cores, zod, objects and their encoding cost several times what the engine needs to
 * store the row (see README, "What was measured").
 */
import type { Texts } from '../sql/cells.ts';
import { tables } from '../sql/rows.ts';
import { grained, grainedUp } from './grain.ts';
import { Heads } from './quick/head.ts';
import {
  BRACE,
  bytesOf,
  CLOSE,
  COMMA,
  literal,
  nameEnd,
  number,
  plainEnd,
  QUOTE,
  read,
  wholeNumber,
} from './quick/json-bytes.ts';
import { Months } from './quick/month.ts';
import { appendSamples, samplesEnd } from './quick/samples.ts';
import { STAMP_B, Starts } from './quick/start.ts';
import { namesOf, RecentTexts } from './quick/texts.ts';
import { Values } from './quick/values.ts';
import { type DayRows, STATION_COLUMNS } from './row-layout.ts';

/** What the lines of one report are judged by. */
export interface QuickContext {
  readonly probe: string;
  readonly nowMs: number;
  /** As `Receipt.horizonMs`. */
  readonly horizonMs: number;
  /** Of the rows. */
  readonly texts: Texts;
  /** The rows of the day of `startMs`. */
  dayAt(startMs: number): DayRows;
}

/** The columns written here; the station's own stand behind them, the same for a whole day. */
const WRITTEN =
  'metric probe start sequence version schedule task method target address family durationUs outcome stage code detail conflicts clockSynchronised clockOffsetUs clockUncertaintyUs software v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 v10 v11 v12 v13 v14 v15';

/** Whether the tables are still those this was written for; if not, `admit` does it all. */
export const QUICK_APPLIES =
  Object.keys(tables.measurement).join(' ') === `${WRITTEN} ${STATION_COLUMNS.join(' ')}` &&
  Object.keys(tables.sample).join(' ') === 'probe sequence metric start samples hops';

/** Where each column's cells are. */
const AT = Object.fromEntries(
  Object.keys(tables.measurement).map((column, index) => [column, index]),
) as Readonly<Record<keyof typeof tables.measurement, number>>;

const K = {
  duration: bytesOf('Z","durationMs":'),
  ok: bytesOf(',"outcome":{"status":"ok"},"values":{'),
  failed: bytesOf(',"outcome":{"status":"failed","stage":"'),
  code: bytesOf('","code":"'),
  detail: bytesOf(',"detail":"'),
  skipped: bytesOf(',"outcome":{"status":"skipped","reason":"'),
  values: bytesOf('},"values":{'),
  samples: bytesOf(',"samples":['),
  conflicts: bytesOf(',"conflicts":['),
  clock: bytesOf(',"clock":{"synchronised":'),
  offset: bytesOf(',"offsetMs":'),
  uncertainty: bytesOf(',"uncertaintyMs":'),
  software: bytesOf('},"software":"'),
  null: bytesOf('null'),
  true: bytesOf('true'),
  false: bytesOf('false'),
} as const;

/** Admits the lines of one report, one after another. */
export class QuickAdmission {
  readonly #context: QuickContext;
  readonly #begin: Uint8Array;
  readonly #probe: number;
  readonly #none: number;
  readonly #heads: Heads;
  readonly #starts = new Starts();
  readonly #values = new Values();
  readonly #months: Months;
  readonly #software: RecentTexts;
  readonly #stage: RecentTexts;
  readonly #code: RecentTexts;
  readonly #detail: RecentTexts;
  readonly #sample = new Float64Array(Object.keys(tables.sample).length);
  /** Of the row last admitted. */
  sequence = 0;
  startMs = 0;
  sampled = false;

  constructor(context: QuickContext) {
    const { probe, texts, nowMs } = context;
    this.#context = context;
    this.#begin = bytesOf(`{"version":1,"probe":"${probe}","sequence":`);
    this.#probe = texts.placeOf(probe);
    this.#none = texts.placeOf('');
    this.#heads = new Heads(texts);
    this.#months = new Months(nowMs);
    this.#software = new RecentTexts(texts);
    this.#stage = new RecentTexts(texts);
    this.#code = new RecentTexts(texts);
    this.#detail = new RecentTexts(texts);
  }

  /**
   * Admits the line from `from` to `to` and appends its row; null where it does not know, and then
   * nothing was appended. In one piece: what it has read stays in locals, which is a tenth quicker than
   * parts that hand it on.
   */
  admit(b: Buffer, from: number, to: number): DayRows | null {
    if (!QUICK_APPLIES) return null;
    let at = literal(b, from, this.#begin);
    if (at < 0) return null;
    at = wholeNumber(b, at);
    if (at < 0) return null;
    const sequence = read;

    const head = this.#heads.read(b, at);
    if (!head) return null;
    at += head.bytes.length;
    const startMs = this.#starts.read(b, at);
    if (Number.isNaN(startMs)) return null;
    at = number(b, literal(b, at + STAMP_B, K.duration));
    if (at < 0) return null;
    const durationMs = read;
    if (!(durationMs >= 0 && durationMs <= 86_400_000)) return null;

    let outcome = 1;
    let stage = 0;
    let stageEnd = 0;
    let code = 0;
    let codeEnd = 0;
    let detail = 0;
    let detailEnd = 0;
    const outcomeAt = at;
    at = literal(b, outcomeAt, K.ok);
    if (at < 0) {
      stage = literal(b, outcomeAt, K.failed);
      if (stage >= 0) {
        outcome = 2;
        stageEnd = nameEnd(b, stage);
        code = literal(b, stageEnd, K.code);
        codeEnd = nameEnd(b, code);
        if (codeEnd < 0) return null;
        at = codeEnd + 1;
        if (b[at] === COMMA) {
          detail = literal(b, at, K.detail);
          detailEnd = plainEnd(b, detail, 300);
          if (detailEnd < 0) return null;
          at = detailEnd + 1;
        }
      } else {
        outcome = 3;
        stage = 0;
        code = literal(b, outcomeAt, K.skipped);
        codeEnd = nameEnd(b, code);
        if (codeEnd < 0) return null;
        at = codeEnd + 1;
      }
      at = literal(b, at, K.values);
    }
    at = this.#values.read(b, at, head.metric);
    if (at < 0) return null;

    // The schema's order has the samples here; our agent writes them last.
    let samples = literal(b, at, K.samples);
    let samplesClose = 0;
    if (samples >= 0) {
      samplesClose = samplesEnd(b, samples);
      if (samplesClose < 0) return null;
      at = samplesClose + 1;
    }

    const conflicts = literal(b, at, K.conflicts);
    if (conflicts < 0) return null;
    let conflictCount = 0;
    at = conflicts;
    while (b[at] !== CLOSE) {
      if (conflictCount++ > 0 && b[at++] !== COMMA) return null;
      if (b[at] !== QUOTE) return null;
      at = nameEnd(b, at + 1) + 1;
      if (at === 0) return null;
    }
    if (conflictCount > 32) return null;

    at = literal(b, at + 1, K.clock);
    if (at < 0) return null;
    let synchronised = 2;
    const boolAt = at;
    at = literal(b, boolAt, K.true);
    if (at >= 0) synchronised = 1;
    else {
      at = literal(b, boolAt, K.null);
      if (at < 0) {
        at = literal(b, boolAt, K.false);
        synchronised = 0;
      }
    }
    at = literal(b, at, K.offset);
    if (at < 0) return null;
    let offsetMs = 0;
    const offsetKnown = b[at] !== K.null[0];
    at = offsetKnown ? number(b, at) : literal(b, at, K.null);
    if (offsetKnown) offsetMs = read;
    at = literal(b, at, K.uncertainty);
    if (at < 0) return null;
    let uncertaintyMs = 0;
    const uncertaintyKnown = b[at] !== K.null[0];
    at = uncertaintyKnown ? number(b, at) : literal(b, at, K.null);
    if (uncertaintyKnown) uncertaintyMs = read;
    if (!(uncertaintyMs >= 0)) return null;
    const software = literal(b, at, K.software);
    const softwareEnd = plainEnd(b, software, 80);
    if (softwareEnd < 0) return null;
    at = softwareEnd + 1;
    if (samples < 0) {
      samples = literal(b, at, K.samples);
      if (samples >= 0) {
        samplesClose = samplesEnd(b, samples);
        if (samplesClose < 0) return null;
        at = samplesClose + 1;
      }
    }
    if (b[at] !== BRACE || at + 1 !== to) return null;

    if (!this.#months.isCertain(startMs, offsetMs, uncertaintyMs)) return null;
    if (startMs < this.#context.horizonMs) return null;
    const day = this.#context.dayAt(startMs);
    if (!day.bound) return null;

    const { rows } = day;
    rows.room();
    const { cells, capacity } = rows;
    at = rows.count;
    cells[at + AT.metric * capacity] = head.metricName;
    cells[at + AT.probe * capacity] = this.#probe;
    cells[at + AT.start * capacity] = startMs;
    cells[at + AT.sequence * capacity] = sequence;
    cells[at + AT.version * capacity] = 1;
    cells[at + AT.schedule * capacity] = head.schedule;
    cells[at + AT.task * capacity] = head.task;
    cells[at + AT.method * capacity] = head.method;
    cells[at + AT.target * capacity] = head.target;
    cells[at + AT.address * capacity] = head.address;
    cells[at + AT.family * capacity] = head.family;
    cells[at + AT.durationUs * capacity] = grained(durationMs * 1000);
    cells[at + AT.outcome * capacity] = outcome;
    cells[at + AT.stage * capacity] =
      stage > 0 ? this.#stage.placeOf(b, stage, stageEnd) : this.#none;
    cells[at + AT.code * capacity] = code > 0 ? this.#code.placeOf(b, code, codeEnd) : this.#none;
    cells[at + AT.detail * capacity] =
      detail > 0 ? this.#detail.placeOf(b, detail, detailEnd) : this.#none;
    cells[at + AT.conflicts * capacity] =
      conflictCount > 0
        ? this.#context.texts.placeOf(namesOf(b, conflicts, conflictCount))
        : this.#none;
    cells[at + AT.clockSynchronised * capacity] = synchronised === 2 ? Number.NaN : synchronised;
    cells[at + AT.clockOffsetUs * capacity] = offsetKnown ? grained(offsetMs * 1000) : Number.NaN;
    cells[at + AT.clockUncertaintyUs * capacity] = uncertaintyKnown
      ? grainedUp(uncertaintyMs * 1000)
      : Number.NaN;
    cells[at + AT.software * capacity] = this.#software.placeOf(b, software, softwareEnd);
    this.#values.put(rows, AT.v0);
    rows.count++;

    this.sequence = sequence;
    this.startMs = startMs;
    this.sampled = samples >= 0 && b[samples] !== CLOSE;
    if (this.sampled) {
      const { samples: list } = day;
      this.#sample[0] = this.#probe;
      this.#sample[1] = sequence;
      this.#sample[2] = head.metricName;
      this.#sample[3] = startMs;
      this.#sample[4] = appendSamples(list, b, samples, samplesClose);
      this.#sample[5] = this.#none;
      list.append(this.#sample);
    }
    return day;
  }
}
