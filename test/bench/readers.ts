/**
 * Readers while everything comes in: twenty read what the page reads, first alone, then while eight
 * probes' reports arrive as fast as the collector takes them. Every answer must be whole; the
 * referee of their p95 is the same twenty without the ingest, of the ingest the same eight alone.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { renewToken } from '../../ingest/binding.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { quietStation, sendReport, withEngine } from '../faults/quiet-station.ts';
import { seeded } from '../faults/random.ts';
import { builtFile } from '../lab/built.ts';
import { startStation } from '../tongda.ts';
import { type Bench, type BenchContext, ratioOf } from './bench.ts';

const READERS = 20;
const PROBES = 8;
const ROWS_A_REPORT = 1_000;
const SPAN_MS = 15_000;

/** What the page asks for, in the order a reviewer does. */
const QUESTIONS = [
  '/v1/overview',
  '/v1/coverage?level=county',
  '/v1/lines',
  '/v1/measurements?limit=100',
  '/v1/series?metric=tcp-connect&value=rttMedianMs&within=3201&hours=24',
];

interface Read {
  /** ms, ascending. */
  readonly latencies: readonly number[];
}

export const readersBench: Bench = {
  name: 'readers',
  run: async ({ directory, progress }: BenchContext) => {
    const settings = quietStation(directory);
    const station = await startStation(settings);
    try {
      const tokens = await enrolAll(settings);
      progress(`${PROBES} probes report, nobody reads`);
      const alone = await ingestFor(station.url, tokens, 0);
      progress(`${READERS} readers read, nobody reports`);
      const idle = await readFor(station.url);
      progress(`${READERS} readers read while ${PROBES} probes report`);
      const [busy, shared] = await Promise.all([
        readFor(station.url),
        ingestFor(station.url, tokens, 1),
      ]);
      progress(`rows in the store: ${await countRows(settings, alone + shared)}`);
      return [
        ratioOf({
          what: `p95 of ${busy.latencies.length} answers to ${READERS} readers during full ingest`,
          ours: p95(busy),
          referee: p95(idle),
          against: 'the same readers without ingest',
          unit: 'ms',
        }),
        ratioOf({
          what: `rows acknowledged from ${PROBES} probes while ${READERS} read`,
          ours: (shared / SPAN_MS) * 1_000,
          referee: (alone / SPAN_MS) * 1_000,
          against: 'the same probes without readers',
          unit: 'rows/s',
        }),
      ];
    } finally {
      await station.stop();
    }
  },
};

/** One line and one probe each, in the villages of Xuanwu and its neighbours; answers their tokens. */
function enrolAll(settings: Record<string, string>): Promise<string[]> {
  return withEngine(settings, async (store) => {
    const register = readFileSync(builtFile('ingest/places/jiangsu-2023-06-30.csv'), 'utf8');
    const villages = register.match(/\b3201\d{8}\b/g) ?? [];
    const lines = Array.from({ length: PROBES }, (_, index) => ({
      line: `reader-${index}`,
      place: villages[index * 7] as string,
      carrier: ['telecom', 'mobile', 'unicom', 'cable'][index % 4] as string,
      technology: 'ftth',
      subscribedDownBps: null,
      subscribedUpBps: null,
      validFrom: '2026-01-01',
    }));
    await store.insert('line', lines);
    const tokens: string[] = [];
    for (const { line } of lines)
      tokens.push(await renewToken(store, { probe: line, line }, new Date()));
    return tokens;
  });
}

/** Every probe sends its next report when the last one is acknowledged; answers the rows. */
async function ingestFor(
  url: string,
  tokens: readonly string[],
  generation: number,
): Promise<number> {
  const until = performance.now() + SPAN_MS;
  let rows = 0;
  await Promise.all(
    tokens.map(async (token, index) => {
      const random = seeded(generation * 1_000 + index);
      for (let from = generation * 1e9; performance.now() < until; ) {
        const answer = await sendReport(url, token, report(`reader-${index}`, from, random));
        if ('acknowledgement' in answer) {
          rows += ROWS_A_REPORT;
          from += ROWS_A_REPORT;
        } else if (answer.status === 429) await sleep(200);
        else throw new Error(`a report was refused: ${answer.status} ${answer.problem.code}`);
      }
    }),
  );
  return rows;
}

function report(probe: string, from: number, random: () => number): Measurement[] {
  const now = Date.now();
  return Array.from({ length: ROWS_A_REPORT }, (_, index) => ({
    version: 1,
    probe,
    sequence: from + index,
    schedule: 'reach',
    task: 'connect',
    metric: 'tcp-connect',
    method: 'tcp-connect/1',
    target: '192.0.2.1:80',
    address: '192.0.2.1',
    family: 4,
    start: new Date(now - Math.floor(random() * 3_600_000)).toISOString(),
    durationMs: 20,
    outcome: { status: 'ok' },
    values: { rttMedianMs: Math.floor(random() * 1e5) / 1_000 },
    conflicts: [],
    clock: { synchronised: true, offsetMs: 0, uncertaintyMs: 1 },
    software: 'tongda-probe/0.1.0',
  }));
}

async function readFor(url: string): Promise<Read> {
  const until = performance.now() + SPAN_MS;
  const latencies: number[] = [];
  await Promise.all(
    Array.from({ length: READERS }, async (_, reader) => {
      for (let turn = reader; performance.now() < until; turn++) {
        const question = QUESTIONS[turn % QUESTIONS.length] as string;
        const began = performance.now();
        const answer = await fetch(`${url}${question}`);
        await answer.json();
        latencies.push(performance.now() - began);
        if (answer.status !== 200) throw new Error(`${question} answered ${answer.status}`);
      }
    }),
  );
  return { latencies: latencies.sort((a, b) => a - b) };
}

function p95({ latencies }: Read): number {
  return latencies[Math.floor(latencies.length * 0.95)] ?? Number.NaN;
}

/** A race that lost rows on the way is no race. */
function countRows(settings: Record<string, string>, acknowledged: number): Promise<number> {
  return withEngine(settings, async (store) => {
    const [found] = await store.read<{ n: number }>('SELECT count() AS n FROM measurement FINAL');
    if (found?.n !== acknowledged)
      throw new Error(`${acknowledged} rows were acknowledged, ${found?.n} are there`);
    return acknowledged;
  });
}
