/**
 * The station: collector, controller, API, page and scheduler in one process over one store; the
 * embedded engine, a peer and a probe as its children. Started and stopped here, in order.
 */

import { mkdir } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type ServerType, serve } from '@hono/node-server';
import { getConnInfo } from '@hono/node-server/conninfo';
import type { Context, Hono } from 'hono';
import type { Logger } from 'pino';
import { ProbeDirectory } from '../ingest/binding.ts';
import { collector } from '../ingest/collector.ts';
import { controller } from '../ingest/controller.ts';
import { FilingTokens } from '../ingest/filing-token.ts';
import { horizonOf } from '../ingest/horizon.ts';
import { dayOf } from '../ingest/month.ts';
import { importBuiltInRegister, loadRegister } from '../ingest/register.ts';
import { ServiceWalks } from '../ingest/service-walk.ts';
import { Writer } from '../ingest/writer.ts';
import { Fault } from '../probes/fault.ts';
import { newestRetiredDay } from '../sql/retention.ts';
import { app } from './app.ts';
import { localProgramme, startLocalPeer, startLocalProbe } from './children.ts';
import type { Config } from './config.ts';
import { EvidenceReader } from './evidence.ts';
import { planOf } from './plan-source.ts';
import { keepRollups } from './rollup-keeper.ts';
import { filingIntake } from './routes/filing-intake.ts';
import { startScheduler } from './scheduler.ts';
import { openStation } from './stored.ts';

export const SOFTWARE = 'tongda/0.1.0';

export interface Station {
  /** Where a browser on this machine finds the page. */
  readonly url: string;
  /** Resolves with the reason when the station can no longer serve. */
  readonly failed: Promise<Error>;
  /** Takes no more, finishes what it took, stops its children and its engine. */
  stop(): Promise<void>;
}

/** @throws Fault `port-busy`, `data-directory-in-use`, those of the plan, the configuration and the store */
export async function startStation(config: Config, log: Logger): Promise<Station> {
  const now = () => new Date();
  const sourceOf = (context: Context) => getConnInfo(context).remote.address ?? '::';
  const closers: (() => Promise<unknown>)[] = [];
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    // The port first: whoever has it busy should hear of it before anything is started.
    const front = await listen(config.host, config.port);
    closers.push(front.close);
    await mkdir(config.data, { recursive: true });

    const { store, failed, close } = await openStation(config, log);
    closers.push(close);
    const places = await importBuiltInRegister(store);
    if (places > 0) log.info({ places }, '已载入地点登记册 · register of places imported');
    const register = await loadRegister(store, dayOf(now()));
    const plan = planOf(config.plan, register);

    const peer = config.local ? await startLocalPeer(log) : null;
    if (peer) closers.push(peer.stop);

    const directory = new ProbeDirectory(store);
    const newestRetired = await newestRetiredDay(store);
    const writer = new Writer(store);
    const reports = collector({
      directory,
      writer,
      now,
      horizonMs: (at) => horizonOf(plan.retention, newestRetired, at),
      sourceOf,
    });
    closers.push(() => writer.drain(), reports.drain);
    const tokens = new FilingTokens(store);
    const intake = filingIntake({ store, tokens, plan, now, sourceOf });
    closers.push(intake.drain);
    const reader = new EvidenceReader(store, plan, now);
    const programme = peer ? [...localProgramme(peer), ...config.programme] : config.programme;
    const { reportPeriodS, instructionPeriodS, monthlyBudgetMiB, password } = config;
    front.answer(
      app({
        store,
        reader,
        collector: reports.routes,
        controller: controller({
          ...{ directory, programme, reportPeriodS, instructionPeriodS, monthlyBudgetMiB, now },
          walks: new ServiceWalks(store, config.services),
        }),
        intake: intake.routes,
        tokens,
        password,
        software: SOFTWARE,
        log,
      }),
    );
    const rollups = keepRollups(store, plan, log);
    closers.push(rollups.stop);
    const scheduler = startScheduler(reader, join(config.data, 'reports'), config.seal, log);
    closers.push(() => scheduler.stop());
    if (peer) {
      const probe = await startLocalProbe({
        stationUrl: front.url,
        data: config.data,
        area: plan.area,
        store,
        register,
        now: now(),
        log,
      });
      closers.push(probe.stop);
    }
    return { url: front.url, failed, stop };
  } catch (reason) {
    await stop();
    throw reason;
  }
}

interface Front {
  readonly url: string;
  answer(app: Hono): void;
  close(): Promise<void>;
}

/** Holds the port from the start; until the station is ready every request gets 503. */
async function listen(host: string, port: number): Promise<Front> {
  let app: Hono | null = null;
  const starting = () =>
    new Response(
      JSON.stringify({
        status: 503,
        code: 'starting',
        detail: '站点正在启动',
        detailEn: 'the station is starting',
      }),
      {
        status: 503,
        headers: { 'content-type': 'application/problem+json', 'retry-after': '1' },
      },
    );
  const server = await new Promise<ServerType>((resolve, reject) => {
    const opened = serve(
      { hostname: host, port, fetch: (request, env) => app?.fetch(request, env) ?? starting() },
      () => resolve(opened),
    );
    opened.once('error', (reason: NodeJS.ErrnoException) =>
      reject(
        reason.code === 'EADDRINUSE'
          ? new Fault(
              'port-busy',
              `${host}:${port} 已被占用:请停掉占用者,或用 TONGDA_PORT 换一个端口`,
              `${host}:${port} is busy: stop what uses it, or choose another port with TONGDA_PORT`,
            )
          : new Fault(
              'address-unusable',
              `不能在 ${host}:${port} 上监听:${reason.code}`,
              `cannot listen on ${host}:${port}: ${reason.code}`,
            ),
      ),
    );
  });
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${actual}`,
    answer: (ready) => {
      app = ready;
    },
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        if ('closeIdleConnections' in server) server.closeIdleConnections();
        // Readers with a connection kept alive do not hold up the end.
        setTimeout(
          () => 'closeAllConnections' in server && server.closeAllConnections(),
          1_000,
        ).unref();
      }),
  };
}
