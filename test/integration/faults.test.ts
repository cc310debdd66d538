/** Store and engine with a bad network between them: nothing twice, nothing lost, nobody kept waiting for ever. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isDrawn, tables } from '../../sql/rows.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { FAULTS, type FaultyProxy, startFaultyProxy } from '../faults/proxy.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { BRISK, silent, startTestStore, type TestStore } from './engine-fixture.ts';

const INSERT = 'INSERT INTO measurement';
const QUESTION = 'sequence AS asked';
/** What the store promises at most: one sending and some more. */
const SENDINGS = { insert: 5, question: 4 };

let test: TestStore;
let proxy: FaultyProxy;
let store: Store;
beforeAll(async () => {
  test = await startTestStore();
  proxy = await startFaultyProxy(test.engine.url);
  store = await openStore({ ...test.engine, url: proxy.url, pausesMs: BRISK, log: silent });
});
afterAll(async () => {
  await store?.close();
  await proxy?.stop();
  await test?.stop();
});
beforeEach(async () => {
  proxy.reset();
  await test.store.command('TRUNCATE TABLE measurement');
});

const rows = Array.from({ length: 500 }, (_, sequence) =>
  aMeasurementRow({ sequence, v0: sequence }),
);

/** Figures as every question of the house sees them. */
const counted = () =>
  test.store.read(
    'SELECT count() AS n, uniqExact(sequence) AS different, sum(v0) AS total FROM measurement FINAL',
  );
const ONCE = [{ n: 500, different: 500, total: (499 * 500) / 2 }];
const ask = (through: Store) =>
  through.read<{ asked: number }>(
    'SELECT sequence AS asked FROM measurement FINAL ORDER BY sequence',
  );

describe.each(FAULTS)('%s', (fault) => {
  it('an insert arrives, once', async () => {
    proxy.order(fault, INSERT);
    await store.insert('measurement', rows);
    expect(await counted()).toEqual(ONCE);
    expect(proxy.seen).toBe(2);
  });

  it('an insert that never gets through fails by name after a few sendings; later it counts once', async () => {
    proxy.order(fault, INSERT, Number.POSITIVE_INFINITY);
    await expect(store.insert('measurement', rows)).rejects.toMatchObject({ code: 'store-away' });
    expect(proxy.seen).toBe(SENDINGS.insert);
    proxy.reset();
    await store.insert('measurement', rows);
    expect(await counted()).toEqual(ONCE);
  });

  it('a question is answered, whole', async () => {
    await test.store.insert('measurement', rows);
    proxy.order(fault, QUESTION);
    expect((await ask(store)).map(({ asked }) => asked)).toEqual(rows.map((row) => row.sequence));
    expect(proxy.seen).toBe(2);
  });

  it('a question that never gets through fails by name', async () => {
    await test.store.insert('measurement', rows);
    proxy.order(fault, QUESTION, Number.POSITIVE_INFINITY);
    await expect(ask(store)).rejects.toMatchObject({ code: 'store-away' });
    expect(proxy.seen).toBe(SENDINGS.question);
  });

  it('a command is not sent a second time', async () => {
    proxy.order(fault, 'OPTIMIZE', Number.POSITIVE_INFINITY);
    await expect(store.command('OPTIMIZE TABLE measurement')).rejects.toMatchObject({
      code: 'store-away',
    });
    expect(proxy.seen).toBe(1);
  });
});

describe('slow', () => {
  it('is waited for', async () => {
    proxy.order({ delayMs: 1_000 }, INSERT);
    await store.insert('measurement', rows);
    expect(proxy.seen).toBe(1);
    expect(await counted()).toEqual(ONCE);
  });

  it('beyond the time limit is sent again, a few times; the copies fall on each other', async () => {
    const hasty = await openStore({
      ...{ ...test.engine, url: proxy.url, log: silent },
      ...{ timeoutMs: 300, pausesMs: BRISK },
    });
    proxy.order({ delayMs: 1_000 }, INSERT, 2);
    await hasty.insert('measurement', rows);
    expect(proxy.seen).toBe(3);
    proxy.order({ delayMs: 1_000 }, QUESTION, Number.POSITIVE_INFINITY);
    await expect(ask(hasty)).rejects.toMatchObject({
      code: 'store-away',
      en: expect.stringContaining('Timeout'),
    });
    await hasty.close();
    expect(await counted()).toEqual(ONCE);
  });
});

describe('the engine’s own errors', () => {
  it('in the middle of an answer are heard', async () => {
    proxy.order({ delayMs: 0 }, 'throwIf', Number.POSITIVE_INFINITY);
    await expect(
      store.read(
        'SELECT number, throwIf(number = 300000) FROM numbers(10000000) SETTINGS max_block_size = 1000',
      ),
    ).rejects.toMatchObject({ code: '395' });
    // How often it was asked says nothing: the engine cuts the connection behind the error, and where that
    // outruns what was not read yet, a read is asked again.
    expect(await store.read('SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('at once are passed on as they are', async () => {
    proxy.order({ delayMs: 0 }, 'nothing_here', Number.POSITIVE_INFINITY);
    await expect(store.read('SELECT * FROM nothing_here')).rejects.toMatchObject({ code: '60' });
    expect(proxy.seen).toBe(1);
  });

  it('of a passing kind make an insert try again, and name themselves when they stay', async () => {
    await test.store.command(
      'ALTER TABLE measurement MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1',
    );
    try {
      await test.store.command('SYSTEM STOP MERGES measurement');
      await store.insert('measurement', rows);
      proxy.order({ delayMs: 0 }, INSERT, Number.POSITIVE_INFINITY);
      await expect(store.insert('measurement', rows)).rejects.toMatchObject({ code: 'store-busy' });
      expect(proxy.seen).toBe(SENDINGS.insert);
      expect(await counted()).toEqual(ONCE);
    } finally {
      await test.store.command(
        'ALTER TABLE measurement RESET SETTING parts_to_throw_insert, parts_to_delay_insert',
      );
      await test.store.command('SYSTEM START MERGES measurement');
    }
  });
});

it('every table an insert may name has a key on which copies fall', async () => {
  const names = Object.keys(tables).filter((table) => !isDrawn(table));
  const found = await test.store.read<{ name: string; engine: string }>(
    'SELECT name, engine FROM system.tables WHERE database = currentDatabase() AND has({names:Array(String)}, name)',
    { names },
  );
  expect(found).toHaveLength(names.length);
  for (const { name, engine } of found)
    expect([name, engine]).toEqual([name, 'ReplacingMergeTree']);
});
