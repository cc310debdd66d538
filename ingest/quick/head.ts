/**
 * What stands between a line's sequence and its start: the same from run to run of one task, so that it
 * is read once and then compared.
 */
import { METRICS } from '../../probes/catalogue.ts';
import type { Texts } from '../../sql/cells.ts';
import {
  bytesOf,
  latin1,
  literal,
  methodNameEnd,
  nameEnd,
  plainEnd,
  QUOTE,
  stands,
  ZERO,
} from './json-bytes.ts';
import { NO_ADDRESS, storedAddress } from './texts.ts';

const SCHEDULE = bytesOf(',"schedule":"');
const TASK = bytesOf('","task":"');
const METRIC = bytesOf('","metric":"');
const METHOD = bytesOf('","method":"');
const TARGET = bytesOf('","target":"');
const ADDRESS = bytesOf('","address":');
const FAMILY = bytesOf(',"family":');
const NULL = bytesOf('null');
const START = bytesOf(',"start":"');

/** A metric, and how its values are written: the key with what stands around it, and the grain kept. */
export interface QuickMetric {
  readonly name: Uint8Array;
  readonly values: readonly { readonly key: Uint8Array; readonly resolution: number }[];
}

const QUICK_METRICS: readonly QuickMetric[] = METRICS.map(({ name, values }) => ({
  name: bytesOf(name),
  values: values.map((value) => ({
    key: bytesOf(`"${value.name}":`),
    resolution: value.resolution,
  })),
}));

export interface Head {
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
const KEPT = 32;

/** The heads of one report. */
export class Heads {
  readonly #texts: Texts;
  readonly #kept: Head[] = [];
  #last: Head | null = null;

  constructor(texts: Texts) {
    this.#texts = texts;
  }

  /** The head at `at`; null where it does not know. */
  read(b: Buffer, at: number): Head | null {
    const last = this.#last;
    let head = last?.next ?? null;
    if (!head || !stands(head.bytes, b, at)) {
      head = this.#kept.find(({ bytes }) => literal(b, at, bytes) >= 0) ?? this.#learn(b, at);
      if (!head) return null;
      if (last) last.next = head;
    }
    this.#last = head;
    return head;
  }

  #learn(b: Uint8Array, from: number): Head | null {
    const schedule = literal(b, from, SCHEDULE);
    const scheduleEnd = nameEnd(b, schedule);
    const task = literal(b, scheduleEnd, TASK);
    const taskEnd = nameEnd(b, task);
    const metric = literal(b, taskEnd, METRIC);
    const metricEnd = nameEnd(b, metric);
    if (metricEnd < 0) return null;
    const known = metricAt(b, metric, metricEnd);
    if (!known) return null;
    const method = literal(b, metricEnd, METHOD);
    const methodEnd = methodNameEnd(b, method);
    const target = literal(b, methodEnd, TARGET);
    const targetEnd = plainEnd(b, target, 500);
    let at = literal(b, targetEnd, ADDRESS);
    if (at < 0) return null;
    let address: string | null = NO_ADDRESS;
    if (b[at] === QUOTE) {
      const end = plainEnd(b, at + 1, 64);
      if (end < 0) return null;
      address = storedAddress(latin1(b, at + 1, end));
      at = end + 1;
    } else {
      at = literal(b, at, NULL);
    }
    at = literal(b, at, FAMILY);
    if (at < 0 || address === null) return null;
    const family = (b[at] as number) - ZERO;
    if (family !== 4 && family !== 6) return null;
    at = literal(b, at + 1, START);
    if (at < 0) return null;
    const place = (begin: number, end: number) => this.#texts.placeOf(latin1(b, begin, end));
    const head: Head = {
      bytes: Uint8Array.prototype.slice.call(b, from, at),
      metric: known,
      schedule: place(schedule, scheduleEnd),
      task: place(task, taskEnd),
      metricName: place(metric, metricEnd),
      method: place(method, methodEnd),
      target: place(target, targetEnd),
      address: this.#texts.placeOf(address),
      family,
      next: null,
    };
    if (this.#kept.length >= KEPT) this.#kept.shift();
    this.#kept.push(head);
    return head;
  }
}

function metricAt(b: Uint8Array, from: number, to: number): QuickMetric | null {
  for (const metric of QUICK_METRICS)
    if (metric.name.length === to - from && literal(b, from, metric.name) >= 0) return metric;
  return null;
}
