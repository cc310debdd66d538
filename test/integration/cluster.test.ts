/**
 * Two embedded engines are a real cluster of two shards: whatever is stored in it and in one store
 * beside it, every query and every indicator answers the same on both, and a lost shard is an error
 * and never a smaller figure. Walks the lists, so a newcomer among tables, queries and indicators is
 * tested on arrival; a new kind of parameter wants its values in `VALUES`.
 */
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../probes/catalogue.ts';
import { INDICATORS, type Indicator } from '../../sql/indicator.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { listMigrations, type Migration, migrate } from '../../sql/migrate.ts';
import { measured, type QueryName, queries, quotient, standing } from '../../sql/questions.ts';
import { type InsertOf, tables } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { chance } from '../chance.ts';
import { startTestCluster, type TestCluster } from './cluster-fixture.ts';
import { measurementsOf, PROBES, provinceSteps, SHA256 } from './cluster-world.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const SEED = Number(process.env.TONGDA_TEST_SEED ?? 1);

let single: TestStore;
let cluster: TestCluster;

beforeAll(async () => {
  [single, cluster] = await Promise.all([startTestStore(), startTestCluster()]);
  await defineMetricViews(single.store, METRICS);
  for (const step of provinceSteps(chance(SEED))) {
    await step(single.store);
    await step(cluster.store);
  }
});
afterAll(async () => {
  await single.stop();
  await cluster.stop();
});

/** By parameter: every query is asked with the first values, then with the second, and so on. */
const VALUES: Readonly<Record<string, readonly unknown[]>> = {
  after: ['', 'line-3'],
  area: ['320106', '3201'],
  afterReceived: ['1970-01-01T00:00:00Z', '2200-01-01T00:00:00Z', '2026-11-02T00:00:00Z'],
  afterProbe: ['', '', 'probe-4'],
  afterSequence: [0],
  afterSha256: [''],
  bucketSeconds: [86_400, 3_600],
  bytesSha256: [SHA256],
  carrier: ['', 'mobile'],
  challenge: ['', '20261103-3'],
  code: ['', '', 'month-uncertain'],
  day: ['2026-11-01'],
  edition: [2, 1],
  end: ['2026-12-01T00:00:00Z', '2026-11-03T00:00:00Z'],
  fromReceived: ['1970-01-01T00:00:00Z'],
  toReceived: ['2200-01-01T00:00:00Z', '2026-11-10T00:00:00Z'],
  first: ['2026-11-01', '2026-10-01'],
  kind: ['', 'places', 'library-prefixes'],
  kinds: [['places', 'lines'], []],
  last: ['2026-11-30', '2026-10-31'],
  level: ['county', 'village', 'province'],
  limit: [1_000, 1_000, 25],
  line: ['', 'line-5'],
  lines: [PROBES.map((_, number) => `line-${number}`), ['line-2', 'line-7']],
  metric: ['throughput', 'icmp-rtt', ''],
  minimumDays: [1, 3],
  minimumRuns: [1, 5],
  month: ['2026-09', '2026-10'],
  months: [['2026-10', '2026-11'], ['2026-11']],
  partitions: [[], [20261101, 20261102]],
  own: [[], ['line-1']],
  passRatio: [0.5, 0.9],
  place: ['', '320106001000', '320106001004'],
  probe: ['probe-3', 'probe-5', ''],
  probes: [[], PROBES],
  sequence: [3, 8],
  sequences: [[3], [25, 30, 35]],
  sha256: ['', '1', '12'],
  slot: ['v0', 'v1'],
  slotNumber: [0, 1],
  step: ['day', 'hour'],
  tables: [['place', 'import'], ['line']],
  target: ['access-rate', 'ipv6-network'],
  source: ['test'],
  start: ['2026-11-01T00:00:00Z', '2026-10-31T16:00:00Z'],
  text: ['', 'original 5', ''],
  within: ['32', '', '320106001004'],
  import: ['', 'import-1'],
  imports: [['import-1'], ['import-1', 'import-2']],
};
type Known = Readonly<Record<string, unknown>>;
/** How often to ask until every value was given; what is known of a store goes by the month. */
const roundsOf = (params: Readonly<Record<string, string>>) =>
  Math.max(1, ...Object.keys(params).map((name) => (VALUES[name] ?? VALUES.month ?? []).length));

