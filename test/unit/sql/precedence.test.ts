/** Newer rules win, then the earlier receipt; what cannot be held is refused, never rounded. */
import { describe, expect, it } from 'vitest';
import { precedenceOf } from '../../../sql/precedence.ts';

const EARLY = '2026-11-24T01:02:10.000001Z';
const LATE = '2026-11-24T01:02:10.000002Z';

describe('precedenceOf', () => {
  it('prefers the copy received first, to the microsecond', () => {
    expect(precedenceOf(EARLY, 1)).toBe(precedenceOf(LATE, 1) + 1n);
  });

  it('prefers newer rules to any receipt', () => {
    expect(precedenceOf('2111-01-01T00:00:00Z', 2)).toBeGreaterThan(precedenceOf(EARLY, 1));
  });

  it('fits eight bytes with the highest rules there can be', () => {
    const highest = precedenceOf('1970-01-01T00:00:00Z', 4095);
    expect(highest).toBe(2n ** 64n - 1n);
  });

  it.each([
    ['2026-11-24T01:02:10.0000001Z', 1],
    ['2026-11-24 01:02:10', 1],
    ['2113-01-01T00:00:00Z', 1],
    ['1969-12-31T23:59:59Z', 1],
    [EARLY, 4096],
    [EARLY, -1],
  ])('refuses %s by rules %i', (received, admission) => {
    expect(() => precedenceOf(received, admission)).toThrow(TypeError);
  });
});
