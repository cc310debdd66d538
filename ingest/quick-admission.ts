/**
 * Admission for the lines our own probes write, straight from their bytes to a row: the keys in the
 * order of `probes/measurement.ts`, no white space, no escapes. It admits only what `admit` admits,
 * and writes the same cells; of any other line it says that it does not know, and `admit` judges.
 * `test/unit/ingest/quick-admission.test.ts` holds the two against each other.
 *
 * Why: on two cores, zod, objects and their encoding cost several times what the engine needs to
 * store the row (see README, "What was measured").
 */
import { METRICS } from '../probes/catalogue.ts';
import { measurementSchema } from '../probes/measurement.ts';
import { addressText, ended, type Rows, type Texts } from '../sql/cells.ts';
import { tables } from '../sql/rows.ts';
import { AHEAD_TOLERANCE_MS, asIpv6, OLDEST_MS } from './admission.ts';
import { grained, grainedUp } from './grain.ts';
import {
  BRACE,
  CLOSE,
  COMMA,
  DOT,
  latin1,
  literal,
  methodNameEnd,
  NO,
  nameEnd,
  number,
  plainEnd,
  QUOTE,
  read,
  stands,
  two,
  wholeNumber,
  ZERO,
} from './json-bytes.ts';
import { monthOf, monthSpan } from './month.ts';
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

/** The columns this file writes; the station's own stand behind them, the same for a whole day. */
const WRITTEN =
  'metric probe start sequence version schedule task method target address family durationUs outcome stage code detail conflicts clockSynchronised clockOffsetUs clockUncertaintyUs software v0 v1 v2 v3 v4 v5 v6 v7 v8 v9 v10 v11 v12 v13 v14 v15';

/** Whether the tables are still those this file was written for; if not, `admit` does it all. */
export const QUICK_APPLIES =
  Object.keys(tables.measurement).join(' ') === `${WRITTEN} ${STATION_COLUMNS.join(' ')}` &&
  Object.keys(tables.sample).join(' ') === 'probe sequence metric start samples hops';

/** Where each column's cells are. */
const AT = Object.fromEntries(
  Object.keys(tables.measurement).map((column, index) => [column, index]),
) as Readonly<Record<keyof typeof tables.measurement, number>>;

const SLOTS = 16;

const bytes = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text, 'latin1'));

const K = {
  schedule: bytes(',"schedule":"'),
  task: bytes('","task":"'),
  metric: bytes('","metric":"'),
  method: bytes('","method":"'),
  target: bytes('","target":"'),
  address: bytes('","address":'),
  family: bytes(',"family":'),
  start: bytes(',"start":"'),
  startEnd: bytes('Z","durationMs":'),
  ok: bytes(',"outcome":{"status":"ok"},"values":{'),
  failed: bytes(',"outcome":{"status":"failed","stage":"'),
  code: bytes('","code":"'),
  detail: bytes(',"detail":"'),
  skipped: bytes(',"outcome":{"status":"skipped","reason":"'),
  values: bytes('},"values":{'),
  samples: bytes(',"samples":['),
  conflicts: bytes(',"conflicts":['),
  clock: bytes(',"clock":{"synchronised":'),
  offset: bytes(',"offsetMs":'),
  uncertainty: bytes(',"uncertaintyMs":'),
  software: bytes('},"software":"'),
  null: bytes('null'),
  true: bytes('true'),
  false: bytes('false'),
} as const;

interface QuickMetric {
  readonly name: Uint8Array;
  readonly values: readonly { readonly key: Uint8Array; readonly resolution: number }[];
}

const QUICK_METRICS: readonly QuickMetric[] = METRICS.map(({ name, values }) => ({
  name: bytes(name),
  values: values.map((value) => ({
    key: bytes(`"${value.name}":`),
    resolution: value.resolution,
  })),
}));

/**
 * What stands between a line's sequence and its start: the same from run to run of one task, so that
 * it is read once and then compared.
 */