function paramsOf(params: Readonly<Record<string, string>>, round: number, known: Known = {}) {
  const chosen = Object.keys(params).map((name) => {
    if (name in known) return [name, known[name]];
    const values = VALUES[name];
    if (!values) throw new Error(`VALUES lacks the parameter ${name}`);
    return [name, values[round % values.length]];
  });
  return Object.fromEntries(chosen);
}

/** What differs between two stores that hold the same: when a rollup was drawn, and from which blocks. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  rollups_done: ['run', 'signature', 'done'],
  measured_days: ['signature'],
  tables_signature: ['signature'],
};

interface Asked {
  readonly name: string;
  /** The answers, one a round; where the question leaves the order open, in one order all the same. */
  ask(store: Store, rounds?: number): Promise<unknown[][]>;
}

const ASKED: readonly Asked[] = [
  ...(Object.keys(queries) as QueryName[]).map((name) => {
    const sql = readFileSync(new URL(`../../sql/queries/${name}.sql`, import.meta.url), 'utf8');
    const { params } = queries[name];
    return asked(`query ${name}`, sql, params, async (store, round) => {
      // Runs are numbered by each store for itself.
      const done = await store.query('rollups_done', {});
      const { month } = paramsOf({ month: '' }, round);
      const counting = done.filter(({ scope }) => scope === 'day');
      const known = {
        days: counting.map(({ period }) => period),
        runs: counting.map(({ run }) => run),
        run: done.find(({ period }) => period === month)?.run ?? 0,
      };
      const rows: object[] = await store.query(name, paramsOf(params, round, known) as never);
      return rows.map((row) =>
        Object.fromEntries(Object.entries(row).filter(([column]) => !OWN[name]?.includes(column))),
      );
    });
  }),
  ...[...INDICATORS].map(([name, { kind, sql }]) => {
    const { params, ask } = indicatorAsked(kind);
    return asked(`indicator ${name}`, sql, params, (store, round) =>
      store[ask](name, paramsOf(params, round) as never),
    );
  }),
];

function indicatorAsked(kind: Indicator['kind']) {
  if (kind === 'quotient') return { params: quotient.params, ask: 'quotient' } as const;
  if (kind === 'standing') return { params: standing.params, ask: 'declared' } as const;
  return { params: measured.params, ask: 'indicator' } as const;
}

function asked(
  name: string,
  sql: string,
  params: Readonly<Record<string, string>>,
  once: (store: Store, round: number) => Promise<unknown[]>,
): Asked {
  const ordered = /^ORDER BY/m.test(sql);
  return {
    name,
    ask: (store, rounds = roundsOf(params)) =>
      Promise.all(
        Array.from({ length: rounds }, async (_, round) => {
          const rows = await once(store, round);
          return ordered ? rows : rows.map((row) => JSON.stringify(row)).sort();
        }),
      ),
  };
}

/** Every measurement there is, as whoever asks sees them: how many, and all they say. */
const measurementsIn = (store: Store) =>
  store.read(`SELECT count() AS n, sum(cityHash64(*)) AS hash FROM measurement FINAL`);

