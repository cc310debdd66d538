import { describe, expect, it } from 'vitest';
import type { Interval } from '../../../api/contract/figure.ts';
import { wilson } from '../../../api/interval.ts';
import { verdictOf } from '../../../api/verdict.ts';

const GOAL = { bound: 'atLeast', value: 0.95 } as const;
const between = (low: number, high: number): Interval => ({
  low,
  high,
  level: 0.95,
  method: 'wilson',
});

describe('verdictOf', () => {
  it('is met only when the lower bound reaches the goal', () => {
    expect(verdictOf(between(0.95, 0.99), GOAL, 200, 3)).toBe('met');
    expect(verdictOf(between(0.949, 0.99), GOAL, 200, 3)).toBe('undecided');
  });

  it('is missed only when the upper bound falls short', () => {
    expect(verdictOf(between(0.5, 0.9499), GOAL, 200, 3)).toBe('missed');
    expect(verdictOf(between(0.5, 0.95), GOAL, 200, 3)).toBe('undecided');
  });

  it('is insufficient without an interval or below the minimum of subjects, whatever the point says', () => {
    expect(verdictOf(null, GOAL, 0, 3)).toBe('insufficient');
    expect(verdictOf(between(1, 1), GOAL, 2, 3)).toBe('insufficient');
  });

  it('turns round where the goal is an upper bound', () => {
    const most = { bound: 'atMost', value: 0.01 } as const;
    expect(verdictOf(between(0.002, 0.01), most, 9, 3)).toBe('met');
    expect(verdictOf(between(0.002, 0.011), most, 9, 3)).toBe('undecided');
    expect(verdictOf(between(0.01, 0.03), most, 9, 3)).toBe('undecided');
    expect(verdictOf(between(0.0101, 0.03), most, 9, 3)).toBe('missed');
  });

  it('never calls three perfect lines a met target of 95 %', () => {
    expect(verdictOf(wilson(3, 3), GOAL, 3, 3)).toBe('undecided');
  });
});