interface Head {
  readonly bytes: Uint8Array;
  readonly metric: QuickMetric;
  /** Their cells. */
  readonly schedule: number;
  readonly task: number;
  readonly metricName: number;
  readonly method: number;
  readonly target: number;
  readonly address: number;
  readonly family: number;
  /** The one that came after it last time: tasks take turns. */
  next: Head | null;
}

/** Beyond these a report's tasks are too many to be compared one by one. */
const HEADS = 32;

/** Everything a line said, as numbers and as places in its bytes. */
export class QuickAdmission {
  readonly #context: QuickContext;
  readonly #begin: Uint8Array;
  readonly #values = new Float64Array(SLOTS);
  readonly #sample = new Float64Array(Object.keys(tables.sample).length);
  readonly #heads: Head[] = [];
  #head: Head | null = null;
  readonly #probe: number;
  readonly #none: number;
  readonly #software: Remembered;
  readonly #stage: Remembered;
  readonly #code: Remembered;
  readonly #detail: Remembered;
  #monthStartMs = 0;
  #monthEndMs = 0;
  #date = new Uint8Array(10);
  #dateMs = Number.NaN;
  /** Of the row last admitted. */
  sequence = 0;
  startMs = 0;
  sampled = false;

  constructor(context: QuickContext) {
    const { probe, texts } = context;
    this.#context = context;
    this.#begin = bytes(`{"version":1,"probe":"${probe}","sequence":`);
    this.#probe = texts.placeOf(probe);
    this.#none = texts.placeOf('');
    this.#software = new Remembered(texts);
    this.#stage = new Remembered(texts);
    this.#code = new Remembered(texts);
    this.#detail = new Remembered(texts);
  }

