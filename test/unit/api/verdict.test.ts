import { describe, expect, it } from 'vitest';
import type { Interval } from '../../../api/contract/figure.ts';
import { wilson } from '../../../api/interval.ts';
import { verdictOf } from '../../../api/verdict.ts';

const between = (low: number, high: number): Interval => ({
  low,
  high,
  level: 0.95,
  method: 'wilson',
});

describe('verdictOf', () => {
  it('is met only when the lower bound reaches the goal', () => {
    expect(verdictOf(between(0.95, 0.99), 0.95, 200, 3)).toBe('met');
    expect(verdictOf(between(0.949, 0.99), 0.95, 200, 3)).toBe('undecided');
  });

  it('is missed only when the upper bound falls short', () => {
    expect(verdictOf(between(0.5, 0.9499), 0.95, 200, 3)).toBe('missed');
    expect(verdictOf(between(0.5, 0.95), 0.95, 200, 3)).toBe('undecided');
  });

  it('is insufficient without an interval or below the minimum of lines, whatever the point says', () => {
    expect(verdictOf(null, 0.95, 0, 3)).toBe('insufficient');
    expect(verdictOf(between(1, 1), 0.95, 2, 3)).toBe('insufficient');
  });

  it('never calls three perfect lines a met target of 95 %', () => {
    expect(verdictOf(wilson(3, 3), 0.95, 3, 3)).toBe('undecided');
  });
});
