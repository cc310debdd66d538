/** Partitions dropped and replaced on the real engine, also those whose key is a tuple. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  dropForgottenTwins,
  dropPartition,
  dropTwin,
  fillTwin,
  isTwin,
  listPartitions,
  makeTwin,
  replacePartition,
} from '../../sql/partition.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { eventually } from '../tongda.ts';
import { startTestStore, type TestStore } from './engine-fixture.ts';

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());

const listed = (table: string) =>
  listPartitions(test.store, table).then((rows) => rows.map((row) => row.partition));

describe('a partition', () => {
  it('is dropped by a tuple, of numbers and strings, and once more without harm', async () => {
    const { store } = test;
    await store.command(
      'CREATE TABLE drawn (day UInt32, run UInt64, of String) ENGINE = MergeTree PARTITION BY (day, run, of) ORDER BY of',
    );
    await store.command(
      "INSERT INTO drawn VALUES (20261124, 5, 'a'), (20261124, 6, 'it\\'s'), (20261125, 5, 'a')",
    );
    await dropPartition(store, 'drawn', [20261124, 6, "it's"]);
    await dropPartition(store, 'drawn', [20261124, 6, "it's"]);
    expect(await listed('drawn')).toEqual(["(20261124,5,'a')", "(20261125,5,'a')"]);
    await store.command('DROP TABLE drawn');
  });

  it('is replaced by what its twin holds, and by nothing else', async () => {
    const { store } = test;
    const at = (day: number, sequence: number) =>
      aMeasurementRow({ start: `2026-11-${day}T01:02:03.004Z`, sequence });
    const rows = [at(23, 1), at(24, 2), at(24, 3)];
    for (const _ of [1, 2]) await store.insert('measurement', rows);
    const twin = await makeTwin(store, 'measurement');
    expect(isTwin(twin)).toBe(true);
    const there = () => listPartitions(store, 'measurement');
    const before = await there();
    // An empty twin is refused: that would be a drop by another name.
    await expect(replacePartition(store, 'measurement', 20261124, twin)).rejects.toThrow();
    expect(await there()).toEqual(before);
    await fillTwin(store, 'measurement', twin, 'sequence = {sequence:UInt64}', { sequence: 3 });
    await replacePartition(store, 'measurement', 20261124, twin);
    await dropTwin(store, twin);
    const kept = await store.read('SELECT sequence FROM measurement FINAL ORDER BY sequence');
    expect(kept).toEqual([{ sequence: 1 }, { sequence: 3 }]);
    expect((await there()).find(({ partition }) => partition === '20261124')?.rows).toBe(1);
  });

  it('must be one: nothing else gets into SQL', () => {
    expect(() => dropPartition(test.store, 'measurement', 1.5)).toThrow(RangeError);
    expect(() => dropPartition(test.store, 'a; b', 1)).toThrow(RangeError);
  });
});

it('a twin somebody works with is left alone, a forgotten one is removed', async () => {
  const { store } = test;
  const twin = await makeTwin(store, 'sample');
  const twins = async () => {
    const names = await store.read<{ name: string }>(
      'SELECT name FROM system.tables WHERE database = currentDatabase()',
    );
    return names.map(({ name }) => name).filter(isTwin);
  };
  await dropForgottenTwins(store);
  expect(await twins()).toEqual([twin]);
  await eventually(
    async () => {
      await dropForgottenTwins(store, 0);
      return twins();
    },
    (left) => left.length === 0,
  );
});
