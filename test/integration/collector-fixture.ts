/** A collector over real HTTP on the real engine, with probes enrolled, for one test file. */
import type { AddressInfo } from 'node:net';
import { type ServerType, serve } from '@hono/node-server';
import { Hono } from 'hono';
import { problemHandler } from '../../api/problem.ts';
import { enrol, ProbeDirectory } from '../../ingest/binding.ts';
import type { BodyLimits } from '../../ingest/body.ts';
import { Budget, type BudgetLimits } from '../../ingest/budget.ts';
import { type Collector, collector } from '../../ingest/collector.ts';
import { importBuiltInRegister, loadRegister } from '../../ingest/register.ts';
import { Writer, type WriterOptions } from '../../ingest/writer.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { encodeReport } from '../../probes/report.ts';
import type { Store } from '../../sql/store.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

type Body = string | Uint8Array<ArrayBuffer>;

export interface TestCollector extends TestStore {
  readonly collector: Collector;
  readonly writer: Writer;
  readonly url: string;
  readonly tokens: ReadonlyMap<string, string>;
  /** The collector's clock, to be set. */
  clock: Date;
  /** Stands before the store's `insertEncoded`; tests of faults replace it. */
  insert: Store['insertEncoded'];
  /** Sends a report of these measurements with the token of `probe`. */
  send(probe: string, measurements: readonly Measurement[]): Promise<Response>;
  post(probe: string, body: Body, headers?: Record<string, string>): Promise<Response>;
}

export interface TestCollectorOptions {
  readonly probes: readonly string[];
  readonly now: Date;
  readonly body?: BodyLimits;
  readonly budget?: BudgetLimits;
  readonly writer?: Pick<WriterOptions, 'batch'>;
}

/** Every probe on a line of its own, in the villages of one township. */
export async function startTestCollector(options: TestCollectorOptions): Promise<TestCollector> {
  const test = await startTestStore();
  const { store } = test;
  await importBuiltInRegister(store);
  const register = await loadRegister(store, '2026-11-10');
  const tokens = new Map<string, string>();
  for (const probe of options.probes) {
    const enrolment = {
      probe,
      line: `line-of-${probe}`,
      place: '320102002001',
      carrier: 'telecom',
      technology: 'ftth',
      subscribedDownBps: 100e6,
      subscribedUpBps: null,
      validFrom: '2026-01-01',
    };
    tokens.set(probe, await enrol(store, register, enrolment, options.now));
  }
  const now = () => started.clock;
  const writer = new Writer(
    { insertEncoded: (table, encoded) => started.insert(table, encoded) },
    { now, ...options.writer },
  );
  const opened = collector({
    directory: new ProbeDirectory(store),
    writer,
    now,
    sourceOf: () => '192.0.2.7',
    ...(options.body ? { body: options.body } : {}),
    ...(options.budget ? { budget: new Budget(options.budget) } : {}),
  });
  const app = new Hono().route('/', opened.routes).onError(problemHandler(silent));
  const server = await new Promise<ServerType>((resolve) => {
    const listening = serve({ fetch: app.fetch, port: 0, hostname: '127.0.0.1' }, () =>
      resolve(listening),
    );
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/reports`;
  const post: TestCollector['post'] = (probe, body, headers = {}) =>
    fetch(url, {
      method: 'POST',
      body,
      headers: { authorization: `Bearer ${tokens.get(probe)}`, ...headers },
    });
  const started: TestCollector = {
    ...test,
    collector: opened,
    writer,
    url,
    tokens,
    clock: options.now,
    insert: (table, encoded) => store.insertEncoded(table, encoded),
    post,
    send: (probe, measurements) =>
      post(
        probe,
        encodeReport({ date: started.clock.toISOString(), agentId: probe }, measurements),
      ),
    stop: async () => {
      await new Promise((resolve) => {
        server.close(resolve);
        if ('closeAllConnections' in server) server.closeAllConnections();
      });
      await test.stop();
    },
  };
  return started;
}
