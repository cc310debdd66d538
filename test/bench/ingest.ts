/**
 * How fast reports become durable rows, end to end: HTTP, gzip, admission, insert, fsync,
 * acknowledgement, against the engine's own INSERT … SELECT of the same rows into an identical table
 * with the same fsync settings. The load comes from a process of its own and shares the machine, as
 * the engine does; its processor time is printed beside ours.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { pino } from 'pino';
import { problemHandler } from '../../api/problem.ts';
import { ProbeDirectory } from '../../ingest/binding.ts';
import { BUDGET_LIMITS } from '../../ingest/budget.ts';
import { collector } from '../../ingest/collector.ts';
import { ReportReader } from '../../ingest/report-reader.ts';
import { hashToken } from '../../ingest/token.ts';
import { BATCH, Writer } from '../../ingest/writer.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { encodeReport } from '../../probes/report.ts';
import { type Engine, startEngine } from '../../sql/engine.ts';
import { migrate } from '../../sql/migrate.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { aMeasurement } from '../measurement.ts';
import { type Bench, type BenchContext, percentile, type Ratio, ratioOf } from './bench.ts';
import type { LoadPlan, Order, Sent } from './ingest-load.ts';

const silent = pino({ level: 'silent' });

const ROWS = 400_000;
const PROBES = 100;
const ROWS_PER_REPORT = 2_000;
/** Written beforehand and sent at once; more would measure the memory of the load. */
const WAVE_ROWS = 400_000;

/** Reports of one row, one after another, with nothing else to do. */
const IDLE_REPORTS = 100;

/** What is aimed at, printed beside what came out. */
const GOALS = { ratio: 0.25, rowsPerS: 100_000, cpuRatio: 3.5 };

export const ingestBench: Bench = {
  name: 'ingest',
  run: async ({ directory, progress, rows = ROWS }: BenchContext) => {
    const engine = await startEngine({ directory, log: silent });
    const store = await openStore({ ...engine, log: silent });
    const load = fork(new URL('./ingest-load.js', import.meta.url));
    let server: ServerType | undefined;
    try {
      await migrate(store);
      const admission = admissionAlone();
      const [live, ...tokens] = await enrolAll(store);
      if (!live) throw new Error('nobody is enrolled');
      const opened = await openCollector(store);
      server = opened.server;
      const startMs = Date.now() - 86_400_000 * 30;
      await tell(load, {
        plan: { url: opened.url, tokens, live, rowsPerReport: ROWS_PER_REPORT, startMs },
      });
      // A short wave that is not counted: the compiler and the engine are warm afterwards.
      await sendRows(load, PROBES * ROWS_PER_REPORT);
      const idleMs = (await tell(load, { live: { reports: IDLE_REPORTS } })) as number[];
      progress('the warm-up is over');
      await store.command('TRUNCATE TABLE measurement');
      await store.command('TRUNCATE TABLE sample');
      const ours = await drain(engine, load, rows, progress);
      await settled(store);
      const mergedMs = cpuMsOf(engine.pid) - ours.engineEndMs;
      const source = await keepRows(store);
      if (source < ours.rows) throw new Error(`${ours.rows} rows acknowledged, ${source} there`);
      const referee = await reinsert(store, engine, '');
      const bare = await reinsert(store, engine, ' SETTINGS optimize_on_insert = 0');
      const perM = (cpuMs: number) => cpuMs / 1000 / (ours.rows / 1e6);
      const rate = ({ rows: count, ms }: { rows: number; ms: number }) => count / (ms / 1000);
      const ratios = [
        ratioOf({
          what: `HTTP → durable row, ${ours.rows} rows, gzip, ${PROBES} probes`,
          ours: rate(ours),
          referee: rate(referee),
          against: 'INSERT … SELECT',
          unit: 'rows/s',
        }),
        ratioOf({
          what: 'the same, against an engine that leaves copies to its merges, as for us',
          ours: rate(ours),
          referee: rate(bare),
          against: '… optimize_on_insert = 0',
          unit: 'rows/s',
        }),
        ratioOf({
          what: 'processor time, collector and engine',
          ours: perM(ours.collectorMs + ours.engineMs),
          referee: perM(referee.engineMs),
          against: 'INSERT … SELECT',
          unit: 's/M rows',
        }),
        ratioOf({
          what: 'of it the engine, merges meanwhile included',
          ours: perM(ours.engineMs),
          referee: perM(bare.engineMs),
          against: '… optimize_on_insert = 0',
          unit: 's/M rows',
        }),
        ratioOf({
          what: 'merges that were left over',
          ours: perM(mergedMs),
          referee: perM(referee.engineMs),
          against: 'INSERT … SELECT',
          unit: 's/M rows',
        }),
        ratioOf({
          what: 'of it the collector, against the load generator',
          ours: perM(ours.collectorMs),
          referee: perM(ours.loadMs),
          against: 'undici client',
          unit: 's/M rows',
        }),
        admission,
        ratioOf({
          what: `a report of one row, to its acknowledgement: p95 of ${ours.liveMs.length} during the drain`,
          ours: percentile(ours.liveMs, 0.95),
          referee: percentile(idleMs, 0.5),
          against: `p50 of ${IDLE_REPORTS} when idle`,
          unit: 'ms',
        }),
        ratioOf({
          what: `memory while ${ours.rows} rows drain: highest, against what it may hold`,
          ours: ours.peakB / 2 ** 20,
          referee: (ours.restB + BUDGET_LIMITS.totalB + 2 * BATCH.sizeB) / 2 ** 20,
          against: 'at rest + budget + a batch as rows and as bytes',
          unit: 'MiB RSS',
        }),
      ];
      const shortfall = shortfallOf(ratios, ours, perM);
      progress(shortfall ?? 'every goal is met');
      return ratios;
    } finally {
      load.kill();
      server?.close();
      await store.close();
      await engine.stop();
    }
  },
};