  /**
   * Admits the line from `from` to `to` and appends its row; null where it does not know, and then
   * nothing was appended.
   */
  admit(b: Buffer, from: number, to: number): DayRows | null {
    if (!QUICK_APPLIES) return null;
    let at = literal(b, from, this.#begin);
    if (at < 0) return null;
    at = wholeNumber(b, at);
    if (at < 0) return null;
    const sequence = read;

    const head = this.#headAt(b, at);
    if (!head) return null;
    const { metric: known } = head;
    at += head.bytes.length;
    const startMs = this.#time(b, at);
    if (Number.isNaN(startMs)) return null;
    at = number(b, literal(b, at + 23, K.startEnd));
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
    if (at < 0) return null;

    let present = 0;
    for (let next = 0; b[at] !== BRACE; ) {
      if (present !== 0 && b[at++] !== COMMA) return null;
      const slot = this.#slotAt(b, at, known, next);
      if (slot < 0 || present & (1 << slot)) return null;
      const { key, resolution } = known.values[slot] as QuickMetric['values'][number];
      at = number(b, at + key.length);
      if (at < 0) return null;
      const stored = Math.round(read / resolution);
      if (!Number.isSafeInteger(stored)) return null;
      this.#values[slot] = stored;
      present |= 1 << slot;
      next = slot + 1;
    }
    at++;

    // The schema's order has the samples here; our agent writes them last.
    let samples = literal(b, at, K.samples);
    let samplesEnd = 0;
    if (samples >= 0) {
      samplesEnd = samplesEndAt(b, samples);
      if (samplesEnd < 0) return null;
      at = samplesEnd + 1;
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
        samplesEnd = samplesEndAt(b, samples);
        if (samplesEnd < 0) return null;
        at = samplesEnd + 1;
      }
    }
    if (b[at] !== BRACE || at + 1 !== to) return null;

    if (!this.#monthIsCertain(startMs, offsetMs, uncertaintyMs)) return null;
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
    for (let slot = 0; slot < SLOTS; slot++)
      cells[at + (AT.v0 + slot) * capacity] =
        (present & (1 << slot)) !== 0 ? (this.#values[slot] as number) : Number.NaN;
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
      this.#sample[4] = appendSamples(list, b, samples, samplesEnd);
      this.#sample[5] = this.#none;
      list.append(this.#sample);
    }
    return day;
  }

  /** What stands at `at` before the start; null where it does not know. */
  #headAt(b: Buffer, at: number): Head | null {
    const last = this.#head;
    let head = last?.next ?? null;
    if (!head || !stands(head.bytes, b, at)) {
      head = this.#heads.find(({ bytes }) => literal(b, at, bytes) >= 0) ?? this.#readHead(b, at);
      if (!head) return null;
      if (last) last.next = head;
    }
    this.#head = head;
    return head;
  }

  #readHead(b: Uint8Array, from: number): Head | null {
    const schedule = literal(b, from, K.schedule);
    const scheduleEnd = nameEnd(b, schedule);
    const task = literal(b, scheduleEnd, K.task);
    const taskEnd = nameEnd(b, task);
    const metric = literal(b, taskEnd, K.metric);
    const metricEnd = nameEnd(b, metric);
    if (metricEnd < 0) return null;
    const known = metricAt(b, metric, metricEnd);
    if (!known) return null;
    const method = literal(b, metricEnd, K.method);
    const methodEnd = methodNameEnd(b, method);
    const target = literal(b, methodEnd, K.target);
    const targetEnd = plainEnd(b, target, 500);
    let at = literal(b, targetEnd, K.address);
    if (at < 0) return null;
    let address: string | null = NO_ADDRESS;
    if (b[at] === QUOTE) {
      const end = plainEnd(b, at + 1, 64);
      if (end < 0) return null;
      address = storedAddress(latin1(b, at + 1, end));
      at = end + 1;
    } else {
      at = literal(b, at, K.null);
    }
    at = literal(b, at, K.family);
    if (at < 0 || address === null) return null;
    const family = (b[at] as number) - ZERO;
    if (family !== 4 && family !== 6) return null;
    at = literal(b, at + 1, K.start);
    if (at < 0) return null;
    const { texts } = this.#context;
    const place = (begin: number, end: number) => texts.placeOf(latin1(b, begin, end));
    const head: Head = {
      bytes: Uint8Array.prototype.slice.call(b, from, at),
      metric: known,
      schedule: place(schedule, scheduleEnd),
      task: place(task, taskEnd),
      metricName: place(metric, metricEnd),
      method: place(method, methodEnd),
      target: place(target, targetEnd),
      address: texts.placeOf(address),
      family,
      next: null,
    };
    if (this.#heads.length >= HEADS) this.#heads.shift();
    this.#heads.push(head);
    return head;
  }

  /** The instant at `at`, ms; NaN where there is none. The date is checked by the schema, once a day. */
  #time(b: Uint8Array, at: number): number {
    if (at < 0) return Number.NaN;
    for (let index = 0; index < 10; index++)
      if (b[at + index] !== this.#date[index]) {
        if (!this.#learnDate(b, at)) return Number.NaN;
        break;
      }
    if (b[at + 10] !== 0x54 || b[at + 13] !== 0x3a || b[at + 16] !== 0x3a || b[at + 19] !== DOT)
      return Number.NaN;
    const hour = two(b, at + 11);
    const minute = two(b, at + 14);
    const second = two(b, at + 17);
    const ten = two(b, at + 20);
    const last = (b[at + 22] as number) - ZERO;
    if (!(hour < 24 && minute < 60 && second < 60 && ten < 100 && last >= 0 && last <= 9))
      return Number.NaN;
    return this.#dateMs + ((hour * 60 + minute) * 60 + second) * 1000 + ten * 10 + last;
  }

  #learnDate(b: Uint8Array, at: number): boolean {
    const midnight = `${latin1(b, at, at + 10)}T00:00:00.000Z`;
    if (!measurementSchema.shape.start.safeParse(midnight).success) return false;
    this.#date = Uint8Array.prototype.slice.call(b, at, at + 10);
    this.#dateMs = Date.parse(midnight);
    return true;
  }

