/** The collector over real HTTP on the real engine: exactly once in effect, nothing in silence. */
import { gzipSync } from 'node:zlib';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { problemHandler } from '../../api/problem.ts';
import { enrol, ProbeDirectory, probeNamed } from '../../ingest/binding.ts';
import { collector } from '../../ingest/collector.ts';
import { importBuiltInRegister, loadRegister, type Register } from '../../ingest/register.ts';
import { Writer } from '../../ingest/writer.ts';
import { type Measurement, measurementSchema } from '../../probes/measurement.ts';
import { type Acknowledgement, acknowledgementSchema, encodeReport } from '../../probes/report.ts';
import { aMeasurement } from '../measurement.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const now = new Date('2026-11-10T05:00:00.000Z');
let test: TestStore;
let server: ServerType;
let url: string;
let token: string;
let register: Register;

const enrolment = {
  probe: 'xuanwu-1',
  line: 'line-1',
  place: '320102002001',
  carrier: 'telecom',
  technology: 'ftth',
  subscribedDownBps: 100e6,
  subscribedUpBps: null,
  validFrom: '2026-01-01',
};

beforeAll(async () => {
  test = await startTestStore();
  await importBuiltInRegister(test.store);
  register = await loadRegister(test.store, '2026-11-10');
  token = await enrol(test.store, register, enrolment, now);
  const app = new Hono()
    .route(
      '/',
      collector({
        directory: new ProbeDirectory(test.store),
        writer: new Writer(test.store),
        now: () => now,
        sourceOf: () => '192.0.2.7',
      }).routes,
    )
    .onError(problemHandler(silent));
  server = await new Promise((resolve) => {
    const started = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, ({ port }) => {
      url = `http://127.0.0.1:${port}/v1/reports`;
      resolve(started);
    });
  });
});
afterAll(async () => {
  await new Promise((resolve) => server.close(resolve));
  await test.stop();
});

describe('a probe on a line that is there', () => {
  const lines = () =>
    test.store.read('SELECT * FROM line WHERE line = {line:String}', { line: 'line-1' });

  it('is bound to it, and leaves what is known of the line', async () => {
    const before = await lines();
    const second = {
      ...enrolment,
      probe: 'xuanwu-2',
      subscribedDownBps: null,
      validFrom: '2026-11-01',
    };
    await enrol(test.store, register, second, now);
    expect(await lines()).toEqual(before);
    const bound = await probeNamed(test.store, 'xuanwu-2');
    expect(bound?.bindingAt(now)).toMatchObject({ line: 'line-1', place: '320102002001' });
  });

  it.each([
    ['another place', { place: '320102002002' }],
    ['another carrier', { carrier: 'unicom' }],
    ['another technology', { technology: 'lte' }],
  ])('is refused with %s, and nothing is stored', async (_, its) => {
    const before = await lines();
    await expect(
      enrol(test.store, register, { ...enrolment, probe: 'xuanwu-3', ...its }, now),
    ).rejects.toMatchObject({ code: 'line-differs' });
    expect(await lines()).toEqual(before);
    expect(await probeNamed(test.store, 'xuanwu-3')).toBeNull();
  });
});

const report = (measurements: readonly Measurement[], agentId = 'xuanwu-1') =>
  encodeReport({ date: now.toISOString(), agentId }, measurements);

function post(
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    body,
    headers: { authorization: `Bearer ${token}`, ...headers },
  });
}

async function acknowledged(body: string): Promise<Acknowledgement> {
  const response = await post(body);
  expect(response.status).toBe(200);
  return acknowledgementSchema.parse(await response.json());
}

const stored = () =>
  test.store.read<{ sequence: number; received: string }>(
    'SELECT sequence, received FROM measurement FINAL ORDER BY sequence',
  );
const quarantined = () =>
  test.store.read<{ code: string; original: string; line: number }>(
    'SELECT code, original, line FROM quarantine FINAL ORDER BY code, line',
  );

/** 64 MiB that compress to 64 KiB, in lines of a lawful length under a lawful header. */
const bomb = Buffer.concat([
  Buffer.from(report([]).replace('"results":0', '"results":100000')),
  Buffer.alloc(64 * 1024 * 1024, `${' '.repeat(60_000)}\n`),
]);

