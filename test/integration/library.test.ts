/**
 * The library on the real engine, by function, by command and by API: a small world of eleven lines
 * and both families, whose figures are counted by hand.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Hono } from 'hono';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  LibraryLookup,
  LibraryPage,
  LibraryReport,
  LibraryService,
} from '../../api/contract/library.ts';
import type { Problem } from '../../api/contract/problem.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { problemHandler } from '../../api/problem.ts';
import { library } from '../../api/routes/library.ts';
import { parseAddress } from '../../ingest/address-space.ts';
import { loadLibrary } from '../../ingest/library.ts';
import { importPrefixes } from '../../ingest/library-prefixes.ts';
import { importServices } from '../../ingest/library-services.ts';
import { ServiceWalks } from '../../ingest/service-walk.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { scratch, tongda } from '../tongda.ts';
import { rawWorkbook, rowOf } from '../workbook.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

const PREFIX_HEAD = 'prefix,holder,carrier,area,purpose,partOf,validFrom,validTo,source';
const PREFIXES = [
  PREFIX_HEAD,
  '58.240.0.0/15,联通江苏,unicom,32,backbone,,2020-01-01,,APNIC',
  '240e:3a0::/28,电信江苏,telecom,32,access,,2020-01-01,,APNIC',
  '58.240.16.0/24,南京市人民政府,,3201,government,58.240.0.0/15,2020-01-01,,备案',
  '58.240.32.0/20,联通无锡,unicom,3202,access,58.240.0.0/15,2020-01-01,,备案',
  '240e:3a1::/32,移动江苏,mobile,3201,access,,2020-01-01,,备案',
  '120.0.0.0/16,电信江苏,telecom,3201,access,,2026-10-16,,备案',
  '121.0.0.0/16,联通镇江,unicom,3299,access,,2020-01-01,2025-12-31,备案',
].join('\n');
const SERVICES = [
  'name,holder,kind,level,area,url,families,lines,validFrom,validTo,source',
  'nanjing.gov.cn,南京市人民政府,agency,city,3201,https://www.nanjing.gov.cn/,4+6,gov-1,2020-01-01,,备案',
  '无锡.中国,无锡市人民政府,agency,city,3202,http://无锡.中国:8080/,6,gov-2,2020-01-01,,备案',
  'jsbc.cn,江苏台,media,province,32,https://jsbc.cn/,4,,2020-01-01,,备案',
  'a.cn,甲台,media,province,32,https://a.cn/,4,,2020-01-01,2025-12-31,备案',
].join('\n');

const XUANWU = '320102001001';
const LIANGXI = '320205001001';
/** line, place, carrier, source, day of October, target, address. */
const SEEN: readonly (readonly [string, string, string, string, number, string, string])[] = [
  [
    'l1',
    XUANWU,
    'unicom',
    '::ffff:58.240.1.1',
    3,
    'https://www.nanjing.gov.cn/',
    '::ffff:58.240.16.80',
  ],
  ['l2', LIANGXI, 'unicom', '::ffff:58.240.33.1', 3, 'www.nanjing.gov.cn:443', '::'],
  ['l3', XUANWU, 'unicom', '::ffff:58.240.34.1', 3, 'www.nanjing.gov.cn:443', '::ffff:10.1.1.1'],
  ['l4', XUANWU, 'telecom', '240e:3a2::5', 3, 'www.unknown.cn:443', '::ffff:8.8.8.8'],
  ['l5', XUANWU, 'telecom', '240e:3a1:0:1::5', 3, '[240e:3a2::80]:80', '240e:3a2::80'],
  ['l6', XUANWU, 'telecom', '::ffff:120.0.1.1', 10, '[240e:3a2::80]:80', '::'],
  ['l6', XUANWU, 'telecom', '::ffff:120.0.1.1', 20, '[240e:3a2::80]:80', '::'],
  ['l7', XUANWU, 'mobile', '::ffff:117.136.0.9', 3, '[240e:3a2::80]:80', '::'],
  ['gov-1', XUANWU, 'unicom', '::ffff:58.240.16.7', 3, '[240e:3a2::80]:80', '::'],
  ['gov-2', LIANGXI, 'unicom', '::ffff:58.240.1.2', 3, '[240e:3a2::80]:80', '::'],
  ['l10', XUANWU, 'telecom', '::ffff:10.0.0.5', 3, '[240e:3a2::80]:80', '::'],
  ['self', XUANWU, 'telecom', '::ffff:58.240.200.1', 3, 'www.self.cn:80', '::ffff:8.8.4.4'],
];