  #slotAt(b: Uint8Array, at: number, { values }: QuickMetric, expected: number): number {
    for (let step = 0; step < values.length; step++) {
      const slot = (expected + step) % values.length;
      if (literal(b, at, (values[slot] as QuickMetric['values'][number]).key) >= 0) return slot;
    }
    return NO;
  }

  /** As `clockFault` of `admission.ts` finds nothing. */
  #monthIsCertain(statedMs: number, offsetMs: number, uncertaintyMs: number): boolean {
    const { nowMs } = this.#context;
    const earliest = statedMs + offsetMs - uncertaintyMs;
    const latest = statedMs + offsetMs + uncertaintyMs;
    if (Math.max(statedMs, earliest) > nowMs + AHEAD_TOLERANCE_MS) return false;
    if (Math.min(statedMs, latest) < nowMs - OLDEST_MS) return false;
    if (!(statedMs >= this.#monthStartMs && statedMs < this.#monthEndMs)) {
      const { start, end } = monthSpan(monthOf(new Date(statedMs)));
      this.#monthStartMs = start.getTime();
      this.#monthEndMs = end.getTime();
    }
    return earliest >= this.#monthStartMs && latest < this.#monthEndMs;
  }
}

/** Texts of one column, where the next is nearly always one of the last. */
class Remembered {
  readonly #texts: Texts;
  readonly #last: { readonly bytes: Uint8Array; readonly place: number }[] = [];

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  placeOf(b: Uint8Array, from: number, to: number): number {
    for (const { bytes, place } of this.#last)
      if (bytes.length === to - from && literal(b, from, bytes) >= 0) return place;
    const place = this.#texts.placeOf(latin1(b, from, to));
    if (this.#last.length >= 4) this.#last.shift();
    this.#last.push({ bytes: Uint8Array.prototype.slice.call(b, from, to), place });
    return place;
  }
}

const NO_ADDRESS = addressText('::');

const storedAddresses = new Map<string, string | null>();

/** What the store keeps of an address; null for what the schema calls none. */
function storedAddress(written: string): string | null {
  let stored = storedAddresses.get(written);
  if (stored === undefined) {
    const valid = measurementSchema.shape.address.safeParse(written).success;
    stored = valid ? addressText(asIpv6(written)) : null;
    if (storedAddresses.size >= 10_000) storedAddresses.clear();
    storedAddresses.set(written, stored);
  }
  return stored;
}

/** Names that stand quoted and parted by commas from `at` on, as one text. */
function namesOf(b: Uint8Array, at: number, count: number): string {
  let names = '';
  for (let name = at, index = 0; index < count; index++) {
    const end = nameEnd(b, name + 1);
    names += ended(latin1(b, name + 1, end));
    name = end + 2;
  }
  return names;
}

/** Appends the list; its cell. */
function appendSamples(list: Rows, b: Uint8Array, samples: number, samplesEnd: number): number {
  let count = 1;
  for (let at = samples; at < samplesEnd; at++) if (b[at] === COMMA) count++;
  const cell = list.roomForList(count);
  const { floats } = list;
  floats[cell] = count;
  for (let at = samples, index = 1; index <= count; index++) {
    at = number(b, at) + 1;
    floats[cell + index] = read;
  }
  list.floatsEnd = cell + 1 + count;
  return cell;
}

/** The place of the closing bracket of a list of numbers that begins at `at`. */
function samplesEndAt(b: Uint8Array, at: number): number {
  if (b[at] === CLOSE) return at;
  for (let place = at, count = 1; ; count++) {
    place = number(b, place);
    if (place < 0 || count > 2_000 || !Number.isFinite(Math.fround(read))) return NO;
    if (b[place] === CLOSE) return place;
    if (b[place] !== COMMA) return NO;
    place++;
  }
}

function metricAt(b: Uint8Array, from: number, to: number): QuickMetric | null {
  for (const metric of QUICK_METRICS)
    if (metric.name.length === to - from && literal(b, from, metric.name) >= 0) return metric;
  return null;
}
