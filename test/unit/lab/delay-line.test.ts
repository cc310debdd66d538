import { describe, expect, it } from 'vitest';
import { DelayLine } from '../../lab/delay-line.ts';

describe('DelayLine', () => {
  it('releases nothing early and everything that is due at once', () => {
    const line = new DelayLine(5);
    line.push(1, 100);
    line.push(2, 101);
    line.push(3, 104);
    expect(line.due).toBe(105);
    expect(line.release(104.999)).toBe(-1);
    expect(line.release(106)).toBe(2);
    expect(line.length).toBe(1);
    expect(line.release(109)).toBe(3);
    expect(line.due).toBe(Infinity);
  });

  it('keeps the order when it grows while it is wrapped round', () => {
    const line = new DelayLine(1);
    for (let id = 0; id < 1_000; id++) line.push(id, id);
    expect(line.release(600)).toBe(599);
    for (let id = 1_000; id < 5_000; id++) line.push(id, id);
    expect(line.length).toBe(4_400);
    for (let id = 600; id < 5_000; id++) expect(line.release(id + 1)).toBe(id);
    expect(line.length).toBe(0);
  });
});
