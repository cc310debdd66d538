/** Migrations against the real engine: forward only, safe to kill, and never a guess. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, startEngine } from '../../sql/engine.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { listMigrations, type Migration, migrate, schemaSnapshot } from '../../sql/migrate.ts';
import { precedenceOf } from '../../sql/precedence.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { removeDirectory, silent, temporaryDirectory } from './engine-fixture.ts';

const directory = temporaryDirectory();
const files = listMigrations();
const added: Migration = {
  file: `${String(files.length + 1).padStart(3, '0')}_added.sql`,
  sql: 'CREATE TABLE IF NOT EXISTS added (x UInt8) ENGINE = MergeTree ORDER BY x',
  sha256: 'a'.repeat(64),
};
let engine: Engine;
let store: Store;
let count = 0;

beforeAll(async () => {
  engine = await startEngine({ directory, log: silent });
});
afterAll(async () => {
  await store.close();
  await engine.stop();
  removeDirectory(directory);
});
beforeEach(async () => {
  await store?.close();
  store = await openStore({ ...engine, database: `migrate_${++count}`, log: silent });
});

async function tableNames(): Promise<string[]> {
  const rows = await store.read<{ name: string }>(
    'SELECT name FROM system.tables WHERE database = currentDatabase() ORDER BY name',
  );
  return rows.map(({ name }) => name);
}

describe('migrate', () => {
  it('brings an empty database to the golden schema', async () => {
    expect(await migrate(store)).toEqual({ applied: files.map(({ file }) => file) });
    await expect(await schemaSnapshot(store)).toMatchFileSnapshot('../golden/schema.sql');
  });

  it('has nothing to do the second time', async () => {
    await migrate(store);
    expect(await migrate(store)).toEqual({ applied: [] });
  });

  it('applies only what was added', async () => {
    await migrate(store);
    expect(await migrate(store, [...files, added])).toEqual({ applied: [added.file] });
    expect(await tableNames()).toContain('added');
  });

  it.each([0, 3, files.length - 1])(
    'goes on after a kill between file [%i] and its note',
    async (index) => {
      const file = files[index]?.file;
      await migrate(store);
      await store.command('ALTER TABLE schema_migration DELETE WHERE file >= {file:String}', {
        file,
      });
      await store.command('OPTIMIZE TABLE schema_migration FINAL');
      for (const { sql } of files.slice(index + 1)) {
        const table = /^CREATE TABLE IF NOT EXISTS (\w+)/m.exec(sql)?.[1];
        if (table) await store.command('DROP TABLE {table:Identifier} SYNC', { table });
      }
      expect(await migrate(store)).toEqual({ applied: files.slice(index).map((f) => f.file) });
      await expect(await schemaSnapshot(store)).toMatchFileSnapshot('../golden/schema.sql');
    },
  );

  it('keeps when rows came and by which rules, which file 010 reads out of another column', async () => {
    await migrate(store, files.slice(0, 8));
    await store.command(
      `INSERT INTO measurement (metric, probe, start, sequence, received, admission)
       SELECT 'icmp-rtt', concat('p', toString(number)), '2026-11-24 01:02:03.004', number,
           '2026-11-24 01:02:10.000001'::DateTime64(6, 'UTC') + toIntervalMicrosecond(number * 77777777), number % 3
       FROM numbers(1000)`,
    );
    const question = 'SELECT probe, received, admission FROM measurement ORDER BY sequence';
    const before = await store.read<{ received: string; admission: number }>(question);
    await migrate(store);
    expect(await store.read(question)).toEqual(before);
    const kept = await store.read<{ precedence: string }>(
      'SELECT toString(precedence) AS precedence FROM measurement ORDER BY sequence',
    );
    expect(kept.map(({ precedence }) => BigInt(precedence))).toEqual(
      before.map(({ received, admission }) => precedenceOf(received, admission)),
    );
    expect(before).toHaveLength(1000);
  });

  it('refuses a file that changed after it was applied, and touches nothing', async () => {
    await migrate(store);
    const changed = files.map((file, index) =>
      index === 3 ? { ...file, sha256: 'b'.repeat(64) } : file,
    );
    await expect(migrate(store, [...changed, added])).rejects.toMatchObject({
      code: 'schema-drift',
      en: expect.stringContaining(files[3]?.file ?? '?'),
    });
    expect(await tableNames()).not.toContain('added');
  });

  it('refuses a gap before it begins', async () => {
    await expect(migrate(store, files.toSpliced(2, 1))).rejects.toMatchObject({
      code: 'schema-drift',
    });
    expect(await tableNames()).toEqual([]);
  });

  it('refuses a database newer than the code, and touches nothing', async () => {
    await migrate(store, [...files, added]);
    const before = await tableNames();
    await expect(migrate(store)).rejects.toMatchObject({
      code: 'schema-newer',
      en: expect.stringContaining(added.file),
    });
    expect(await tableNames()).toEqual(before);
  });
});

describe('metric views', () => {
  const shape = {
    name: 'icmp-rtt',
    values: [
      { name: 'rttMedianMs', resolution: 0.001 },
      { name: 'rateBps', resolution: 1 },
      { name: 'lossRatio', resolution: 0.000001 },
      { name: 'windowBytes', resolution: 1024 },
    ],
  };
  const insert = `INSERT INTO measurement (metric, probe, start, sequence, v0, v1, v2, v3) VALUES
    ('icmp-rtt', 'p1', '2026-11-24 01:02:03.004', 1, 12345, 999999999, 10, 3),
    ('icmp-rtt', 'p1', '2026-11-24 01:02:04.004', 2, NULL, NULL, NULL, NULL),
    ('icmp-rtt', 'p1', '2026-11-23 01:02:04.004', 3, 4, 5, 6, 7),
    ('tcp-connect', 'p1', '2026-11-24 01:02:03.004', 4, 1, 2, 3, 4)`;

  it('show values by name, in their unit, with clean decimals, null where nothing was measured', async () => {
    await migrate(store);
    await defineMetricViews(store, [shape]);
    await defineMetricViews(store, [shape]);
    await store.command(insert);
    expect(
      await store.read(
        `SELECT sequence, rttMedianMs, rateBps, lossRatio, windowBytes FROM metric_icmp_rtt
         WHERE start >= '2026-11-24 00:00:00' ORDER BY sequence`,
      ),
    ).toEqual([
      {
        sequence: 1,
        rttMedianMs: 12.345,
        rateBps: 999999999,
        lossRatio: 0.00001,
        windowBytes: 3072,
      },
      { sequence: 2, rttMedianMs: null, rateBps: null, lossRatio: null, windowBytes: null },
    ]);
    const types = await store.read<{ type: string }>(
      `SELECT DISTINCT type FROM system.columns WHERE database = currentDatabase()
       AND table = 'metric_icmp_rtt' AND name IN ('rttMedianMs', 'rateBps', 'lossRatio', 'windowBytes')`,
    );
    expect(types).toEqual([{ type: 'Nullable(Float64)' }]);
  });

  it('read only the days and keys that are asked for', async () => {
    await migrate(store);
    await defineMetricViews(store, [shape]);
    await store.command(insert);
    const plan = await store.read<{ explain: string }>(
      `EXPLAIN indexes = 1 SELECT rttMedianMs FROM metric_icmp_rtt
       WHERE start >= '2026-11-24 00:00:00' AND probe = 'p1'`,
    );
    const text = plan.map(({ explain }) => explain).join('\n');
    expect(text).toMatch(/Min-Max[\s\S]*?Parts: 1\/2/);
    expect(text).toMatch(/PrimaryKey\s+Keys:\s+metric\s+probe\s+start/);
  });
});
