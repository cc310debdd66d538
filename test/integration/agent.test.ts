/** The agent against a station of real sockets that does everything a station should not. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it, type TestContext } from 'vitest';
import { type AgentConfig, runAgent } from '../../probes/agent.ts';
import { type Measurement, measurementSchema } from '../../probes/measurement.ts';
import type { Metric } from '../../probes/metric.ts';
import { tcpConnect } from '../../probes/metrics/tcp-connect.ts';
import { reportHeaderSchema, type SequenceRange } from '../../probes/report.ts';
import { Spool } from '../../probes/spool.ts';

const PROBE = 'village-7';
const TOKEN = 'a-token-of-at-least-twenty-letters';

interface Report {
  readonly sequences: readonly number[];
  readonly measurements: readonly Measurement[];
}
type Conduct = (report: Report, response: ServerResponse, station: FakeStation) => void;

/** Acknowledges `covered` of a report. */
const acknowledge =
  (covered: (sequence: number, index: number) => boolean = () => true): Conduct =>
  ({ sequences }, response, station) => {
    const taken = sequences.filter(covered);
    for (const sequence of taken) station.acknowledged.add(sequence);
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        version: 1,
        agentId: PROBE,
        stationTime: new Date().toISOString(),
        stored: taken.length,
        quarantined: [],
        covers: taken.map((sequence): SequenceRange => [sequence, sequence]),
      }),
    );
  };

