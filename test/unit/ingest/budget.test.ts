import { describe, expect, it } from 'vitest';
import { Budget } from '../../../ingest/budget.ts';
import { claimedSizeB } from '../../../ingest/zstd.ts';

const busy = expect.objectContaining({ code: 'busy', status: 429 });

describe('Budget', () => {
  it('stops the one that holds much, and leaves the others their room', () => {
    const budget = new Budget({ totalB: 100, perProbeB: 60 });
    const greedy = budget.hold('a');
    greedy.grow(60);
    expect(() => greedy.grow(1)).toThrow(busy);
    expect(() => budget.hold('a')).toThrow(busy);
    const modest = budget.hold('b');
    modest.grow(40);
    expect(() => modest.grow(1)).toThrow(busy);
    expect(() => budget.hold('c')).toThrow(busy);
    greedy.become(5);
    expect(budget.heldB).toBe(45);
    budget.hold('a').grow(50);
    expect(budget.heldB).toBe(95);
  });

  it('gets back what it gave', () => {
    const budget = new Budget({ totalB: 100, perProbeB: 100 });
    const one = budget.hold('a');
    one.grow(30);
    one.become(10);
    one.free();
    one.free();
    expect(budget.heldB).toBe(0);
    budget.hold('a').grow(100);
  });

  it('keeps half for news', () => {
    const budget = new Budget({ totalB: 100, perProbeB: 100 });
    expect(() => budget.boundBacklog(50)).not.toThrow();
    expect(() => budget.boundBacklog(51)).toThrow(busy);
  });
});

describe('claimedSizeB', () => {
  const frame = (...bytes: number[]) =>
    Buffer.concat([Buffer.from([0x28, 0xb5, 0x2f, 0xfd, ...bytes]), Buffer.alloc(20)]);
  it.each([
    ['one byte, single segment', frame(0x20, 7), 7],
    ['nothing said', frame(0x00, 0x60), null],
    ['two bytes, 256 more', frame(0x60, 1, 1), 257 + 256],
    ['four bytes behind a window', frame(0x80, 0x60, 1, 0, 0, 0), 1],
    ['eight bytes behind a dictionary', frame(0xe1, 9, 2, 0, 0, 0, 0, 0, 0, 0), 2],
    ['no frame', Buffer.alloc(30), null],
  ])('%s', (_, bytes, expected) => {
    expect(claimedSizeB(bytes)).toBe(expected);
  });
});
