/** Opens the store a configuration asks for: a ClickHouse server, or the embedded engine in `data`. */

import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { METRICS } from '../probes/catalogue.ts';
import { Fault } from '../probes/fault.ts';
import { attachEngine, startEngine } from '../sql/engine.ts';
import { type KeptEngine, keepEngine } from '../sql/engine-keeper.ts';
import { defineMetricViews } from '../sql/metric-views.ts';
import { migrate } from '../sql/migrate.ts';
import { openStore, type Store } from '../sql/store.ts';
import type { Config } from './config.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Resolves when the engine is lost for good; never for a server of somebody else's. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** For the station: the engine is its own, and the schema is brought up to date. */
export async function openStation(config: Config, log: Logger): Promise<OpenedStore> {
  const { clickhouseUrl, clickhouseCluster } = config;
  if (clickhouseUrl) return prepared(await openServer(clickhouseUrl, clickhouseCluster, log), null);
  const engine = await keepEngine({ directory: config.data, log });
  const store = await openStore({ ...engine, log }).catch(async (reason) => {
    await engine.stop();
    throw reason;
  });
  return prepared(store, engine);
}

/** For commands: through the running station's engine when there is one, else on an engine of one's own. */
export async function openForCommand(config: Config, log: Logger): Promise<OpenedStore> {
  const running = config.clickhouseUrl ? null : await attachEngine(config.data);
  return running ? prepared(await openStore({ ...running, log }), null) : openStation(config, log);
}

export interface LookedAt {
  readonly store: Store;
  /** An empty database in the same ClickHouse. */
  readonly openScratch: () => Promise<Store>;
  close(): Promise<void>;
}

/**
 * For a look at the store as it is: nothing is brought up to date, and one with broken parts is
 * opened too, which no station serves.
 *
 * @throws Fault `store-missing`, and those of the engine
 */
export async function openForCheck(config: Config, log: Logger): Promise<LookedAt> {
  const { clickhouseUrl: url, clickhouseCluster, data } = config;
  const running = url ? null : await attachEngine(data);
  if (!url && !running && !existsSync(join(data, 'store')))
    throw new Fault(
      'store-missing',
      `${data} 中没有数据:请检查 TONGDA_DATA`,
      `there is no store in ${data}: check TONGDA_DATA`,
    );
  const engine = url || running ? null : await startEngine({ directory: data, log });
  const endpoint = running ?? engine;
  const open = (database?: string) => {
    if (url) return openServer(url, clickhouseCluster, log, database);
    if (!endpoint) throw new Error('neither a server nor an engine');
    return openStore({ ...endpoint, ...(database ? { database } : {}), log });
  };
  try {
    const store = await open();
    return {
      store,
      openScratch: () => open(`${store.database}_check_${randomBytes(6).toString('hex')}`),
      close: async () => {
        await store.close();
        await engine?.stop();
      },
    };
  } catch (reason) {
    await engine?.stop();
    throw reason;
  }
}

async function openServer(
  url: string,
  cluster: string | undefined,
  log: Logger,
  database?: string,
): Promise<Store> {
  const { username, password, pathname, origin } = new URL(url);
  return openStore({
    url: origin,
    username: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
    database: database ?? (pathname.slice(1) || 'tongda'),
    topology: cluster ? { kind: 'cluster', name: cluster } : { kind: 'single' },
    log,
  });
}

async function prepared(store: Store, engine: KeptEngine | null): Promise<OpenedStore> {
  const close = async () => {
    await store.close();
    await engine?.stop();
  };
  try {
    await migrate(store);
    await defineMetricViews(store, METRICS);
  } catch (reason) {
    await close();
    throw reason;
  }
  return { store, failed: engine?.lost ?? new Promise<never>(() => {}), close };
}