describe('POST /v1/reports', () => {
  it('acknowledges exactly what it covers, when it can be read back', async () => {
    const answer = await acknowledged(
      report([1, 2, 3, 7].map((sequence) => aMeasurement({ sequence }))),
    );
    expect(answer).toMatchObject({
      stored: 4,
      quarantined: [],
      covers: [
        [1, 3],
        [7, 7],
      ],
    });
    expect((await stored()).map(({ sequence }) => sequence)).toEqual([1, 2, 3, 7]);
  });

  it('a resend, whole, partial, overlapping or at once, changes nothing', async () => {
    const before = await stored();
    const parts = [[1, 2, 3, 7], [7, 3], [2], [3, 2, 1]];
    await Promise.all(
      parts.map((sequences) =>
        acknowledged(report(sequences.map((sequence) => aMeasurement({ sequence })))),
      ),
    );
    expect(await stored()).toEqual(before);
  });

  it('takes the good rows and quarantines the bad with reason, line and bytes', async () => {
    const lines = report([
      aMeasurement({ sequence: 8 }),
      aMeasurement({ sequence: 9, metric: 'guess' }),
      aMeasurement({ sequence: 10 }),
    ]);
    const answer = await acknowledged(lines.replace('"sequence":10', '"sequence":10,,'));
    expect(answer).toMatchObject({
      stored: 1,
      quarantined: [
        { line: 3, sequence: 9, code: 'unknown-metric' },
        { line: 4, sequence: null, code: 'malformed-json' },
      ],
      covers: [[8, 9]],
    });
    const rows = await quarantined();
    expect(rows.map(({ code, line }) => [code, line])).toEqual([
      ['malformed-json', 4],
      ['unknown-metric', 3],
    ]);
    expect(rows[0]?.original).toContain('"sequence":10,,');
    expect(measurementSchema.parse(JSON.parse(rows[1]?.original ?? '')).metric).toBe('guess');
  });

  it('the same bad row sent again is one entry', async () => {
    const before = await quarantined();
    await acknowledged(report([aMeasurement({ sequence: 9, metric: 'guess' })]));
    expect(await quarantined()).toHaveLength(before.length);
  });

  it('reads gzip', async () => {
    const body = new Uint8Array(gzipSync(report([aMeasurement({ sequence: 20 })])));
    expect((await post(body, { 'content-encoding': 'gzip' })).status).toBe(200);
  });

  it.each<[string, () => Promise<Response>, number, string]>([
    ['no token', () => fetch(url, { method: 'POST', body: '' }), 401, 'token-missing'],
    [
      'a wrong token',
      () => post(report([]), { authorization: `Bearer ${'x'.repeat(43)}` }),
      401,
      'token-unknown',
    ],
    ['somebody else’s report', () => post(report([], 'xuanwu-2')), 403, 'agent-mismatch'],
    ['an empty body', () => post(''), 400, 'report-malformed'],
    ['a header that is none', () => post('[]\n'), 400, 'report-malformed'],
    [
      'a cut report',
      () =>
        post(
          report([aMeasurement({ sequence: 90 }), aMeasurement({ sequence: 91 })])
            .split('\n')
            .slice(0, 2)
            .join('\n'),
        ),
      400,
      'report-cut',
    ],
    [
      'damaged compression',
      () => post(new Uint8Array([31, 139, 8, 0, 1, 2, 3]), { 'content-encoding': 'gzip' }),
      400,
      'report-cut',
    ],
    [
      'unknown compression',
      () => post(report([]), { 'content-encoding': 'br' }),
      415,
      'encoding-unknown',
    ],
    [
      'a line without end',
      () => post(`${report([]).replace('"results":0', '"results":1')}"${'x'.repeat(70_000)}"\n`),
      413,
      'line-too-long',
    ],
    [
      'a bomb',
      () =>
        post(new Uint8Array(gzipSync(bomb)), {
          'content-encoding': 'gzip',
        }),
      413,
      'report-too-large',
    ],
  ])('refuses %s whole and stores nothing', async (_, send, status, code) => {
    const before = [await stored(), await quarantined()];
    const response = await send();
    expect(response.status).toBe(status);
    expect(await response.json()).toMatchObject({ status, code });
    expect([await stored(), await quarantined()]).toEqual(before);
  });
});