class FakeStation {
  readonly reports: Report[] = [];
  readonly acknowledged = new Set<number>();
  /** Authorization and If-None-Match of instruction requests. */
  readonly asked: (string | undefined)[][] = [];
  readonly authorizations = new Set<string | undefined>();
  instruction: Record<string, unknown> = {};
  instructionStatus = 200;
  /** What it does with the first reports; after these it acknowledges. */
  conduct: Conduct[] = [];
  #server: Server | null = null;
  #port = 0;

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    this.#server = createServer((request, response) => void this.#serve(request, response));
    await new Promise<void>((done) => this.#server?.listen(this.#port, '127.0.0.1', done));
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    server?.closeAllConnections();
    await new Promise((done) => (server ? server.close(done) : done(null)));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.authorizations.add(request.headers.authorization);
    response.setHeader('tongda-time', new Date(Date.now() + 60_000).toISOString());
    if (request.url === '/v1/instruction') {
      const etag = `"${this.instruction.generation}"`;
      this.asked.push([request.headers['if-none-match']]);
      const status =
        this.instructionStatus === 200 && request.headers['if-none-match'] === etag
          ? 304
          : this.instructionStatus;
      response
        .writeHead(status, { etag })
        .end(status === 200 ? JSON.stringify(this.instruction) : '');
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const [first = '', ...lines] = gunzipSync(Buffer.concat(chunks))
      .toString()
      .trimEnd()
      .split('\n');
    const measurements = lines.map((line) => measurementSchema.parse(JSON.parse(line)));
    expect(reportHeaderSchema.parse(JSON.parse(first))).toMatchObject({
      agentId: PROBE,
      results: lines.length,
    });
    const report = { measurements, sequences: measurements.map(({ sequence }) => sequence) };
    this.reports.push(report);
    (this.conduct.shift() ?? acknowledge())(report, response, this);
  }
}

/** A station, a target and a spool of its own; `start` starts an agent with them. For one test. */
async function world(onTestFinished: TestContext['onTestFinished']) {
  const directory = mkdtempSync(join(tmpdir(), 'tongda-agent-'));
  const logged: string[] = [];
  const running: (() => Promise<void>)[] = [];
  const station = new FakeStation();
  await station.start();
  const target = createTcpServer((socket) => socket.on('error', () => {}).end());
  await new Promise<void>((done) => target.listen(0, '127.0.0.1', () => done()));
  onTestFinished(async () => {
    for (const stop of running.splice(0)) await stop();
    await station.stop();
    await new Promise((done) => target.close(done));
    rmSync(directory, { recursive: true, force: true });
  });

  function instruction(change: object = {}): Record<string, unknown> {
    const { port } = target.address() as AddressInfo;
    const task = { name: 'near', metric: 'tcp-connect', target: `127.0.0.1:${port}`, family: 4 };
    return {
      version: 1,
      agentId: PROBE,
      generation: 1,
      issued: '2026-11-24T02:00:00.000Z',
      tasks: [{ ...task, parameters: { count: 1 } }],
      schedules: [{ name: 'second', periodS: 1, tasks: ['near'] }],
      reportPeriodS: 1,
      instructionPeriodS: 1,
      ...change,
    };
  }
  station.instruction = instruction();

  /** Starts the agent; the answer stops it. */
  function start(metric: Metric = tcpConnect as Metric): () => Promise<void> {
    const control = new AbortController();
    const config: AgentConfig = {
      station: station.url,
      probe: PROBE,
      token: TOKEN,
      spool: directory,
      spoolLimitB: 1024 * 1024,
      monthlyBudgetB: null,
    };
    const note = (fields: object, message: string) =>
      void logged.push(`${JSON.stringify(fields)} ${message}`);
    const ended = runAgent(config, {
      signal: control.signal,
      log: { info: note, warn: note, error: note },
      metricNamed: (name) => (name === metric.name ? metric : undefined),
    });
    const stop = async () => {
      control.abort();
      await ended;
    };
    running.push(stop);
    return stop;
  }

  /** What the spool on disk holds, the agent being stopped. */
  async function left(): Promise<number[]> {
    const spool = await Spool.open(directory);
    const measurements = await spool.newest({ count: 1e6, sizeB: 1e9 });
    await spool.close();
    return measurements.map(({ sequence }) => sequence);
  }

  /** Every sequence from the first to the last is at the station or in the spool, none in neither. */
  async function expectNothingLost(): Promise<void> {
    const waiting = await left();
    const all = [...new Set([...station.acknowledged, ...waiting])].sort((a, b) => a - b);
    const [first = 0] = all;
    expect(all).toEqual(all.map((_, index) => first + index));
    const sent = new Set(station.reports.flatMap(({ sequences }) => sequences));
    expect([...sent].filter((sequence) => !all.includes(sequence))).toEqual([]);
  }

  const { port } = target.address() as AddressInfo;
  return { directory, logged, station, instruction, port, start, left, expectNothingLost };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(20);
}

// All at once: what they do most is wait for the agent's next second.
describe.concurrent('the agent', () => {
  it('measures what it was asked, with the token, and states its clock against the station’s', async ({
    onTestFinished,
  }) => {
    const { station, start, expectNothingLost } = await world(onTestFinished);
    const stop = start();
    await until(() => station.reports.flatMap((report) => report.sequences).length >= 2);
    await stop();
    const [measurement] = station.reports.flatMap(({ measurements }) => measurements);
    expect(measurement).toMatchObject({
      probe: PROBE,
      schedule: 'second',
      task: 'near',
      metric: 'tcp-connect',
      family: 4,
      address: '127.0.0.1',
      outcome: { status: 'ok' },
    });
    // The station's clock is a minute ahead.
    const { offsetMs, uncertaintyMs } = measurement?.clock ?? {};
    expect(Math.abs((offsetMs ?? 0) - 60_000)).toBeLessThanOrEqual((uncertaintyMs ?? 0) + 1);
    expect([...station.authorizations]).toEqual([`Bearer ${TOKEN}`]);
    expect(station.asked.slice(0, 2)).toEqual([[undefined], ['"1"']]);
    await expectNothingLost();
  });

  it('spools and reports a measurement of every target of a task', async ({ onTestFinished }) => {
    const { station, instruction, port, start, expectNothingLost } = await world(onTestFinished);
    const targets = [`127.0.0.1:${port}`, '[::1]:1', ...Array(598).fill(`127.0.0.1:${port}`)];
    const task = { name: 'near', metric: 'tcp-connect', targets, family: 4 };
    station.instruction = instruction({
      tasks: [{ ...task, parameters: { count: 1 } }],
      schedules: [{ name: 'day', periodS: 86_400, tasks: ['near'] }],
    });
    const stop = start();
    await until(() => station.acknowledged.size >= targets.length);
    await stop();
    const measurements = station.reports
      .flatMap((report) => report.measurements)
      .toSorted((one, other) => one.sequence - other.sequence);
    expect(measurements.map((measurement) => measurement.target)).toEqual(targets);
    expect(measurements.slice(0, 3)).toMatchObject([
      { outcome: { status: 'ok' } },
      { outcome: { status: 'skipped', reason: 'other-family' } },
      { outcome: { status: 'ok' } },
    ]);
    await expectNothingLost();
  });

  it('deletes only what an acknowledgement names, whatever the station does', async ({
    onTestFinished,
  }) => {
    const { logged, station, start, expectNothingLost } = await world(onTestFinished);
    const half = acknowledge((_, index) => index % 2 === 0);
    // A success in between starts the probe's patience anew.
    station.conduct = [
      half,
      (_, response) => response.destroy(),
      half,
      (_, response) => response.writeHead(429, { 'retry-after': '1' }).end(),
      half,
      (_, response) => response.writeHead(500).end('{"detail":"坏了","detailEn":"broken"}'),
      half,
      (_, response) => response.end('{"version":1,"covers":"all"}'),
      half,
      (_, response) => response.end('<html>'),
      half,
      ({ sequences }, response) => {
        // Half an acknowledgement: what it names is at the station, but the probe cannot know.
        response.setHeader('content-length', 400).write(`{"covers":[[${sequences[0]},`);
        response.socket?.end();
      },
      half,
      acknowledge(() => false),
    ];
    const stop = start();
    const seen = () => logged.join('\n');
    await until(() => station.conduct.length === 0 && seen().includes('nothing-acknowledged'));
    await stop();
    await expectNothingLost();
    for (const code of ['station-busy', 'station-refused', 'station-unreachable', 'broken'])
      expect(seen()).toContain(code);
  });

  it('works on from its last instruction while the station is gone, and reports the newest first', async ({
    onTestFinished,
  }) => {
    const { station, start, left, expectNothingLost } = await world(onTestFinished);
    const stopFirst = start();
    await until(() => station.acknowledged.size > 0);
    await stopFirst();
    await station.stop();
    const before = station.reports.length;
    const spooled = await left();
    const stop = start();
    // Several slots go by with nobody there to report to.
    await sleep(4_000);
    await station.start();
    await until(() => station.reports.length > before);
    await stop();
    const first = station.reports[before]?.sequences ?? [];
    expect(first.length).toBeGreaterThan(spooled.length + 1);
    expect(first).toEqual([...first].sort((a, b) => b - a));
    await expectNothingLost();
  });

  it('refuses to go back to an older instruction, and keeps the one it has on disk', async ({
    onTestFinished,
  }) => {
    const { directory, logged, station, instruction, start } = await world(onTestFinished);
    station.instruction = instruction({ generation: 7 });
    const stop = start();
    await until(() => logged.some((line) => line.includes('"generation":7')));
    station.instruction = instruction({ generation: 6, schedules: [] });
    await until(() => logged.some((line) => line.includes('instruction-older')));
    const acknowledged = station.acknowledged.size;
    await until(() => station.acknowledged.size > acknowledged + 1);
    await stop();
    const stored = JSON.parse(readFileSync(join(directory, 'instruction.json'), 'utf8'));
    expect(stored.instruction.generation).toBe(7);
  });

  it('says that its token is refused, and measures on', async ({ onTestFinished }) => {
    const { logged, station, start, left, expectNothingLost } = await world(onTestFinished);
    const stopFirst = start();
    await until(() => station.acknowledged.size > 0);
    await stopFirst();
    const spooled = (await left()).length;
    station.instructionStatus = 401;
    station.conduct = [(_, response) => response.writeHead(401).end()];
    const stop = start();
    await until(() => logged.some((line) => line.includes('token-refused')));
    await sleep(3_000);
    await stop();
    expect((await left()).length).toBeGreaterThan(spooled);
    await expectNothingLost();
  });

  it('records nothing of what was in flight when it is stopped, and runs its slot again', async ({
    onTestFinished,
  }) => {
    const { station, instruction, start, left } = await world(onTestFinished);
    station.instruction = instruction({
      schedules: [{ name: 'rare', periodS: 1e7, tasks: ['near'] }],
    });
    let begun = 0;
    const slow: Metric = {
      ...(tcpConnect as Metric),
      run: (_target, _parameters, { signal }) => {
        begun++;
        return new Promise((_, reject) =>
          signal.addEventListener('abort', () => reject(signal.reason)),
        );
      },
    };
    const stopFirst = start(slow);
    await until(() => begun === 1);
    await stopFirst();
    expect(await left()).toEqual([]);
    const stop = start();
    await until(() => station.acknowledged.size === 1);
    await stop();
    expect(station.reports.flatMap(({ measurements }) => measurements)).toMatchObject([
      { schedule: 'rare', outcome: { status: 'ok' } },
    ]);
  });

  it('records one missed measurement for a gap, however long', async ({ onTestFinished }) => {
    const { logged, station, instruction, start, expectNothingLost } = await world(onTestFinished);
    station.instruction = instruction({
      schedules: [{ name: 'second', periodS: 2, tasks: ['near'] }],
    });
    const stopFirst = start();
    await until(() => station.acknowledged.size > 0);
    await stopFirst();
    await sleep(7_000);
    const before = station.reports.length;
    const stop = start();
    await until(() => station.reports.length > before + 1);
    await stop();
    const since = station.reports.slice(before).flatMap(({ measurements }) => measurements);
    // A machine that starts it late may miss one more slot after it is up, which is another reason.
    const missed = since.filter(
      ({ outcome }) => outcome.status === 'skipped' && outcome.reason.startsWith('missed'),
    );
    expect(missed.length).toBe(1);
    expect(logged.join('\n')).toMatch(/schedule second missed [2-4] runs/);
    await expectNothingLost();
  });
});
