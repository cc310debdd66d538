/** Opens the store a configuration asks for: a ClickHouse server, or the embedded engine in `data`. */

import type { Logger } from 'pino';
import { Refusal } from '../ingest/refusal.ts';
import { METRICS } from '../probes/catalogue.ts';
import { Fault } from '../probes/fault.ts';
import { attachEngine, type Engine, startEngine } from '../sql/engine.ts';
import { defineMetricViews } from '../sql/metric-views.ts';
import { migrate } from '../sql/migrate.ts';
import { openStore, type Store } from '../sql/store.ts';
import type { Config } from './config.ts';

export interface OpenedStore {
  readonly store: Store;
  /** Resolves when the engine ends by itself; never for a server of somebody else's. */
  readonly failed: Promise<Error>;
  close(): Promise<void>;
}

/** For the station: the engine is its own, and the schema is brought up to date. */
export async function openStation(config: Config, log: Logger): Promise<OpenedStore> {
  if (config.clickhouseUrl) return prepared(await openServer(config.clickhouseUrl, log), null);
  const engine = await startEngine({ directory: config.data, log });
  if (engine.brokenParts.length > 0) {
    await engine.stop();
    const parts = engine.brokenParts.map(({ table, name }) => `${table}/${name}`).join(', ');
    throw new Fault(
      'store-damaged',
      `${config.data} 中有损坏的数据分片(${parts}):请从备份恢复后再启动`,
      `${config.data} has broken parts (${parts}): restore a backup before starting`,
    );
  }
  return prepared(await openStore({ ...engine, log }), engine);
}

/** For commands: through the running station's engine when there is one, else on an engine of one's own. */
export async function openForCommand(config: Config, log: Logger): Promise<OpenedStore> {
  const running = config.clickhouseUrl ? null : await attachEngine(config.data);
  return running ? prepared(await openStore({ ...running, log }), null) : openStation(config, log);
}

async function openServer(url: string, log: Logger): Promise<Store> {
  const { username, password, pathname, origin } = new URL(url);
  return openStore({
    url: origin,
    username: decodeURIComponent(username) || 'default',
    password: decodeURIComponent(password),
    database: pathname.slice(1) || 'tongda',
    log,
  });
}

async function prepared(store: Store, engine: Engine | null): Promise<OpenedStore> {
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
  const failed = new Promise<Error>((resolve) =>
    engine?.exited.then(({ detail }) =>
      resolve(
        new Refusal(
          500,
          'engine-ended',
          `存储引擎意外退出:${detail}`,
          `the storage engine ended: ${detail}`,
        ),
      ),
    ),
  );
  return { store, failed, close };
}
