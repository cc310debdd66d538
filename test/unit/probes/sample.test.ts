import { describe, expect, it } from 'vitest';
import {
  delayStatistics,
  dispersion,
  lossRatio,
  median,
  percentile,
  trimmedMean,
} from '../../../probes/sample.ts';

const upTo = (n: number) => Array.from({ length: n }, (_, index) => index + 1);

describe('percentile', () => {
  it('is an observed value: the smallest x with F(x) ≥ p', () => {
    expect(percentile(upTo(20), 0.95)).toBe(19);
    expect(percentile(upTo(10), 0.95)).toBe(10);
    expect(percentile(upTo(100), 0.55)).toBe(55);
    expect(percentile([7, 3], 0.5)).toBe(3);
  });

  it('has its ends at the smallest and the largest', () => {
    expect(percentile([5, 1, 9], 0)).toBe(1);
    expect(percentile([5, 1, 9], 1)).toBe(9);
  });

  it('sorts by number and leaves its input alone', () => {
    const values = [100, 9, 20];
    expect(percentile(values, 0.5)).toBe(20);
    expect(values).toEqual([100, 9, 20]);
  });

  it('of nothing is undefined', () => expect(percentile([], 0.5)).toBeUndefined());
});

describe('median', () => {
  it('is the central value, or the mean of the two', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(median([8])).toBe(8);
    expect(median([])).toBeUndefined();
  });
});

describe('trimmedMean', () => {
  it('leaves the highest out', () => {
    const twenty = Array.from({ length: 20 }, (_, index) => (index === 7 ? 1_000 : index % 2));
    expect(trimmedMean(twenty, 0.95)).toBe(9 / 19);
    expect(trimmedMean([3], 0.95)).toBe(3);
    expect(trimmedMean([], 0.95)).toBeUndefined();
  });
});

describe('dispersion', () => {
  it('is 0 for a steady series and grows with the middle half', () => {
    expect(dispersion([5, 5, 5, 5])).toBe(0);
    expect(dispersion([8, 10, 10, 12])).toBeCloseTo(0.2);
  });

  it('is undefined where nothing, or only zero, was seen', () => {
    expect(dispersion([])).toBeUndefined();
    expect(dispersion([0, 0])).toBeUndefined();
  });
});

describe('delayStatistics', () => {
  it('leaves lost packets out of delay: they are undefined, not 0', () => {
    expect(delayStatistics([10, undefined, 12, undefined])).toMatchObject({
      minMs: 10,
      medianMs: 11,
      p95Ms: 12,
      maxMs: 12,
      pdvMs: 2,
    });
  });

  it('compares neighbours only where both arrived', () => {
    expect(delayStatistics([10, 14, undefined, 30, 29])?.ipdvMs).toBe(2.5);
    expect(delayStatistics([10, undefined, 30])?.ipdvMs).toBeUndefined();
  });

  it('has nothing to say when every packet was lost, or none was sent', () => {
    expect(delayStatistics([undefined, undefined])).toBeUndefined();
    expect(delayStatistics([])).toBeUndefined();
  });

  it('of one packet has no spread', () => {
    expect(delayStatistics([7])).toEqual({
      minMs: 7,
      medianMs: 7,
      p95Ms: 7,
      maxMs: 7,
      pdvMs: 0,
      ipdvMs: undefined,
    });
  });
});

describe('lossRatio', () => {
  it('is lost over sent', () => {
    expect(lossRatio(10, 10)).toBe(0);
    expect(lossRatio(10, 7)).toBeCloseTo(0.3);
    expect(lossRatio(10, 0)).toBe(1);
  });

  it('is undefined when nothing was sent', () => expect(lossRatio(0, 0)).toBeUndefined());
});
