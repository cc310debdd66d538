import { describe, expect, it } from 'vitest';
import type { LineRow } from '../../../api/contract/measurement.ts';
import { compare, lossTolerance, type Observation, observe } from '../../lab/comparison.ts';
import { siteAt, truthOf } from '../../lab/sites.ts';

const villages = Array.from({ length: 12 }, (_, index) => ({
  code: `32010210000${index}`,
  name: '村',
  county: '320102',
}));
const works = siteAt(0, villages);
const truth = truthOf(works);

const perfect: Observation = {
  site: works.name,
  place: works.place,
  carrier: works.carrier,
  truth,
  measured: {
    rttMs: { 4: truth.rttMs + 0.2, 6: truth.rttMs + 0.2 },
    lossRatio: { 4: 0, 6: 0 },
    downMbps: truth.downMbps,
    upMbps: truth.upMbps,
    ipv6: 'works',
  },
  echoes: { 4: 400, 6: 400 },
};
const failing = (measured: Partial<Observation['measured']>) =>
  compare({ ...perfect, measured: { ...perfect.measured, ...measured } })
    .filter(({ agrees }) => !agrees)
    .map(({ what }) => what);

describe('compare', () => {
  it('agrees with the truth', () => {
    expect(failing({})).toEqual([]);
  });

  it.each([
    ['another condition', { ipv6: 'unstable' }, ['IPv6']],
    [
      'an RTT too early to be true',
      { rttMs: { 4: truth.rttMs - 0.5, 6: truth.rttMs } },
      ['RTT v4 ms'],
    ],
    ['an RTT too late', { rttMs: { 4: truth.rttMs, 6: truth.rttMs + 2 } }, ['RTT v6 ms']],
    ['losses where there are none', { lossRatio: { 4: 0, 6: 0.02 } }, ['loss v6 %']],
    ['a download past the shaper', { downMbps: truth.downMbps * 1.05 }, ['down Mbit/s']],
    ['silence', { upMbps: null, lossRatio: { 4: null, 6: 0 } }, ['loss v4 %', 'up Mbit/s']],
  ])('sees %s', (_, measured, expected) => {
    expect(failing(measured)).toEqual(expected);
  });

  it('asks for no IPv6 figure of a line without IPv6', () => {
    const none = siteAt(2, villages);
    const checks = compare({ ...perfect, truth: truthOf(none) }).map(({ what }) => what);
    expect(checks.filter((what) => what.includes(' v6 '))).toEqual([]);
  });
});

describe('lossTolerance', () => {
  it('narrows with the count', () => {
    expect(lossTolerance(0.04, 400)).toBeCloseTo(0.0417, 4);
    expect(lossTolerance(0.04, 40_000)).toBeCloseTo(0.0039, 4);
    expect(lossTolerance(0, 400)).toBe(1 / 400);
  });
});

describe('observe', () => {
  it('says nothing of a line the station has not heard', () => {
    const { measured, echoes } = observe(works, undefined, 40);
    expect(measured.ipv6).toBe('no evidence');
    expect(measured.rttMs).toEqual({ 4: null, 6: null });
    expect(echoes).toEqual({ 4: 0, 6: 0 });
  });

  it('reads rates as Mbit/s and counts echoes by runs', () => {
    const row = {
      rttMs: { 4: { median: 4.1, n: 9 }, 6: null, method: 'icmp-rtt/1' },
      lossRatio: { 4: { median: 0.01, n: 10 }, 6: null },
      downBps: { median: 95e6, n: 2 },
      upBps: null,
      ipv6: { condition: 'none', title: { zh: '', en: '' }, advice: null },
    } as LineRow;
    const { measured, echoes } = observe(works, row, 40);
    expect(measured.downMbps).toBe(95);
    expect(measured.rttMs[4]).toBe(4.1);
    expect(echoes[4]).toBe(400);
  });
});
