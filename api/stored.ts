/** Opens the store a configuration asks for: a ClickHouse server, or the embedded engine in `data`. */

import type { Logger } from 'pino';
import { METRICS } from '../probes/catalogue.ts';
import { attachEngine } from '../sql/engine.ts';
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

async function openServer(url: string, cluster: string | undefined, log: Logger): Promise<Store> {
  const { username, password, pathname, origin } = new URL(url);
  return openStore({
    url: origin,
    username: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
    database: pathname.slice(1) || 'tongda',
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