describe('a cluster of two shards', () => {
  it.each(ASKED)('$name answers as one store does, on either node', async ({ ask }) => {
    const wanted = await ask(single.store);
    // Nothing equals nothing; that would prove nothing.
    expect(wanted.some((rows) => rows.length > 0)).toBe(true);
    expect(await ask(cluster.store)).toEqual(wanted);
    for (const store of cluster.stores.slice(1))
      expect(await ask(store, 1)).toEqual(wanted.slice(0, 1));
  });

  it.each(Object.keys(tables))('%s lies on both shards, and no key on two', async (table) => {
    const [described] = await cluster.store.read<{ key: string }>(
      `SELECT sorting_key AS key FROM system.tables
       WHERE database = currentDatabase() AND name = concat({table:String}, '_local')`,
      { table },
    );
    const [found] = await cluster.store.read(
      `SELECT uniqExact(shard) AS shards, countIf(n > 1) AS torn FROM
       (
         SELECT any(_shard_num) AS shard, uniqExact(_shard_num) AS n
         FROM {table:Identifier} GROUP BY ${described?.key}
       )`,
      { table },
    );
    expect(found).toEqual({ shards: 2, torn: 0 });
  });

  it('counts a group over all shards, also where the answer goes into a table', async () => {
    for (const { store } of [single, cluster])
      await store.command(
        `INSERT INTO edition (month, edition, sealed, document)
         SELECT '2000-01', 1, '2026-11-03 03:00:00', toString(count()) FROM measurement FINAL`,
      );
    const document = async (store: Store) =>
      await store.read("SELECT document FROM edition WHERE month = '2000-01'");
    expect(await document(cluster.store)).toEqual([{ document: String(PROBES.length * 80) }]);
    expect(await document(cluster.store)).toEqual(await document(single.store));
  });

  it('shows the parts of all shards, and an insert by its block number, a merge not', async () => {
    const parts = async (store: Store) => {
      const rows = await store.read<{ shard: string; partition: string; newest: number }>(
        `SELECT shard, partition, max(maxBlockNumber) AS newest FROM part
         WHERE table = 'measurement' GROUP BY shard, partition ORDER BY shard, partition`,
      );
      return new Map(rows.map(({ shard, partition, newest }) => [`${shard} ${partition}`, newest]));
    };
    for (const [store, shards] of [
      [single.store, ['1']],
      [cluster.stores[0], ['1', '2']],
      [cluster.stores[1], ['1', '2']],
    ] as [Store, string[]][]) {
      const before = await parts(store);
      expect([...new Set([...before.keys()].map((key) => key.split(' ')[0]))]).toEqual(shards);
      const [seen] = await store.read(
        `SELECT (SELECT sum(rows) FROM part WHERE table = 'measurement') AS rows,
           (SELECT count() FROM measurement) AS counted,
           (SELECT min(bytesOnDisk) > 0 FROM part) AS sized,
           (SELECT count() FROM part WHERE endsWith(table, '_local')) AS strange`,
      );
      expect(seen).toMatchObject({ sized: 1, strange: 0 });
      expect((seen as { rows: number }).rows).toBe((seen as { counted: number }).counted);
      await store.define('OPTIMIZE TABLE measurement FINAL');
      expect(await parts(store)).toEqual(before);
    }
    const before = await parts(cluster.store);
    const [again] = measurementsOf('probe-3', chance(SEED));
    await single.store.insert('measurement', [again as InsertOf<'measurement'>]);
    await cluster.store.insert('measurement', [again as InsertOf<'measurement'>]);
    const after = await parts(cluster.store);
    const raised = [...after].filter(([key, newest]) => newest > (before.get(key) ?? -1));
    expect(raised.map(([key]) => key.split(' ')[1])).toEqual(['20261029']);
  });

  it('takes the schema of a later day as well', async () => {
    const added: Migration[] = [
      `ALTER TABLE measurement MODIFY COLUMN v0 Nullable(Int64) CODEC(T64, ZSTD(3)),
         ADD INDEX IF NOT EXISTS byTarget target TYPE set(100) GRANULARITY 4`,
      "ALTER TABLE measurement ADD COLUMN IF NOT EXISTS weather String DEFAULT 'fair' CODEC(ZSTD(3))",
      'CREATE VIEW IF NOT EXISTS sunny AS SELECT probe, weather FROM measurement FINAL',
    ].map((sql, index) => ({
      file: `${String(listMigrations().length + index + 1).padStart(3, '0')}_later.sql`,
      sql,
      sha256: String(index).repeat(64),
    }));
    const files = [...listMigrations(), ...added];
    for (const { store } of [single, cluster]) {
      expect(await migrate(store, files)).toEqual({ applied: added.map(({ file }) => file) });
      expect(await migrate(store, files)).toEqual({ applied: [] });
    }
    const sunny = (store: Store) =>
      store.read('SELECT probe, weather, count() FROM sunny GROUP BY ALL ORDER BY ALL');
    const wanted = await sunny(single.store);
    expect(wanted).toHaveLength(PROBES.length);
    for (const store of cluster.stores) expect(await sunny(store)).toEqual(wanted);
  });

  it('is not taken for one that the server does not know', async () => {
    const open = (name: string) =>
      openStore({ ...single.engine, topology: { kind: 'cluster', name }, log: silent });
    await expect(open('nowhere')).rejects.toMatchObject({
      code: 'cluster-unknown',
      zh: expect.stringContaining('nowhere'),
    });
  });
});

describe('the native port', () => {
  it.runIf(process.platform === 'linux')(
    'is open where a shard is asked for, and else none',
    () => {
      const shards = cluster.engines.map(({ pid, url }, index) => [
        listeningPorts(pid),
        [Number(new URL(url).port), cluster.ports[index]].sort(),
      ]);
      for (const [open, wanted] of shards) expect(open).toEqual(wanted);
      expect(listeningPorts(single.engine.pid)).toEqual([Number(new URL(single.engine.url).port)]);
    },
  );

  // Not with a wrong password: a login refused on this port ends the embedded engine (SIGABRT).
  it('shows a stranger nothing', async () => {
    await expect(
      single.store.read(
        `SELECT * FROM remote('127.0.0.1:${cluster.ports[1]}', tongda.probe_local, 'default', '')`,
      ),
    ).rejects.toThrow('Not enough privileges');
  });
});

