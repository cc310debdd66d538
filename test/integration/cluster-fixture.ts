/** Two embedded engines on loopback as the two shards of a real cluster, for one test file. */
import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { METRICS } from '../../probes/catalogue.ts';
import { type Engine, startEngine } from '../../sql/engine.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { migrate } from '../../sql/migrate.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { removeDirectory, silent, temporaryDirectory } from './engine-fixture.ts';

const CLUSTER = 'pair';

export interface TestCluster {
  /** The store on the first shard's node, through which the schema is defined on both. */
  readonly store: Store;
  /** The store on every shard's node, in order; the first is `store`. */
  readonly stores: readonly Store[];
  /** As they are now: an engine that was revived is another one. */
  readonly engines: readonly Engine[];
  /** Where they listen for each other, in order. */
  readonly ports: readonly number[];
  /** Kills the engine of a shard, from 1; what it was in the middle of stays half done. */
  kill(shard: number): Promise<void>;
  /**
   * Starts every engine that is down again, on the data it had: the library's sometimes follows its peer
   * when a connection between them breaks, which a server of its own does not.
   */
  revive(): Promise<void>;
  stop(): Promise<void>;
}

/** Engines, stores, schema and views; `stop` leaves nothing behind. */
export async function startTestCluster(): Promise<TestCluster> {
  const directories = [temporaryDirectory(), temporaryDirectory()];
  const ports = await freePorts(directories.length);
  const secret = randomBytes(24).toString('base64url');
  const start = (index: number) =>
    startEngine({
      directory: directories[index] as string,
      log: silent,
      shard: { cluster: CLUSTER, number: index + 1, ports, secret },
    });
  const engines = await Promise.all(directories.map((_, index) => start(index)));
  const open = (index: number, peers: readonly Store[]) =>
    openStore({
      ...(engines[index] as Engine),
      whereabouts: () => engines[index] as Engine,
      topology: { kind: 'shards', name: CLUSTER },
      peers,
      // What a lost shard answers is asked, not how often it was asked for.
      pausesMs: { insert: [100, 300, 900, 2_700], question: [100], never: [] },
      log: silent,
    });
  const peer = await open(1, []);
  const store = await open(0, [peer]);
  await migrate(store);
  await defineMetricViews(store, METRICS);
  return {
    store,
    stores: [store, peer],
    engines,
    ports,
    kill: async (shard) => {
      const { pid, exited } = engines[shard - 1] as Engine;
      process.kill(pid, 'SIGKILL');
      await exited;
    },
    revive: async () => {
      for (const [index, engine] of engines.entries())
        if (!isRunning(engine)) engines[index] = await start(index);
    },
    stop: async () => {
      await Promise.all([store, peer].map((one) => one.close()));
      await Promise.all(engines.map((engine) => engine.stop()));
      directories.forEach(removeDirectory);
    },
  };
}

/**
 * Different ports of 127.0.0.1 that were free a moment ago, below those that outgoing connections are given
 * (from 32,768 on Linux): an engine that is revived finds its port as it left it.
 */
function isRunning({ pid }: Engine): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function freePorts(count: number): Promise<number[]> {
  const ports = new Set<number>();
  while (ports.size < count) {
    const port = randomInt(15_000, 32_000);
    if (await isFree(port)) ports.add(port);
  }
  return [...ports];
}

function isFree(port: number): Promise<boolean> {
  return new Promise((settle) => {
    const server = createServer().once('error', () => settle(false));
    server.listen(port, '127.0.0.1', () => server.close(() => settle(true)));
  });
}
