/**
 * A small world for the library on the real engine, for one test file: eleven lines and both families,
 * whose figures are counted by hand.
 */
import { Hono } from 'hono';
import { EvidenceReader } from '../../api/evidence.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { problemHandler } from '../../api/problem.ts';
import { library } from '../../api/routes/library.ts';
import { importPrefixes } from '../../ingest/library-prefixes.ts';
import { importServices } from '../../ingest/library-services.ts';
import type { Store } from '../../sql/store.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { silent, startTestStore, type TestStore } from './engine-fixture.ts';

export const PREFIX_HEAD = 'prefix,holder,carrier,area,purpose,partOf,validFrom,validTo,source';
export const PREFIXES = [
  PREFIX_HEAD,
  '58.240.0.0/15,联通江苏,unicom,32,backbone,,2020-01-01,,APNIC',
  '240e:3a0::/28,电信江苏,telecom,32,access,,2020-01-01,,APNIC',
  '58.240.16.0/24,南京市人民政府,,3201,government,58.240.0.0/15,2020-01-01,,备案',
  '58.240.32.0/20,联通无锡,unicom,3202,access,58.240.0.0/15,2020-01-01,,备案',
  '240e:3a1::/32,移动江苏,mobile,3201,access,,2020-01-01,,备案',
  '120.0.0.0/16,电信江苏,telecom,3201,access,,2026-10-16,,备案',
  '121.0.0.0/16,联通镇江,unicom,3299,access,,2020-01-01,2025-12-31,备案',
].join('\n');
export const SERVICES = [
  'name,holder,kind,level,area,url,families,lines,validFrom,validTo,source',
  'nanjing.gov.cn,南京市人民政府,agency,city,3201,https://www.nanjing.gov.cn/,4+6,gov-1,2020-01-01,,备案',
  '无锡.中国,无锡市人民政府,agency,city,3202,http://无锡.中国:8080/,6,gov-2,2020-01-01,,备案',
  'jsbc.cn,江苏台,media,province,32,https://jsbc.cn/,4,,2020-01-01,,备案',
  'a.cn,甲台,media,province,32,https://a.cn/,4,,2020-01-01,2025-12-31,备案',
].join('\n');

export const XUANWU = '320102001001';
export const LIANGXI = '320205001001';
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

export const origin = (text: string) => ({
  ...{ file: 'library.csv', bytes: new TextEncoder().encode(text) },
  ...{ by: 'wang', note: '' },
});

export interface TestLibrary extends TestStore {
  readonly api: Hono;
  ask<T>(path: string): Promise<T>;
  /** Of an import, each a second after the one before. */
  aRun(dryRun?: boolean): { now: Date; dryRun: boolean; carriers: string[] };
  /** Lets the station's answers age. */
  pass(ms: number): void;
}

/** Measurements and register, and nothing in the library but an import that broke off. */
export async function startTestLibrary(): Promise<TestLibrary> {
  const test = await startTestStore();
  const { store } = test;
  let importedAtMs = Date.parse('2026-11-01T00:00:00Z');
  let stationMs = Date.parse('2026-11-25T00:00:00Z');
  await insertWorld(store);
  const plan = uncheckedPlanOf('jiangsu-2013');
  const reader = new EvidenceReader(store, plan, () => new Date(stationMs));
  const api = new Hono().route('/', library(reader)).onError(problemHandler(silent));
  return {
    ...test,
    api,
    ask: async <T>(path: string) => (await (await api.request(path)).json()) as T,
    aRun: (dryRun = false) => {
      importedAtMs += 1_000;
      return { now: new Date(importedAtMs), dryRun, carriers: ['telecom', 'unicom'] };
    },
    pass: (ms) => {
      stationMs += ms;
    },
  };
}

/** The same with `PREFIXES` and `SERVICES` brought in. */
export async function startFilledLibrary(): Promise<TestLibrary> {
  const test = await startTestLibrary();
  await importPrefixes(test.store, origin(PREFIXES), test.aRun());
  await importServices(test.store, origin(SERVICES), test.aRun());
  return test;
}

/** As if raw rows of 3 October had been trimmed. */
export async function trimOctober(store: Store): Promise<void> {
  await store.insert('retired_day', [
    {
      ...{ table: 'measurement', day: '2026-10-03', at: '2026-11-20T00:00:00.000000Z' },
      ...{ rule: 'failures-kept' as const, limitDays: 30, done: true },
      ...{ rowsBefore: 9, rowsKept: 9 },
    },
  ]);
}

async function insertWorld(store: Store): Promise<void> {
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
  // An import that broke off before its note: in October it would cover an address.
  await store.insert('library_prefix', [
    {
      ...{ import: 'broken', prefix: '117.136.0.0/16', holder: '移动', carrier: 'mobile' },
      ...{ area: '32', purpose: 'mobile', partOf: '', validFrom: '2020-01-01' },
      ...{ validTo: '2149-06-06', source: 'test' },
    },
  ]);
}
