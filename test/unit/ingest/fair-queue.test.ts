import { describe, expect, it } from 'vitest';
import { FairQueue, type Queued } from '../../../ingest/fair-queue.ts';
import { chance } from '../../chance.ts';

interface Item extends Queued {
  readonly name: string;
}

const item = (probe: string, live: boolean, name = probe, rows = 10): Item => ({
  probe,
  live,
  name,
  rows,
  sizeB: rows * 100,
});
const limit = (rows: number) => ({ rows, sizeB: 1e9 });

function queueOf(...items: Item[]): FairQueue<Item> {
  const queue = new FairQueue<Item>();
  for (const each of items) queue.push(each);
  return queue;
}
const names = (items: readonly Item[]) => items.map(({ name }) => name);

describe('FairQueue', () => {
  it('takes news before backlog', () => {
    const queue = queueOf(item('a', false), item('b', true), item('c', false), item('d', true));
    expect(names(queue.take(limit(1000)))).toEqual(['b', 'd', 'a', 'c']);
    expect(queue.length).toBe(0);
    expect(queue.backlogB).toBe(0);
  });

  it('lets the probes take turns, each in its own order', () => {
    const queue = queueOf(
      ...['a1', 'a2', 'a3'].map((name) => item('a', true, name)),
      ...['b1', 'b2'].map((name) => item('b', true, name)),
      item('c', true, 'c1'),
    );
    expect(names(queue.take(limit(1000)))).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3']);
  });

  it('keeps a quarter for backlog while news never ends', () => {
    const queue = queueOf(
      ...Array.from({ length: 40 }, (_, n) => item(`live-${n % 4}`, true, 'live')),
      ...Array.from({ length: 40 }, (_, n) => item(`late-${n % 4}`, false, 'late')),
    );
    const batch = names(queue.take(limit(160)));
    expect(batch.filter((name) => name === 'live')).toHaveLength(12);
    expect(batch.filter((name) => name === 'late')).toHaveLength(4);
  });

  it('gives news what backlog leaves', () => {
    const queue = queueOf(
      ...Array.from({ length: 40 }, (_, n) => item(`live-${n}`, true, 'live')),
      item('late', false, 'late'),
    );
    expect(names(queue.take(limit(160)))).toHaveLength(16);
  });

  it('takes one that is larger than a batch, alone', () => {
    const queue = queueOf(item('a', true, 'large', 500), item('b', true));
    expect(names(queue.take(limit(100)))).toEqual(['large']);
    expect(names(queue.take(limit(100)))).toEqual(['b']);
  });

  it('gives out everything once, whatever the plan', () => {
    for (let seed = 1; seed <= 50; seed++) {
      const random = chance(seed);
      const queue = new FairQueue<Item>();
      const given: string[] = [];
      let pushed = 0;
      for (let step = 0; step < 300; step++)
        if (random.coin(0.7)) {
          const probe = `p${random.below(5)}`;
          queue.push(item(probe, random.coin(0.5), String(pushed++), 1 + random.below(60)));
        } else {
          const batch = queue.take({ rows: 100, sizeB: 5_000 });
          const rows = batch.reduce((sum, each) => sum + each.rows, 0);
          if (batch.length > 1) expect(rows).toBeLessThanOrEqual(100);
          given.push(...names(batch));
        }
      while (queue.length > 0) given.push(...names(queue.take(limit(100))));
      expect(given).toHaveLength(pushed);
      expect(new Set(given).size).toBe(pushed);
    }
  });
});
