/**
 * The load of the ingest bench, a process of its own: probes with a backlog, each sending report
 * after report as our agent does, compressed, the next when the last is acknowledged. Told by its
 * parent to prepare a wave of reports and then to send it, so that writing them is not timed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { Agent, request } from 'undici';
import { METRICS } from '../../probes/catalogue.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { type Acknowledgement, encodeReport } from '../../probes/report.ts';

interface ProbeToken {
  readonly probe: string;
  readonly token: string;
}

export interface LoadPlan {
  readonly url: string;
  readonly tokens: readonly ProbeToken[];
  /** The probe that has no backlog. */
  readonly live: ProbeToken;
  readonly rowsPerReport: number;
  /** The first measurement of every probe, ms. */
  readonly startMs: number;
}

export type Order =
  | { plan: LoadPlan }
  | { prepare: { reportsPerProbe: number } }
  | { live: { reports: number } }
  | 'send';

export interface Sent {
  readonly ms: number;
  readonly cpuMs: number;
  readonly stored: number;
  readonly refusals: number;
  readonly wireB: number;
  /** From sending a report of one new row to its acknowledgement, while the backlog was sent. */
  readonly liveMs: readonly number[];
}

const PERIOD_MS = 2_000;
/** Between two live reports. */
const LIVE_PAUSE_MS = 100;
const agent = new Agent({ connections: 128, headersTimeout: 120_000 });
let plan: LoadPlan;
/** By probe: reports ready to be sent. */
let waves: Buffer[][] = [];
let sequence = 0;

process.on('message', (order: Order) => {
  void obey(order).then((answer) => process.send?.(answer));
});

async function obey(order: Order): Promise<Sent | number[] | 'ready'> {
  if (order === 'send') return send();
  if ('live' in order) {
    const latencies: number[] = [];
    while (latencies.length < order.live.reports) latencies.push(await sendLive());
    return latencies;
  }
  if ('plan' in order) plan = order.plan;
  else await prepare(order.prepare.reportsPerProbe);
  return 'ready';
}

async function prepare(reportsPerProbe: number): Promise<void> {
  waves = plan.tokens.map(() => []);
  for (let turn = 0; turn < reportsPerProbe; turn++) {
    for (const [index, { probe }] of plan.tokens.entries()) {
      const measurements = Array.from({ length: plan.rowsPerReport }, (_, row) =>
        measurementOf(probe, sequence + row, index),
      );
      // Newest first, as the spool gives them.
      measurements.reverse();
      const date = new Date().toISOString();
      waves[index]?.push(gzipSync(encodeReport({ date, agentId: probe }, measurements)));
    }
    sequence += plan.rowsPerReport;
    // Meanwhile the server hangs up on those who say nothing; to be heard before the next is sent.
    await sleep(10);
  }
}

/** Every metric in turn over both families; one run in fifty fails. */
function measurementOf(probe: string, sequence: number, index: number): Measurement {
  const metric = METRICS[sequence % METRICS.length] as (typeof METRICS)[number];
  const family = sequence % 2 ? 6 : 4;
  const rtt = 5 + (index % 40) + 10 ** (Math.random() * 2);
  const lost = Math.random() < 0.02;
  const us = (ms: number) => Math.round(ms * 1000) / 1000;
  return {
    version: 1,
    probe,
    sequence: 1_795_485_660_000 + sequence,
    schedule: 'every-2-s',
    task: `${metric.name}-${family}`,
    metric: metric.name,
    method: metric.method,
    target: `target-${index % 20}.example.net`,
    address: family === 6 ? `2001:db8::${index % 20}` : `192.0.2.${index % 20}`,
    family,
    start: new Date(plan.startMs + sequence * PERIOD_MS + Math.floor(rtt)).toISOString(),
    durationMs: us(rtt * 10),
    outcome: lost ? { status: 'failed', stage: 'connect', code: 'timeout' } : { status: 'ok' },
    values: Object.fromEntries(
      lost
        ? []
        : metric.values.map(({ name, resolution }) => [
            name,
            resolution < 1 ? us(rtt) : Math.round(rtt * 1e6),
          ]),
    ),
    conflicts: [],
    clock: { synchronised: true, offsetMs: us(rtt / 10), uncertaintyMs: us(rtt / 2) },
    software: 'tongda-probe/0.1.0',
    ...(metric.name === 'icmp-rtt' && !lost
      ? { samples: Array.from({ length: 10 }, (_, k) => us(rtt + k)) }
      : {}),
  };
}

/** A measurement made just now; until it is acknowledged, ms. */
async function sendLive(): Promise<number> {
  const { probe, token } = plan.live;
  const now = new Date();
  const measurement = { ...measurementOf(probe, now.getTime(), 0), start: now.toISOString() };
  const body = encodeReport({ date: now.toISOString(), agentId: probe }, [measurement]);
  const begun = performance.now();
  await post(token, Buffer.from(body), 'identity');
  return performance.now() - begun;
}

let refusals = 0;

/** Sends until it is acknowledged. */
async function post(token: string, body: Buffer, encoding: string): Promise<Acknowledgement> {
  for (;;) {
    const answer = await request(plan.url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-encoding': encoding },
      body,
      dispatcher: agent,
    });
    const content = await answer.body.json();
    if (answer.statusCode === 200) return content as Acknowledgement;
    if (answer.statusCode !== 429) throw new Error(JSON.stringify(content));
    refusals++;
    await sleep(50);
  }
}

async function send(): Promise<Sent> {
  const begun = performance.now();
  const cpu = process.cpuUsage();
  let stored = 0;
  let wireB = 0;
  refusals = 0;
  let over = false;
  const liveMs: number[] = [];
  const news = (async () => {
    while (!over) {
      liveMs.push(await sendLive());
      await sleep(LIVE_PAUSE_MS);
    }
  })();
  await Promise.all(
    plan.tokens.map(async ({ token }, index) => {
      for (const body of waves[index] ?? []) {
        const answer = await post(token, body, 'gzip');
        stored += answer.stored;
        wireB += body.length;
      }
    }),
  );
  const ms = performance.now() - begun;
  const { user, system } = process.cpuUsage(cpu);
  over = true;
  await news;
  return { ms, cpuMs: (user + system) / 1000, stored, refusals, wireB, liveMs };
}
