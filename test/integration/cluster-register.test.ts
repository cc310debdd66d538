/** The register on two shards: places, notes and lines of an import lie on different ones. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { COUNTY_MAP } from '../../api/geometry.ts';
import { importBuiltInRegister, loadRegister } from '../../ingest/register.ts';
import { importPlaces } from '../../ingest/register-import.ts';
import { migrate } from '../../sql/migrate.ts';
import type { Store } from '../../sql/store.ts';
import { boundStore } from './bound-store.ts';
import { startTestCluster, type TestCluster } from './cluster-fixture.ts';

let cluster: TestCluster;
beforeAll(async () => {
  cluster = await startTestCluster();
});
afterAll(() => cluster.stop());

/** Dies when it would note an import. */
function dying(whole: Store): Store {
  return {
    ...boundStore(whole),
    insert: async (table, rows) => {
      if (table === 'import') throw new Error('the process died here');
      await whole.insert(table, rows);
    },
  };
}

/** Places and villages, asked of either node. */
async function counts(day: string): Promise<number[][]> {
  const registers = await Promise.all(cluster.stores.map((store) => loadRegister(store, day)));
  return registers.map((register) => [register.size, register.villagesBelow('32')]);
}

it('counts an import whole or not at all, on either node', async () => {
  const { store } = cluster;
  await expect(importBuiltInRegister(dying(store))).rejects.toThrow('died here');
  expect(await counts('2026-11-25')).toEqual([
    [0, 0],
    [0, 0],
  ]);
  expect(await importBuiltInRegister(store)).toBe(23_563);
  const [whole = []] = await counts('2026-11-25');
  expect(whole[0]).toBe(23_563);
  expect(await counts('2026-11-25')).toEqual([whole, whole]);

  const origin = {
    ...{ file: 'merge.csv', by: 'wang', note: '' },
    bytes: Buffer.from(
      'action,code,newCode,date\nmerge,320102002002,320102002001,2027-01-01\nmerge,320102002005,320102002001,2027-01-01',
    ),
  };
  const run = { now: new Date(), dryRun: false, validFrom: null, counties: COUNTY_MAP };
  await expect(importPlaces(dying(store), origin, run)).rejects.toThrow('died here');
  await store.define('OPTIMIZE TABLE place FINAL');
  expect(await counts('2027-01-01')).toEqual([whole, whole]);
  expect((await importPlaces(store, origin, run)).faults).toEqual([]);
  const fewer = whole.map((count) => count - 2);
  expect(await counts('2027-01-01')).toEqual([fewer, fewer]);
  expect(await counts('2026-12-31')).toEqual([whole, whole]);
});

it('has the schema already when it is asked to have it', async () => {
  expect(await migrate(cluster.store)).toEqual({ applied: [] });
});