/** What stands in the way, in figures of this run; null where nothing does. */
function shortfallOf(
  [endToEnd, , cpu]: readonly Ratio[],
  drained: Drained,
  perM: (cpuMs: number) => number,
): string | null {
  if (!endToEnd || !cpu) return null;
  const missed = [
    endToEnd.ratio < GOALS.ratio && `ratio ${endToEnd.ratio.toFixed(2)} of ${GOALS.ratio}`,
    endToEnd.ours < GOALS.rowsPerS && `${Math.round(endToEnd.ours)} of ${GOALS.rowsPerS} rows/s`,
    cpu.ratio > GOALS.cpuRatio && `${cpu.ratio.toFixed(1)}× the processor of ${GOALS.cpuRatio}×`,
  ].filter((text) => text !== false);
  if (missed.length === 0) return null;
  const cores = (drained.collectorMs + drained.engineMs + drained.loadMs) / drained.ms;
  return `missed: ${missed.join(', ')}. Per million rows: collector ${perM(drained.collectorMs).toFixed(1)} s, engine ${perM(drained.engineMs).toFixed(1)} s, load ${perM(drained.loadMs).toFixed(1)} s; ${cores.toFixed(2)} cores busy with us`;
}

async function enrolAll(store: Store): Promise<LoadPlan['tokens']> {
  // One more than have a backlog: the one with news.
  const tokens = Array.from({ length: PROBES + 1 }, (_, index) => ({
    probe: `bench-${index}`,
    token: randomBytes(32).toString('base64url'),
  }));
  await store.insert(
    'line',
    tokens.map(({ probe }, index) => ({
      line: `line-of-${probe}`,
      place: `32010200${String(index).padStart(4, '0')}`,
      carrier: ['telecom', 'mobile', 'unicom', 'cable'][index % 4] as string,
      technology: 'ftth',
      subscribedDownBps: null,
      subscribedUpBps: null,
      validFrom: '2013-01-01',
    })),
  );
  await store.insert(
    'probe',
    tokens.map(({ probe, token }) => ({
      probe,
      line: `line-of-${probe}`,
      tokenSha256: hashToken(token),
      enrolled: new Date().toISOString(),
      revoked: null,
    })),
  );
  return tokens;
}

function openCollector(store: Store): Promise<{ server: ServerType; url: string }> {
  const { routes } = collector({
    directory: new ProbeDirectory(store),
    writer: new Writer(store),
    now: () => new Date(),
    sourceOf: () => '192.0.2.7',
  });
  return new Promise((resolve) => {
    const { fetch } = new Hono().route('/', routes).onError(problemHandler(silent));
    const server = serve({ fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) =>
      resolve({ server, url: `http://127.0.0.1:${port}/v1/reports` }),
    );
  });
}

interface Drained {
  readonly rows: number;
  readonly ms: number;
  readonly collectorMs: number;
  readonly engineMs: number;
  readonly loadMs: number;
  readonly restB: number;
  readonly peakB: number;
  /** Of the engine's processor when the last row was acknowledged. */
  readonly engineEndMs: number;
  readonly liveMs: readonly number[];
}

/** Sends `rows`, wave by wave; only the sending counts. */
async function drain(
  engine: Engine,
  load: ChildProcess,
  rows: number,
  progress: (text: string) => void,
): Promise<Drained> {
  const total = { rows: 0, ms: 0, collectorMs: 0, engineMs: 0, loadMs: 0 };
  const liveMs: number[] = [];
  const restB = process.memoryUsage.rss();
  let peakB = restB;
  let engineEndMs = 0;
  const watch = setInterval(() => {
    peakB = Math.max(peakB, process.memoryUsage.rss());
  }, 20);
  while (total.rows < rows) {
    await tell(load, { prepare: { reportsPerProbe: reportsFor(Math.min(WAVE_ROWS, rows)) } });
    const own = process.cpuUsage();
    const engineMs = cpuMsOf(engine.pid);
    const sent = (await tell(load, 'send')) as Sent;
    const { user, system } = process.cpuUsage(own);
    engineEndMs = cpuMsOf(engine.pid);
    total.rows += sent.stored;
    total.ms += sent.ms;
    total.loadMs += sent.cpuMs;
    total.collectorMs += (user + system) / 1000;
    total.engineMs += engineEndMs - engineMs;
    liveMs.push(...sent.liveMs);
    progress(
      `${total.rows} rows, ${Math.round(sent.stored / (sent.ms / 1000))} rows/s in this wave, ${sent.refusals} times told to wait, ${Math.round(process.memoryUsage.rss() / 2 ** 20)} MiB, ${megabytesOf(engine.pid)} MiB engine`,
    );
  }
  clearInterval(watch);
  return { ...total, restB, peakB, engineEndMs, liveMs };
}

