import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_SITES,
  goodputBps,
  MAX_SITES,
  SMALL_PROVINCE,
  siteAt,
  truthOf,
  villagesOf,
} from '../../lab/sites.ts';

const register = readFileSync(
  new URL('../../../ingest/places/jiangsu-2023-06-30.csv', import.meta.url),
  'utf8',
);
const villages = villagesOf(register);
const all = Array.from({ length: MAX_SITES }, (_, index) => siteAt(index, villages));

describe('villagesOf', () => {
  it('takes villages of the register, each once', () => {
    const known = new Map(
      register.split('\n').map((row) => [row.split(',')[0], row.split(',')[2]]),
    );
    for (const { place } of all) expect(known.get(place)).toBe('village');
    expect(new Set(all.map(({ place }) => place)).size).toBe(MAX_SITES);
  });

  it('gives every county four lines and the first ones different cities', () => {
    const first = all.slice(0, DEFAULT_SITES);
    const inCounty = (county: string) => first.filter((site) => site.county === county);
    for (const { county } of first) expect(inCounty(county)).toHaveLength(4);
    expect(new Set(first.map(({ county }) => county.slice(0, 4))).size).toBe(3);
  });
});

describe('siteAt', () => {
  it('is the same site every time', () => {
    expect(siteAt(7, villagesOf(register))).toEqual(all[7]);
  });

  it('covers both carriers and every condition within the default and the small province', () => {
    const conditions = ['dropped', 'echo-filtered', 'none', 'path-mtu-black-hole', 'works'];
    const small = SMALL_PROVINCE.map((index) => all[index]);
    for (const sites of [all.slice(0, DEFAULT_SITES), small]) {
      expect([...new Set(sites.map((site) => site?.ipv6))].sort()).toEqual(conditions);
      expect(new Set(sites.map((site) => site?.carrier)).size).toBe(2);
    }
  });

  it('refuses a number beyond the lab', () => {
    expect(() => siteAt(MAX_SITES, villages)).toThrow(RangeError);
    expect(() => siteAt(0, [])).toThrow(RangeError);
  });
});

describe('truthOf', () => {
  it('counts what headers take: 1448 of 1514 over IPv4, 1428 over IPv6', () => {
    expect(goodputBps(1514, 4)).toBe(1448);
    expect(goodputBps(1514, 6)).toBe(1428);
    expect(goodputBps(1414, 4, 1400)).toBe(1348);
  });

  it('loses an echo on either way', () => {
    const site = siteAt(5, villages);
    expect(site.lossRatio).toBe(0.02);
    expect(truthOf(site).lossRatio).toBeCloseTo(0.0396, 10);
  });

  it('goes there and back', () => {
    for (const site of all) expect(truthOf(site).rttMs).toBe(2 * site.oneWayDelayMs);
  });
});