/** Ports a process listens on, as the kernel tells; each on 127.0.0.1. */
function listeningPorts(pid: number): number[] {
  const sockets = readdirSync(`/proc/${pid}/fd`).map((descriptor) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
    } catch {
      return '';
    }
  });
  return ['tcp', 'tcp6']
    .flatMap((kind) => readFileSync(`/proc/${pid}/net/${kind}`, 'utf8').trim().split('\n').slice(1))
    .map((line) => line.trim().split(/\s+/))
    .filter(
      ([, , , state, , , , , , inode]) => state === '0A' && sockets.includes(`socket:[${inode}]`),
    )
    .map(([, local = '']) => {
      const [address, port = ''] = local.split(':');
      expect(address).toBe('0100007F');
      return Number.parseInt(port, 16);
    })
    .sort();
}

describe('a lost shard', () => {
  const late = measurementsOf('probe-1', chance(SEED + 1)).map((row, index) => ({
    ...row,
    probe: PROBES[index % PROBES.length] as string,
    sequence: 1_000 + index,
  }));

  it('fails every question and every insert that needs it, by name', async () => {
    await cluster.kill(2);
    const outcomes = await Promise.all(
      ASKED.map(async ({ name, ask }) => [
        name,
        await ask(cluster.store, 1).catch((error) => error.code),
      ]),
    );
    expect(outcomes).toEqual(ASKED.map(({ name }) => [name, 'store-away']));
    await expect(cluster.store.insert('measurement', late)).rejects.toMatchObject({
      code: 'store-away',
      en: expect.stringContaining('127.0.0.1'),
    });
    await expect(cluster.stores[1]?.insert('measurement', late)).rejects.toMatchObject({
      code: 'store-away',
    });
  });

  it('does not stop what goes to the other', async () => {
    const outcomes = await Promise.all(
      PROBES.map(async (probe) => {
        const [row] = late.filter((one) => one.probe === probe);
        const stored = cluster.store.insert('measurement', [row as InsertOf<'measurement'>]);
        return { probe, outcome: await stored.then(() => 'stored').catch(({ code }) => code) };
      }),
    );
    const wanted = await single.store.read<{ probe: string; outcome: string }>(
      `SELECT arrayJoin({probes:Array(String)}) AS probe,
         if(cityHash64(probe) % 2 = 0, 'stored', 'store-away') AS outcome`,
      { probes: PROBES },
    );
    expect(outcomes).toEqual(wanted);
    expect(new Set(wanted.map(({ outcome }) => outcome)).size).toBe(2);
  });

  it('takes nothing along: when it is back, every answer is the one of before', async () => {
    await cluster.revive();
    // What was refused is sent again, as probes do, though half of it had arrived.
    await cluster.store.insert('measurement', late);
    await single.store.insert('measurement', late);
    for (const { name, ask } of ASKED) {
      const [wanted, got] = await Promise.all([ask(single.store, 1), ask(cluster.store, 1)]);
      expect([name, got]).toEqual([name, wanted]);
    }
  });

  it.each([1, 2])('%i in the middle of inserts costs nothing that is sent again', async (shard) => {
    const waves = Array.from({ length: 12 }, (_, wave) =>
      late.map((row) => ({ ...row, sequence: row.sequence + shard * 100_000 + wave * 1_000 })),
    );
    const storing = waves.map(async (rows, wave) => {
      await new Promise((settle) => setTimeout(settle, wave * 15));
      return cluster.store.insert('measurement', rows).then(
        () => null,
        (error) => ({ rows, code: error.code }),
      );
    });
    await new Promise((settle) => setTimeout(settle, 60));
    await cluster.kill(shard);
    await cluster.revive();
    const refused = (await Promise.all(storing)).filter((outcome) => outcome !== null);
    await cluster.revive();
    for (const { rows, code } of refused) {
      expect(code).toBe('store-away');
      await cluster.store.insert('measurement', rows);
    }
    for (const rows of waves) await single.store.insert('measurement', rows);
    expect(await measurementsIn(cluster.store)).toEqual(await measurementsIn(single.store));
  });
});