const directory = scratch();
let test: TestStore;
let api: Hono;

const origin = (text: string) => ({
  ...{ file: 'library.csv', bytes: new TextEncoder().encode(text) },
  ...{ by: 'wang', note: '' },
});
/** By which the station's answers age. */
let stationClock = Date.parse('2026-11-25T00:00:00Z');
/** A second later each time, as imports come. */
let clock = Date.parse('2026-11-01T00:00:00Z');
const next = () => {
  clock += 1_000;
  return new Date(clock);
};

const aRun = (dryRun = false) => ({ now: next(), dryRun, carriers: ['telecom', 'unicom'] });

async function ask<T>(path: string): Promise<T> {
  const response = await api.request(path);
  return (await response.json()) as T;
}

beforeAll(async () => {
  test = await startTestStore();
  const { store } = test;
  const places = [
    ['32', '江苏省', 'province', ''],
    ['3201', '南京市', 'city', '32'],
    ['3202', '无锡市', 'city', '32'],
    [XUANWU, '甲村', 'village', '320102001'],
    [LIANGXI, '乙村', 'village', '320205001'],
  ] as const;
  await store.insert(
    'place',
    places.map(([code, name, level, parent]) => ({
      ...{ code, name, level, parent, kind: '', validFrom: '2013-06-15', source: 'test' },
    })),
  );
  await store.insert('place', [
    {
      ...{ code: '3299', name: '已撤销的市', level: 'city', parent: '32', kind: '' },
      ...{ validFrom: '2013-06-15', validTo: '2025-12-31', source: 'test' },
    },
  ]);
  await store.insert(
    'line',
    [
      ['self', 'telecom', 'loopback'],
      ['gov-1', 'unicom', 'ftth'],
    ].map(([line = '', carrier = '', technology = '']) => ({
      ...{ line, place: XUANWU, carrier, technology },
      ...{ subscribedDownBps: null, subscribedUpBps: null, validFrom: '2020-01-01' },
    })),
  );
  await store.insert(
    'measurement',
    SEEN.map(([line, place, carrier, source, day, target, address], at) =>
      aMeasurementRow({
        ...{ line, place, carrier, source, target, address, probe: line, sequence: at },
        start: `2026-10-${String(day).padStart(2, '0')}T04:00:00.000Z`,
      }),
    ),
  );
  const plan = uncheckedPlanOf('jiangsu-2013');
  const reader = new EvidenceReader(store, plan, () => new Date(stationClock));
  api = new Hono().route('/', library(reader)).onError(problemHandler(silent));
});
afterAll(async () => {
  await test?.stop();
  directory.remove();
});

describe('before anything is brought in', () => {
  it('is silent about what it cannot know', async () => {
    const { figures } = await ask<LibraryReport>('/v1/library/findings?month=2026-09');
    for (const figure of Object.values(figures))
      expect(figure).toMatchObject({
        value: null,
        passed: 0,
        observed: 0,
        interval: null,
        asOf: null,
      });
    const october = await ask<LibraryReport>('/v1/library/findings?month=2026-10');
    expect(october.figures.prefixCompleteness).toMatchObject({ value: 0, passed: 0, observed: 12 });
    expect(october.figures.accuracy.value).toBeNull();
    expect(october.figures.egress.value).toBeNull();
  });
});