function sendRows(load: ChildProcess, rows: number): Promise<unknown> {
  return tell(load, { prepare: { reportsPerProbe: reportsFor(rows) } }).then(() =>
    tell(load, 'send'),
  );
}

function reportsFor(rows: number): number {
  return Math.max(1, Math.round(rows / PROBES / ROWS_PER_REPORT));
}

async function tell(load: ChildProcess, order: Order): Promise<Sent | number[] | 'ready'> {
  const over = new AbortController();
  const answered = Promise.race([
    once(load, 'message', over),
    once(load, 'exit', over).then(([code]) => {
      throw new Error(`the load generator ended with ${code}`);
    }),
  ]);
  load.send(order);
  const [answer] = await answered;
  over.abort();
  return answer;
}

/** Puts what was stored aside, each row once; how many there are. */
async function keepRows(store: Store): Promise<number> {
  for (const table of ['measurement', 'sample']) {
    await store.command(`CREATE TABLE source_${table} AS ${table} ENGINE = MergeTree ORDER BY ()`);
    await store.command(`INSERT INTO source_${table} SELECT * FROM ${table} FINAL`);
    await store.command(`TRUNCATE TABLE ${table}`);
  }
  await settled(store);
  const [counted] = await store.read<{ rows: number }>(
    'SELECT count() AS rows FROM source_measurement',
  );
  return counted?.rows ?? 0;
}

/** The same rows by the engine alone, in the order of the key, partition by partition. */
async function reinsert(store: Store, engine: Engine, settings: string) {
  for (const table of ['measurement', 'sample']) {
    await store.command(`DROP TABLE IF EXISTS referee_${table} SYNC`);
    await store.command(`CREATE TABLE referee_${table} AS ${table}`);
  }
  const engineMs = cpuMsOf(engine.pid);
  const begun = performance.now();
  for (const table of ['sample', 'measurement'])
    await store.command(`INSERT INTO referee_${table} SELECT * FROM source_${table}${settings}`);
  const ms = performance.now() - begun;
  const spentMs = cpuMsOf(engine.pid) - engineMs;
  const [counted] = await store.read<{ rows: number }>(
    'SELECT count() AS rows FROM referee_measurement FINAL',
  );
  await settled(store);
  return { rows: counted?.rows ?? 0, ms, engineMs: spentMs };
}

/** Until no merge runs: what was sent is not what is timed next. */
async function settled(store: Store): Promise<void> {
  for (;;) {
    const [running] = await store.read<{ merges: number }>(
      'SELECT count() AS merges FROM system.merges',
    );
    if (!running?.merges) return;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** User and system time of a process since it began, ms (proc(5); a tick is 10 ms). */
function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** What a process holds in memory, MiB (proc(5)). */
function megabytesOf(pid: number): number {
  const [, kB = '0'] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kB) / 1024);
}

/** Bytes to rows on one core: the lines our probes write, against the same lines by the schema. */
function admissionAlone(): Ratio {
  const now = new Date('2026-11-10T05:00:00.000Z');
  const binding = { line: 'line-1', place: '320102002001', carrier: 'telecom' };
  const receipt = {
    probe: { probe: 'xuanwu-1', bindingAt: () => binding },
    now,
    received: '2026-11-10T05:00:00.000001Z',
    source: '::ffff:192.0.2.7',
    horizonMs: Number.NEGATIVE_INFINITY,
  };
  const measurements = Array.from({ length: 2_000 }, (_, sequence) => {
    const metric = METRICS[sequence % METRICS.length] as (typeof METRICS)[number];
    return aMeasurement({
      sequence,
      metric: metric.name,
      method: metric.method,
      values: Object.fromEntries(metric.values.map(({ name }) => [name, 20.125])),
    });
  });
  const report = encodeReport({ date: now.toISOString(), agentId: 'xuanwu-1' }, measurements);
  const rate = (body: Buffer, lines: number) => {
    const begun = performance.now();
    for (let done = 0; done < lines; done += measurements.length) {
      const reader = new ReportReader(receipt);
      reader.push(body);
      const { intake } = reader.end();
      if (intake.rows !== measurements.length || intake.days.length === 0)
        throw new Error('the lines of the bench are not admitted');
    }
    return lines / ((performance.now() - begun) / 1000);
  };
  const ours = Buffer.from(report);
  // A space is lawful JSON, and nothing our probes write.
  const foreign = Buffer.from(report.replaceAll(',"family"', ', "family"'));
  rate(ours, 100_000);
  rate(foreign, 4_000);
  return ratioOf({
    what: 'admission alone, bytes to rows, one core',
    ours: rate(ours, 100_000),
    referee: rate(foreign, 10_000),
    against: 'the same by zod',
    unit: 'rows/s',
  });
}
