/** The library held against what probes saw, month by month. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LibraryReport } from '../../api/contract/library.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { startFilledLibrary, type TestLibrary, trimOctober, XUANWU } from './library-fixture.ts';

let test: TestLibrary;
beforeAll(async () => {
  test = await startFilledLibrary();
});
afterAll(() => test?.stop());

describe('the findings of October', () => {
  let report: LibraryReport;
  beforeAll(async () => {
    report = await test.ask('/v1/library/findings?month=2026-10');
  });

  it('are those counted by hand', () => {
    const { figures } = report;
    expect(report.whole).toBe(true);
    expect(figures.prefixCompleteness).toMatchObject({ passed: 9, observed: 12, value: 0.75 });
    expect(figures.domainCompleteness).toMatchObject({ passed: 1, observed: 2 });
    expect(figures.accuracy).toMatchObject({ passed: 4, observed: 6 });
    expect(figures.egress).toMatchObject({ passed: 1, observed: 2 });
    for (const { interval, asOf, method } of Object.values(figures)) {
      expect(interval).toMatchObject({ level: 0.95, method: 'wilson' });
      expect(asOf).toMatch(/^2026-/);
      expect(method).toMatch(/\/1$/);
    }
  });

  it('name what is behind each', () => {
    expect(report.uncovered.items.map(({ address, day }) => `${address} ${day}`).sort()).toEqual([
      '117.136.0.9 2026-10-03',
      '120.0.1.1 2026-10-10',
      '8.8.8.8 2026-10-03',
    ]);
    expect(report.unregistered.items).toEqual([
      { name: 'www.unknown.cn', day: '2026-10-03', line: 'l4' },
    ]);
    expect(report.contradictions).toMatchObject({
      count: 2,
      items: [
        {
          ...{ line: 'l3', address: '58.240.34.1', day: '2026-10-03' },
          entry: { prefix: '58.240.32.0/20', carrier: 'unicom', area: '3202' },
          seen: { carrier: 'unicom', place: XUANWU },
        },
        { line: 'l5', entry: { carrier: 'mobile' }, seen: { carrier: 'telecom' } },
      ],
    });
    expect(report.outsideEgress.items).toEqual([
      {
        ...{ agency: '无锡市人民政府', line: 'gov-2', address: '58.240.1.2' },
        ...{ day: '2026-10-03', prefix: '58.240.0.0/15' },
      },
    ]);
  });

  it('tell overlaps and gaps', () => {
    expect(report.overlaps).toMatchObject({
      count: 1,
      items: [
        {
          kind: 'undeclared',
          wider: { prefix: '240e:3a0::/28' },
          narrower: { prefix: '240e:3a1::/32' },
        },
      ],
    });
    expect(report.gapsOn).toBe('2026-10-31');
    expect(report.gaps.items.map(({ prefix }) => prefix)).toEqual([
      ...['58.240.0.0/20', '58.240.17.0/24', '58.240.18.0/23', '58.240.20.0/22', '58.240.24.0/21'],
      ...['58.240.48.0/20', '58.240.64.0/18', '58.240.128.0/17', '58.241.0.0/16'],
      ...['240e:3a0::/32', '240e:3a2::/31', '240e:3a4::/30', '240e:3a8::/29'],
    ]);
  });

  it('are listed only as far as asked, and counted in full', async () => {
    const short = await test.ask<LibraryReport>('/v1/library/findings?month=2026-10&limit=1');
    expect(short.gaps.items).toHaveLength(1);
    expect(short.gaps.count).toBe(13);
    expect(short.uncovered).toMatchObject({ count: 3 });
    expect(short.uncovered.items).toHaveLength(1);
  });
});

describe('the findings of a month', () => {
  const seenAt = (start: string, source: string) =>
    test.store.insert('measurement', [
      aMeasurementRow({
        ...{ line: 'l1', place: XUANWU, carrier: 'unicom', probe: 'l1', start, source },
        ...{ sequence: Date.parse(start) % 1e9, target: '[240e::80]:80', address: '::' },
      }),
    ]);
  const uncoveredIn = async (month: string) =>
    (await test.ask<LibraryReport>(`/v1/library/findings?month=${month}`)).uncovered.items.map(
      ({ address, day }) => `${address} ${day}`,
    );

  it('begin and end at midnight in Shanghai', async () => {
    await seenAt('2026-06-30T15:59:59.999Z', '::ffff:9.9.0.1');
    await seenAt('2026-06-30T16:00:00.000Z', '::ffff:9.9.0.2');
    await seenAt('2026-07-31T15:59:59.999Z', '::ffff:9.9.0.3');
    await seenAt('2026-07-31T16:00:00.000Z', '::ffff:9.9.0.4');
    expect(await uncoveredIn('2026-06')).toEqual(['9.9.0.1 2026-06-30']);
    expect(await uncoveredIn('2026-07')).toEqual(['9.9.0.2 2026-07-01', '9.9.0.3 2026-07-31']);
    expect(await uncoveredIn('2026-08')).toEqual(['9.9.0.4 2026-08-01']);
  });

  it('are shared for some seconds, whatever the limit', async () => {
    const observed = async (limit: number) =>
      (await test.ask<LibraryReport>(`/v1/library/findings?month=2026-05&limit=${limit}`)).figures
        .prefixCompleteness.observed;
    expect(await observed(5)).toBe(0);
    await seenAt('2026-05-10T04:00:00.000Z', '::ffff:9.9.0.1');
    test.pass(2_000);
    expect(await observed(6)).toBe(0);
    test.pass(2_000);
    expect(await observed(5)).toBe(1);
  });
});

describe('a month whose raw rows were trimmed', () => {
  it('has no figures and no findings of measurements, but those of the library itself', async () => {
    const before = await test.ask<LibraryReport>('/v1/library/findings?month=2026-10');
    expect(before.figures.prefixCompleteness.observed).toBe(12);
    await trimOctober(test.store);
    test.pass(20_000);
    const trimmed = await test.ask<LibraryReport>('/v1/library/findings?month=2026-10');
    expect(trimmed.whole).toBe(false);
    for (const figure of Object.values(trimmed.figures))
      expect(figure).toEqual({
        ...{ method: expect.stringMatching(/\/1$/), value: null, passed: null, observed: null },
        ...{ interval: null, asOf: null },
      });
    const { uncovered, unregistered, contradictions, outsideEgress } = trimmed;
    for (const list of [uncovered, unregistered, contradictions, outsideEgress])
      expect(list).toEqual({ count: 0, items: [] });
    expect(trimmed.gaps.count).toBeGreaterThan(0);
    expect([trimmed.overlaps, trimmed.gaps]).toEqual([before.overlaps, before.gaps]);
    expect((await test.ask<LibraryReport>('/v1/library/findings?month=2026-09')).whole).toBe(true);
  });
});