describe('an import', () => {
  it('with one bad row stores nothing, and neither does a dry run', async () => {
    const bad = `${PREFIXES}\n58.242.0.1/16,联通,unicom,32,access,,2020-01-01,,APNIC`;
    const refused = await importPrefixes(test.store, origin(bad), aRun());
    expect(refused).toMatchObject({ import: null, faultCount: 1 });
    expect(refused.faults).toMatchObject([{ line: 9, code: 'prefix-host-bits' }]);
    const dry = await importPrefixes(test.store, origin(PREFIXES), aRun(true));
    expect(dry).toMatchObject({ import: null, rows: 7, faultCount: 0 });
    expect((await loadLibrary(test.store)).prefixes).toEqual([]);
  });

  it('that broke off before its note counts for nothing', async () => {
    await test.store.insert('library_prefix', [
      {
        ...{ import: 'broken', prefix: '117.136.0.0/16', holder: '移动', carrier: 'mobile' },
        ...{ area: '32', purpose: 'mobile', partOf: '', validFrom: '2020-01-01' },
        ...{ validTo: '2149-06-06', source: 'test' },
      },
    ]);
    expect((await loadLibrary(test.store)).prefixes).toEqual([]);
  });

  it('of a good file is all there', async () => {
    const prefixes = await importPrefixes(test.store, origin(PREFIXES), aRun());
    expect(prefixes).toMatchObject({ rows: 7, faultCount: 0, import: expect.any(String) });
    const services = await importServices(test.store, origin(SERVICES), aRun());
    expect(services).toMatchObject({ rows: 4, faultCount: 0, import: expect.any(String) });
    const loaded = await loadLibrary(test.store);
    expect([loaded.prefixes.length, loaded.services.length]).toEqual([7, 4]);
  });

  it('of the same bytes again is refused', async () => {
    const again = { code: 'already-imported' };
    await expect(importPrefixes(test.store, origin(PREFIXES), aRun())).rejects.toMatchObject(again);
    await expect(importServices(test.store, origin(SERVICES), aRun())).rejects.toMatchObject(again);
    expect((await loadLibrary(test.store)).prefixes).toHaveLength(7);
  });

  it('of a workbook says what the CSV does, and of its faults the same', async () => {
    const sheetOf = (csv: string, column: number) =>
      csv
        .split('\n')
        .map((line, nth) => {
          const cells: (string | Date)[] = line.split(',');
          // A day as spreadsheets keep it: a number that looks like one.
          if (nth > 0) cells[column] = new Date(`${cells[column]}T00:00:00Z`);
          return rowOf(nth + 1, cells);
        })
        .join('');
    const bookOf = (csv: string, column: number) => ({
      ...origin(''),
      ...{ file: 'library.xlsx' },
      bytes: rawWorkbook({
        sheets: { 库: sheetOf(csv, column) },
        formats: ['yyyy-mm-dd'],
      }),
    });
    for (const [bring, csv, column] of [
      [importPrefixes, PREFIXES, PREFIX_HEAD.split(',').indexOf('validFrom')],
      [importServices, SERVICES, (SERVICES.split('\n')[0] ?? '').split(',').indexOf('validFrom')],
    ] as const) {
      const fromCsv = await bring(test.store, origin(`${csv}\n\n`), aRun(true));
      expect(await bring(test.store, bookOf(csv, column), aRun(true))).toEqual(fromCsv);
      const bad = csv.replace(',32,', ',39,');
      expect(await bring(test.store, bookOf(bad, column), aRun(true))).toMatchObject({
        ...{ import: null, faultCount: 1 },
        faults: [{ line: expect.any(Number), code: 'area-unknown', text: '39' }],
      });
    }
    await expect(
      importServices(
        test.store,
        { ...origin('PK\u0003\u0004 nothing'), file: 'none.xlsx' },
        aRun(true),
      ),
    ).rejects.toMatchObject({ code: 'workbook-damaged' });
  });

  it('warns of carriers the plan does not have and of lines the register does not', async () => {
    const { warnings, warningCount } = await importPrefixes(
      test.store,
      origin(`${PREFIXES}\n`),
      aRun(true),
    );
    expect(warnings).toMatchObject([
      { line: 6, column: 'carrier', code: 'carrier-not-in-plan', text: 'mobile' },
    ]);
    expect(warningCount).toBe(1);
    const services = await importServices(test.store, origin(`${SERVICES}\n`), aRun(true));
    expect(services).toMatchObject({
      warnings: [{ line: 3, column: 'lines', code: 'line-unknown', text: 'gov-2' }],
      warningCount: 1,
    });
  });
});

