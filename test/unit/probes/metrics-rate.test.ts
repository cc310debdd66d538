import { describe, expect, it } from 'vitest';
import {
  ByteSeries,
  estimateCutRate,
  estimateRate,
  FULL_MS,
  SLOT_MS,
  slicesBps,
} from '../../../probes/rate.ts';
import { verdictOf } from '../../../probes/transfer/peer-request.ts';

/** Bytes per 100 ms at a steady rate. */
const slotB = (rateBps: number) => rateBps / 8 / 10;
const steady = (slots: number, rateBps = 100e6) => Array<number>(slots).fill(slotB(rateBps));
/** Slow start: a second at half the rate, then the rate. */
const withRamp = (slots: number) => [...steady(10, 50e6), ...steady(slots - 10)];

describe('slicesBps', () => {
  it('reads 250 ms slices out of 100 ms slots without losing a byte', () => {
    const series = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 10, 20, 30, 40, 50];
    const slices = slicesBps(series, 1_500, 1_000, 1_500);
    // 10 + 20 + half of 30, and half of 30 + 40 + 50, in a quarter of a second each.
    expect(slices).toEqual([45 * 8 * 4, 105 * 8 * 4]);
  });

  it('takes the slot that is still filling for as long as it has been filled', () => {
    // 60 bytes in the 60 ms up to now: 50 of them before 250 ms.
    expect(slicesBps([10, 10, 60], 260, 0, 250)).toEqual([70 * 8 * 4]);
  });

  it('has no slice that is not whole, and zeros where nothing came', () => {
    expect(slicesBps(steady(30), 3_000, 1_000, 1_240)).toEqual([]);
    expect(slicesBps([], 1_500, 1_000, 1_500)).toEqual([0, 0]);
  });
});

describe('estimateRate', () => {
  it('stops a quick run at 2.5 s where the rate is steady, and leaves the ramp out', () => {
    const estimate = estimateRate(withRamp(26), 2_520, 'quick');
    expect(estimate).toEqual({ rateBps: 100e6, dispersionRatio: 0, durationMs: 2_500 });
  });

  it('does not stop before, nor then in full mode', () => {
    expect(estimateRate(withRamp(25), 2_499, 'quick')).toBeUndefined();
    expect(estimateRate(withRamp(25), 2_500, 'full')).toBeUndefined();
  });

  it('of a self-test is told after one second, a short ramp left out', () => {
    const series = [...steady(2, 20e6), ...steady(8)];
    expect(estimateRate(series, 999, 'brief')).toBeUndefined();
    expect(estimateRate(series, 1_000, 'brief')).toMatchObject({ rateBps: 100e6 });
  });

  it('goes on where the rate still moves', () => {
    const climbing = [...steady(10, 20e6), ...steady(10, 60e6), ...steady(80)];
    expect(estimateRate(climbing.slice(0, 25), 2_500, 'quick')).toBeUndefined();
    expect(estimateRate(climbing, FULL_MS, 'quick')?.rateBps).toBe(100e6);
  });

  it('takes a stall and a burst out of a full run', () => {
    const series = withRamp(100);
    series.fill(0, 40, 50);
    series.fill(slotB(300e6), 60, 65);
    expect(estimateRate(series, FULL_MS, 'full')?.rateBps).toBe(100e6);
  });

  it('of a line that died after the ramp is 0, not the rate of the ramp', () => {
    expect(estimateRate(steady(10), 3_000, 'quick')).toBeUndefined();
    expect(estimateRate(steady(10), FULL_MS, 'quick')?.rateBps).toBe(0);
  });
});

describe('estimateCutRate', () => {
  it('needs a second after the ramp', () => {
    expect(estimateCutRate(withRamp(20), 1_999)).toBeUndefined();
    expect(estimateCutRate(withRamp(20), 2_000)).toMatchObject({
      rateBps: 100e6,
      durationMs: 2_000,
    });
  });
});

describe('verdictOf', () => {
  it('is undefined until the count is enough or over', () => {
    const count = { seriesB: withRamp(15), elapsedMs: 1_500 };
    expect(verdictOf(count, 'quick', false)).toBeUndefined();
    expect(verdictOf(count, 'quick', true)).toMatchObject({ estimate: undefined });
  });

  it('keeps the part of the series that was counted', () => {
    const count = { seriesB: withRamp(35), elapsedMs: 3_500 };
    expect(verdictOf(count, 'quick', false)?.seriesB).toHaveLength(2_500 / SLOT_MS);
  });
});

describe('ByteSeries', () => {
  it('starts with the first arrival and fills the gaps', () => {
    const series = new ByteSeries();
    expect(series.elapsedMs(5_000)).toBe(0);
    series.add(10, 5_000);
    series.add(20, 5_099.9);
    series.add(30, 5_350);
    expect(series.seriesB).toEqual([30, 0, 0, 30]);
    expect(series.totalB).toBe(60);
    expect(series.elapsedMs(5_400)).toBe(400);
  });
});
