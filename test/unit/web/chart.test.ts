import { describe, expect, it } from 'vitest';
import type { Band, Series } from '../../../api/contract/measurement.ts';
import type { Target } from '../../../api/contract/target.ts';
import {
  aligned,
  clip,
  fromFirst,
  heard,
  newestIndex,
  readingAt,
} from '../../../web/chart/aligned.ts';
import { goalFor } from '../../../web/chart/goal.ts';
import { hoursSince, monthSpan, tickLabels } from '../../../web/chart/time-axis.ts';
import { intervalDomain, readableAbove } from '../../../web/interval-domain.ts';

function band(median: (number | null)[], failed: number[] = median.map(() => 0)): Band {
  const n = median.map((value) => (value === null ? 0 : 4));
  return { p10: median, median, p90: median, n, failed };
}

function series(
  v6: Band | null,
  v4: Band | null,
  at = (v6 ?? v4)?.median.map((_, index) => index * 60) ?? [],
): Series {
  return {
    metric: 'icmp-rtt',
    value: 'rttMedianMs',
    unit: 'ms',
    title: { zh: '', en: '' },
    method: 'icmp-rtt/1',
    over: 'runs',
    bucketSeconds: 60,
    at,
    families: { 4: v4, 6: v6 },
  };
}

describe('aligned', () => {
  it('draws a missed run as a gap', () => {
    const [, , , median] = aligned(series(band([1, 2, 3, null, null, 4, 5]), null));
    expect(median).toEqual([1, 2, 3, null, null, 4, 5]);
  });

  it('draws over the waits of a slow schedule, but not over a run it missed', () => {
    const slow = [1, null, null, 2, null, null, 3, null, null, null, null, null, 4, null, null, 5];
    const [, , , median] = aligned(series(band(slow), null));
    const i = undefined;
    expect(median).toEqual([1, i, i, 2, i, i, 3, null, null, null, null, null, 4, i, i, 5]);
  });

  it('keeps a bucket of failures a gap: nothing was reached', () => {
    const [, , , median] = aligned(series(band([1, null, 3], [0, 2, 0]), null));
    expect(median).toEqual([1, null, 3]);
  });

  it('has a column for a family without evidence', () => {
    const columns = aligned(series(null, band([1, 2])));
    expect(columns).toHaveLength(7);
    expect(columns[3]).toEqual([null, null]);
    expect(columns[6]).toEqual([1, 2]);
  });
});

describe('readings', () => {
  const some = series(band([1, null, null, null], [0, 0, 3, 0]), null);
  it('count failures as something heard', () => {
    expect(newestIndex(some)).toBe(2);
    expect(heard(some)).toEqual([2, 0]);
    expect(readingAt(some, 6, 2)).toMatchObject({ median: null, failed: 3, n: 0 });
    expect(readingAt(some, 4, 2)).toBeNull();
  });

  it('are none where nothing was measured', () => {
    expect(newestIndex(series(band([null, null]), null))).toBe(-1);
  });

  it('can begin where something was first heard, but never shorter than asked', () => {
    const late = series(band([null, null, null, 1, null, 2]), null);
    expect(fromFirst(late, 60).at).toEqual([180, 240, 300]);
    expect(fromFirst(late, 300).at).toEqual([60, 120, 180, 240, 300]);
    expect(fromFirst(series(band([null, null]), null), 60).at).toEqual([0, 60]);
  });

  it('can be cut to a half-open span', () => {
    const cut = clip(series(band([1, 2, 3, 4]), null), 60, 180);
    expect(cut.at).toEqual([60, 120]);
    expect(cut.families[6]?.median).toEqual([2, 3]);
    expect(cut.families[4]).toBeNull();
  });
});

describe('time axis', () => {
  it('takes months of Asia/Shanghai, half-open', () => {
    const [from, to] = monthSpan('2026-12');
    expect(new Date(from * 1000).toISOString()).toBe('2026-11-30T16:00:00.000Z');
    expect(new Date(to * 1000).toISOString()).toBe('2026-12-31T16:00:00.000Z');
    expect(hoursSince(from, (from + 3_601) * 1000)).toBe(2);
  });

  it('writes the date where it changes, on Chinese clocks', () => {
    const first = Date.UTC(2026, 10, 23, 13) / 1000;
    const ticks = [0, 1, 2].map((step) => first + step * 3 * 3_600);
    expect(tickLabels(ticks, 10_800)).toEqual(['21:00\n11-23', '00:00\n11-24', '03:00']);
    expect(tickLabels(ticks.slice(1, 2), 86_400)).toEqual(['11-24']);
  });
});

describe('goal of a chart', () => {
  const target = (indicator: string, unit: string): Target =>
    ({ indicator, unit, title: { zh: '', en: '' }, goal: { value: 2e7 } }) as Target;
  const targets = [target('ipv6-reach-lines', '1'), target('median-download-rate', 'bit/s')];

  it('stands over values of its unit and direction only', () => {
    expect(goalFor({ value: 'rateDownBps', unit: 'bit/s' }, targets)?.value).toBe(2e7);
    expect(goalFor({ value: 'rateUpBps', unit: 'bit/s' }, targets)).toBeNull();
    expect(goalFor({ value: 'lossRatio', unit: '1' }, targets)).toBeNull();
    expect(goalFor({ value: 'rttMedianMs', unit: 'ms' }, targets)).toBeNull();
  });
});

describe('interval bar', () => {
  const figure = (kind: 'ratio' | 'median', value: number | null, low = value, high = value) =>
    ({
      ...{ value, unit: kind === 'ratio' ? '1' : 'bit/s' },
      interval: low === null || high === null ? null : { low, high },
    }) as never;

  it('holds figure, interval and goal, beyond 100% too', () => {
    expect(intervalDomain(figure('ratio', 0.95, 0.935, 0.962), 0.95)).toEqual([0.9, 1]);
    expect(intervalDomain(figure('ratio', 0.6, 0.4, 0.8), 0.95)).toEqual([0, 1]);
    expect(intervalDomain(figure('ratio', 1.145, 1.14, 1.15), 0.85)[1]).toBe(1.2);
    expect(intervalDomain(figure('ratio', 0.001, 0, 0.003), 0.01)).toEqual([0, 0.012]);
    expect(intervalDomain(figure('ratio', -0.1, -0.2, 0.02), 0.05)).toEqual([-0.2, 0.25]);
    expect(intervalDomain(figure('ratio', null), 1)).toEqual([0, 1]);
    const [from, to] = intervalDomain(figure('median', 2.6e7, 2.1e7, 3.2e7), 2e7);
    expect([from, to]).toEqual([0, 4e7]);
  });

  it('ends on readable numbers', () => {
    expect([0.9, 1, 1.1, 17, 83].map(readableAbove)).toEqual([1, 1, 1.2, 20, 100]);
  });
});