describe('a lookup', () => {
  const chainOf = async (address: string, on = '2026-10-20') =>
    (await ask<LibraryLookup>(`/v1/library/prefixes?address=${address}&on=${on}`)).chain.map(
      ({ prefix }) => prefix,
    );

  it('gives the chain of the day, the most specific first', async () => {
    expect(await chainOf('58.240.16.7')).toEqual(['58.240.16.0/24', '58.240.0.0/15']);
    expect(await chainOf('::ffff:58.241.0.1')).toEqual(['58.240.0.0/15']);
    expect(await chainOf('240e:3a1::9')).toEqual(['240e:3a1::/32', '240e:3a0::/28']);
    expect(await chainOf('120.0.1.1')).toEqual(['120.0.0.0/16']);
    expect(await chainOf('120.0.1.1', '2026-10-15')).toEqual([]);
    expect(await chainOf('58.240.16.7', '2019-12-31')).toEqual([]);
  });

  it.each([
    ...['address=58.240', 'address=fe80::1%25eth0', 'on=2026-13-01', 'on=2026-02-30'],
    ...['cursor=x', 'cursor=', 'limit=0'],
  ])('of %s is a problem', async (query) => {
    const response = await api.request(`/v1/library/prefixes?${query}`);
    expect((await response.json()) as Problem).toMatchObject({
      ...{ status: 400, code: 'parameter-malformed' },
    });
  });
});

describe('a walk', () => {
  const of = async (line: string, place: string, perProbe = 9, now = '2026-10-20T04:00:00Z') => {
    const walks = new ServiceWalks(test.store, { perProbe, periodS: 60 });
    const walk = await walks.of('p', { line, place, carrier: 'unicom' }, new Date(now));
    return walk && [...new Set(walk.tasks.map(({ target = '' }) => target))].filter(hasScheme);
  };
  const hasScheme = (target: string) => target.startsWith('http');

  it('is of what is registered for the place on the day', async () => {
    expect(await of('l1', XUANWU)).toEqual(['https://jsbc.cn/', 'https://www.nanjing.gov.cn/']);
    expect(await of('l2', LIANGXI)).toEqual([
      'https://jsbc.cn/',
      new URL('http://无锡.中国:8080/').href,
    ]);
    expect(await of('l1', XUANWU, 9, '2025-12-31T04:00:00Z')).toContain('https://a.cn/');
    expect(await of('l1', XUANWU, 9, '2019-12-31T04:00:00Z')).toBeNull();
  });

  it("is none of the station's own line, without a line, and where it is turned off", async () => {
    expect(await of('self', XUANWU)).toBeNull();
    const walks = new ServiceWalks(test.store, { perProbe: 9, periodS: 60 });
    expect(await walks.of('p', null, new Date('2026-10-20T04:00:00Z'))).toBeNull();
    expect(await of('l1', XUANWU, 0)).toBeNull();
  });
});

describe('the lists', () => {
  it('come page by page', async () => {
    const seen: string[] = [];
    for (let cursor = ''; ; ) {
      const page = await ask<LibraryPage<{ prefix: string }>>(
        `/v1/library/prefixes?limit=4${cursor && `&cursor=${cursor}`}`,
      );
      seen.push(...page.items.map(({ prefix }) => prefix));
      if (page.next === null) break;
      cursor = page.next;
    }
    expect(seen).toHaveLength(6);
    expect(new Set(seen).size).toBe(6);
  });

  it.each([
    ['prefixes', '2026-10-20', '2026-10-10', '120.0.0.0/16', '240e:3a0::/28'],
    ['services', '2025-01-01', '2026-11-25', 'a.cn', 'jsbc.cn'],
  ])('of %s go on after a row that ended meanwhile', async (kind, then, now, ended, following) => {
    type Page = LibraryPage<{ prefix?: string; name?: string }>;
    const names = ({ items }: Page) => items.map(({ prefix, name }) => prefix ?? name);
    const first = await ask<Page>(`/v1/library/${kind}?on=${then}&limit=1`);
    expect(names(first)).toEqual([ended]);
    const whole = names(await ask<Page>(`/v1/library/${kind}?on=${now}`));
    expect(whole[0]).toBe(following);
    expect(names(await ask<Page>(`/v1/library/${kind}?on=${now}&cursor=${first.next}`))).toEqual(
      whole,
    );
  });

  it('give services as targets', async () => {
    const { items } = await ask<LibraryPage<LibraryService>>(
      '/v1/library/services?kind=agency&area=3202',
    );
    expect(items).toMatchObject([
      { original: '无锡.中国', host: items[0]?.name, port: 8080, families: [6] },
    ]);
    expect(items[0]?.name).toMatch(/^xn--/);
    expect((await ask<LibraryPage<object>>('/v1/library/services')).items).toHaveLength(3);
    expect((await ask<LibraryPage<object>>('/v1/library/services?on=2019-01-01')).items).toEqual(
      [],
    );
  });
});

