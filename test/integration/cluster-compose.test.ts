/**
 * The cluster of `sql/cluster/` wants Docker, which is not asked for here: its files are read by what
 * can read them. That it runs is not shown by this.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Engine, startEngine } from '../../sql/engine.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { removeDirectory, silent, temporaryDirectory } from './engine-fixture.ts';

const FOLDER = new URL('../../sql/cluster/', import.meta.url);
const textOf = (file: string) => readFileSync(new URL(file, FOLDER), 'utf8');

interface Service {
  readonly image: string;
  readonly hostname: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly ports: readonly string[];
  readonly volumes: readonly string[];
}
const { services, volumes } = parse(textOf('compose.yaml'), { merge: true }) as {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
};

const directory = temporaryDirectory();
let engine: Engine;
let store: Store;
beforeAll(async () => {
  // ClickHouse merges what lies in config.d into its configuration, there and here.
  const folder = join(directory, 'config.d');
  mkdirSync(folder, { recursive: true });
  const first = services['shard1-replica1']?.environment ?? {};
  for (const file of ['server.xml', 'keeper.xml'])
    writeFileSync(
      join(folder, file),
      textOf(file).replace(
        /<(\w+) from_env="(\w+)"\/>/g,
        (_, tag, variable) => `<${tag}>${first[variable]}</${tag}>`,
      ),
    );
  engine = await startEngine({ directory, log: silent });
  store = await openStore({ ...engine, log: silent });
});
afterAll(async () => {
  await store.close();
  await engine.stop();
  removeDirectory(directory);
});

it('has two shards of two replicas each, under names of their own', () => {
  const places = Object.entries(services).map(([name, { hostname, environment }]) => {
    expect([hostname, environment.HOST]).toEqual([name, name]);
    return `${environment.SHARD}/${environment.REPLICA}`;
  });
  expect(places).toEqual(['1/1', '1/2', '2/1', '2/2']);
  for (const [name, service] of Object.entries(services))
    expect(service.volumes).toContain(`${name}:/var/lib/clickhouse`);
  expect(Object.keys(volumes)).toEqual(Object.keys(services));
});

it('is pinned, and open to this machine alone', () => {
  for (const { image, ports, environment } of Object.values(services)) {
    expect(image).toBe('clickhouse/clickhouse-server:26.7');
    for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:\d+:8123$/);
    expect(environment.CLICKHOUSE_PASSWORD).toMatch(/^\$\{TONGDA_CLUSTER_PASSWORD:\?/);
  }
  const published = Object.values(services).flatMap(({ ports }) => ports);
  expect(new Set(published).size).toBe(published.length);
});

it('keeps Keeper on the three servers its configuration names', () => {
  const named = [...textOf('keeper.xml').matchAll(/<id>(\d)<\/id><hostname>([\w-]+)</g)];
  const asked = [...textOf('server.xml').matchAll(/<node><host>([\w-]+)</g)].map(
    ([, host]) => host,
  );
  const keeping = Object.entries(services).filter(([, { volumes: mounted }]) =>
    mounted.some((volume) => volume.startsWith('./keeper.xml:')),
  );
  expect(named.map(([, id, host]) => [host, id])).toEqual(
    keeping.map(([name, { environment }]) => [name, environment.KEEPER]),
  );
  expect(asked).toEqual(keeping.map(([name]) => name));
});

it('has a configuration the engine reads as it is meant', async () => {
  expect(
    await store.read(
      `SELECT shard_num AS shard, replica_num AS replica, host_name AS host, port,
         internal_replication AS once
       FROM system.clusters WHERE cluster = 'tongda' ORDER BY shard, replica`,
    ),
  ).toEqual(
    Object.entries(services).map(([host, { environment }]) => ({
      ...{ shard: Number(environment.SHARD), replica: Number(environment.REPLICA), host },
      ...{ port: 9000, once: 1 },
    })),
  );
  expect(await store.read('SELECT macro, substitution FROM system.macros ORDER BY macro')).toEqual([
    { macro: 'replica', substitution: '1' },
    { macro: 'shard', substitution: '1' },
  ]);
});

it('names its servers’ macros, without which a station does not take it for a cluster', async () => {
  const bare = temporaryDirectory();
  mkdirSync(join(bare, 'config.d'));
  writeFileSync(
    join(bare, 'config.d', 'server.xml'),
    textOf('server.xml')
      .replace(/<macros>[\s\S]*<\/macros>/, '')
      .replace(/<\w+ from_env="\w+"\/>/g, ''),
  );
  const without = await startEngine({ directory: bare, log: silent });
  try {
    await expect(
      openStore({ ...without, topology: { kind: 'cluster', name: 'tongda' }, log: silent }),
    ).rejects.toMatchObject({
      code: 'cluster-macros-missing',
      en: expect.stringContaining('shard, replica'),
    });
  } finally {
    await without.stop();
    removeDirectory(bare);
  }
});

it('has a script that a shell can read', () => {
  execFileSync('sh', ['-n', new URL('up.sh', FOLDER).pathname]);
});
