import { describe, expect, it } from 'vitest';
import { question, readView, writeView } from '../../../web/address.ts';
import { defaultLevel, levelOf, levelsBelow, lineage } from '../../../web/place.ts';
import { matches, sorted } from '../../../web/table/sort.ts';

describe('address', () => {
  it('carries a view there and back', () => {
    const address =
      '?month=2026-10&carrier=telecom&target=access-rate&area=320102&level=village&tab=lines&value=icmp-rtt/rttMedianMs&range=7d&line=xuanwu-1&lang=en';
    expect(writeView(readView(address))).toBe(address);
  });

  it('is short for the default view and ignores what it does not know', () => {
    expect(writeView(readView(''))).toBe('');
    expect(
      writeView(readView('?month=2026-13&area=<script>&tab=none&lang=fr&level=hamlet&x=1')),
    ).toBe('');
  });

  it('asks without the parameters that are null', () => {
    expect(question('/v1/coverage', { within: '32', carrier: null, level: 'county' })).toBe(
      '/v1/coverage?within=32&level=county',
    );
    expect(question('/v1/overview', { month: null })).toBe('/v1/overview');
  });
});

describe('places', () => {
  it('are found by the length of their codes', () => {
    expect(
      ['32', '3201', '320102', '320102002', '320102002101', '320102002101-001'].map(levelOf),
    ).toEqual(['province', 'city', 'county', 'township', 'village', 'hamlet']);
    expect(lineage('320102002')).toEqual(['32', '3201', '320102', '320102002']);
  });

  it('are listed by the next two levels only, a province by its counties', () => {
    expect(levelsBelow('32')).toEqual(['city', 'county']);
    expect(levelsBelow('320102')).toEqual(['township', 'village']);
    expect(levelsBelow('320102002101')).toEqual([]);
    expect(['32', '3201', '320102002', '320102002101'].map(defaultLevel)).toEqual([
      'county',
      'county',
      'village',
      null,
    ]);
  });
});

describe('table', () => {
  const rows = [{ v: 3 }, { v: null }, { v: 1 }, { v: 2 }];
  it('keeps rows without a value last in both directions', () => {
    expect(sorted(rows, ({ v }) => v, 'ascending').map(({ v }) => v)).toEqual([1, 2, 3, null]);
    expect(sorted(rows, ({ v }) => v, 'descending').map(({ v }) => v)).toEqual([3, 2, 1, null]);
    expect(rows.map(({ v }) => v)).toEqual([3, null, 1, 2]);
  });

  it('sorts Chinese names by sound and numbers in names by size', () => {
    const names = ['line-10', '徐州', '南京', 'line-9'];
    const order = sorted(names, (name) => name, 'ascending');
    expect(order.indexOf('南京')).toBeLessThan(order.indexOf('徐州'));
    expect(order.indexOf('line-9')).toBeLessThan(order.indexOf('line-10'));
  });

  it('filters by every word', () => {
    expect(matches('玄武区 320102 南京市 达标', '南京 达标')).toBe(true);
    expect(matches('玄武区 320102 南京市 达标', '南京 未定')).toBe(false);
    expect(matches('FTTH', 'ftth ')).toBe(true);
  });
});