describe('the findings of October', () => {
  let report: LibraryReport;
  beforeAll(async () => {
    report = await ask('/v1/library/findings?month=2026-10');
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
    const short = await ask<LibraryReport>('/v1/library/findings?month=2026-10&limit=1');
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
    (await ask<LibraryReport>(`/v1/library/findings?month=${month}`)).uncovered.items.map(
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
      (await ask<LibraryReport>(`/v1/library/findings?month=2026-05&limit=${limit}`)).figures
        .prefixCompleteness.observed;
    expect(await observed(5)).toBe(0);
    await seenAt('2026-05-10T04:00:00.000Z', '::ffff:9.9.0.1');
    stationClock += 2_000;
    expect(await observed(6)).toBe(0);
    stationClock += 2_000;
    expect(await observed(5)).toBe(1);
  });
});

describe('by command', () => {
  const run = (...args: string[]) =>
    tongda(['library', ...args], { TONGDA_DATA: test.directory, TONGDA_CONFIG: '' });
  const file = (name: string, text: string) => {
    writeFileSync(join(directory.path, name), text);
    return join(directory.path, name);
  };

  it('a check ends with 1 while entries overlap, and 0 once the part is declared', async () => {
    const before = await run('check', '--month', '2026-10', '--json');
    expect(before.code).toBe(1);
    expect(JSON.parse(before.stdout).overlaps.count).toBe(1);
    const declared = `${PREFIX_HEAD}\n240e:3a1::/32,移动江苏,mobile,3201,access,240e:3a0::/28,2020-01-01,,备案\n`;
    const stored = await run('import', 'prefixes', file('declared.csv', declared), '--by', 'wang');
    expect([stored.code, stored.stdout]).toEqual([0, expect.stringContaining('stored 1 rows')]);
    const after = await run('check', '--month', '2026-10');
    expect(after.code).toBe(0);
    expect(after.stdout).toContain('9/12');
    expect(after.stdout).toContain('无锡市人民政府');
  });

  it('faults are told, each with its line, and nothing is stored', async () => {
    const bad = `${PREFIX_HEAD}\n10.0.0.0/8,甲,,32,access,,2020-01-01,,乙\n1.2.3.4,甲,,99,fun,,x,,乙\n`;
    const refused = await run('import', 'prefixes', file('bad.csv', bad), '--by', 'w', '--json');
    expect(refused.code).toBe(1);
    const { faults, import: name } = JSON.parse(refused.stdout);
    expect(name).toBeNull();
    expect(faults.map(({ line, code }: { line: number; code: string }) => [line, code])).toEqual([
      [2, 'prefix-not-public'],
      [3, 'area-unknown'],
      [3, 'day-malformed'],
      [3, 'prefix-malformed'],
      [3, 'purpose-unknown'],
    ]);
  });

  it('warnings are told of what is stored all the same', async () => {
    const odd = `${PREFIX_HEAD}\n122.0.0.0/16,甲,unicon,32,access,,2020-01-01,,乙\n`;
    const told = await run('import', 'prefixes', file('odd.csv', odd), '--by', 'w', '--dry-run');
    expect([told.code, told.stdout]).toEqual([0, expect.stringContaining('[carrier-not-in-plan]')]);
    const good = odd.replace('unicon', 'unicom');
    const quiet = await run('import', 'prefixes', file('odd.csv', good), '--by', 'w', '--dry-run');
    expect(quiet.stdout).not.toContain('[carrier-not-in-plan]');
  });

  it('another first day is a new version, and an end ends one', async () => {
    const text = `${PREFIX_HEAD}\n120.0.0.0/16,电信江苏,telecom,3202,access,,2026-11-01,2026-11-10,备案\n`;
    expect((await run('import', 'prefixes', file('v2.csv', text), '--by', 'wang')).code).toBe(0);
    const loaded = await loadLibrary(test.store);
    const areaOn = (day: string) => loaded.chain(parseAddress('120.0.1.1') ?? 0n, day)[0]?.area;
    expect(['2026-10-31', '2026-11-01', '2026-11-10', '2026-11-11'].map(areaOn)).toEqual([
      ...['3201', '3202', '3202', undefined],
    ]);
    const looked = await run('lookup', '120.0.1.1', '--on', '2026-11-10');
    expect(looked.stdout).toContain('120.0.0.0/16\t电信江苏\ttelecom\t3202');
  });

  it.each(['prefixes', 'services'])(
    '%s are exported so that they import to the same',
    async (kind) => {
      const exported = await run('export', kind);
      const path = file('export.csv', exported.stdout);
      expect((await run('import', kind, path, '--by', 'wang')).code).toBe(0);
      expect((await run('export', kind)).stdout).toBe(exported.stdout);
      expect(exported.stdout.split('\r\n').length).toBe(kind === 'prefixes' ? 10 : 6);
    },
  );

  it.each(['prefixes', 'services'])('the template of %s can be filled in', async (kind) => {
    const path = file('template.csv', (await run('template', kind)).stdout);
    const read = await run('import', kind, path, '--by', 'wang', '--dry-run', '--json');
    expect([read.code, JSON.parse(read.stdout).faultCount]).toEqual([0, 0]);
  });

  it('targets and history are listed', async () => {
    const { stdout } = await run('targets', '--kind', 'media', '--json');
    expect(JSON.parse(stdout)).toMatchObject([{ host: 'jsbc.cn', port: 443 }]);
    const history = JSON.parse((await run('history', '--json')).stdout);
    expect(history).toHaveLength(6);
    expect(history[0].at >= history[1].at).toBe(true);
  });

  it.each([
    [['lookup', '1.2.3'], 'address-malformed'],
    [['import', 'things', 'x.csv', '--by', 'w'], 'kind-unknown'],
    [['import', 'prefixes', '/nowhere.csv', '--by', 'w'], 'file-missing'],
    [['check', '--month', '2026'], 'month-malformed'],
    [['targets', '--kind', 'x'], 'kind-unknown'],
  ])('%j is refused', async (args, code) => {
    const { code: exit, stderr } = await run(...args);
    expect([exit, stderr]).toEqual([1, expect.stringContaining(`[${code}]`)]);
  });
});

describe('a month whose raw rows were trimmed', () => {
  it('has no figures and no findings of measurements, but those of the library itself', async () => {
    const before = await ask<LibraryReport>('/v1/library/findings?month=2026-10');
    expect(before.figures.prefixCompleteness.observed).toBe(12);
    await test.store.insert('retired_day', [
      {
        ...{ table: 'measurement', day: '2026-10-03', at: '2026-11-20T00:00:00.000000Z' },
        ...{ rule: 'failures-kept' as const, limitDays: 30, done: true },
        ...{ rowsBefore: 9, rowsKept: 9 },
      },
    ]);
    stationClock += 20_000;
    const trimmed = await ask<LibraryReport>('/v1/library/findings?month=2026-10');
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
    expect((await ask<LibraryReport>('/v1/library/findings?month=2026-09')).whole).toBe(true);
  });

  it('is told so by command', async () => {
    const environment = { TONGDA_DATA: test.directory, TONGDA_CONFIG: '' };
    const { stdout } = await tongda(['library', 'check', '--month', '2026-10'], environment);
    expect(stdout).toContain('no figure is drawn');
    expect(stdout).not.toContain('/12');
  });
});
