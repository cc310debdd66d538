/** Files of the library: one fault at a time, all at once, and garbage. */
import { describe, expect, it } from 'vitest';
import { nameOfTarget } from '../../../ingest/library-findings.ts';
import { readPrefixes } from '../../../ingest/library-prefixes.ts';
import { domainName, readServices } from '../../../ingest/library-services.ts';
import { Register } from '../../../ingest/register.ts';
import { chance } from '../../chance.ts';

const register = new Register([
  { code: '32', name: '江苏省', level: 'province', parent: '', kind: '' },
  { code: '3201', name: '南京市', level: 'city', parent: '32', kind: '' },
]);

const bytes = (text: string) => new TextEncoder().encode(text);

const PREFIX_HEAD = 'prefix,holder,carrier,area,purpose,partOf,validFrom,validTo,source';
const GOOD_PREFIX = [
  '58.240.0.0/15',
  '联通',
  'unicom',
  '32',
  'access',
  '',
  '2020-01-01',
  '',
  'APNIC',
];
const SERVICE_HEAD = 'name,holder,kind,level,area,url,families,lines,validFrom,validTo,source';
const GOOD_SERVICE = [
  ...['南京.中国', '南京市人民政府', 'agency', 'city', '3201', 'https://www.南京.中国/', '4+6'],
  ...['gov-1;gov-2', '2020-01-01', '', '备案'],
];

function prefixCodes(...rows: (readonly string[])[]): string[] {
  const text = [PREFIX_HEAD, ...rows.map((cells) => cells.join(','))].join('\n');
  return readPrefixes(bytes(text), register).faults.map(({ code }) => code);
}

function serviceCodes(...rows: (readonly string[])[]): string[] {
  const text = [SERVICE_HEAD, ...rows.map((cells) => cells.join(','))].join('\n');
  return readServices(bytes(text), register).faults.map(({ code }) => code);
}

const changed = (row: readonly string[], head: string, column: string, value: string) =>
  row.map((cell, at) => (head.split(',')[at] === column ? value : cell));

describe('prefixes', () => {
  it('are read under either title', () => {
    const text = `地址段,持有单位,运营商,区划代码,用途,起日,来源\n240E:03A0::/28,电信,,3201,idc,2020-01-01,APNIC\n`;
    expect(readPrefixes(bytes(text), register)).toEqual({
      rows: [
        {
          prefix: '240e:3a0::/28',
          ...{ holder: '电信', carrier: '', area: '3201', purpose: 'idc', partOf: '' },
          ...{ validFrom: '2020-01-01', validTo: '2149-06-06', source: 'APNIC' },
        },
      ],
      faults: [],
      faultCount: 0,
    });
  });

  it.each([
    ['prefix', '58.240.0.1/15', 'prefix-host-bits'],
    ['prefix', '10.1.0.0/16', 'prefix-not-public'],
    ['prefix', '100.0.0.0/8', 'prefix-not-public'],
    ['prefix', 'fd00::/8', 'prefix-not-public'],
    ['prefix', '2001:db8::/32', 'prefix-not-public'],
    ['prefix', '4000::/16', 'prefix-not-public'],
    ['area', '3299', 'area-unknown'],
    ['purpose', 'fun', 'purpose-unknown'],
    ['carrier', 'China Unicom', 'carrier-malformed'],
    ['holder', '', 'text-malformed'],
    ['source', '=cmd()', 'text-malformed'],
    ['partOf', '59.0.0.0/8', 'part-of-malformed'],
    ['partOf', '58.240.0.0/15', 'part-of-malformed'],
    ['partOf', '2000::/3', 'part-of-malformed'],
    ['validFrom', '2026-02-30', 'day-malformed'],
    ['validTo', '2150-01-01', 'day-malformed'],
    ['validTo', '2019-12-31', 'end-before-beginning'],
  ])('with %s %s are refused: %s', (column, value, code) => {
    expect(prefixCodes(changed(GOOD_PREFIX, PREFIX_HEAD, column, value))).toEqual([code]);
  });

  it('say which prefix was meant, and on which line', () => {
    const bad = changed(GOOD_PREFIX, PREFIX_HEAD, 'prefix', '58.241.0.0/15').join(',');
    const { faults } = readPrefixes(bytes(`${PREFIX_HEAD}\n${bad}\n`), register);
    expect(faults).toMatchObject([{ line: 2, column: 'prefix', text: '58.241.0.0/15' }]);
    expect(faults[0]?.zh).toContain('58.240.0.0/15');
    expect(faults[0]?.en).toContain('58.240.0.0/15');
  });

  it('of private space are reserved', () => {
    const row = changed(GOOD_PREFIX, PREFIX_HEAD, 'prefix', '10.0.0.0/8');
    expect(prefixCodes(changed(row, PREFIX_HEAD, 'purpose', 'reserved'))).toEqual([]);
  });

  it('stand there once by prefix, holder and first day', () => {
    const later = changed(GOOD_PREFIX, PREFIX_HEAD, 'validFrom', '2021-01-01');
    const other = changed(GOOD_PREFIX, PREFIX_HEAD, 'holder', '电信');
    expect(prefixCodes(GOOD_PREFIX, later, other)).toEqual([]);
    expect(prefixCodes(GOOD_PREFIX, later, GOOD_PREFIX)).toEqual(['entry-twice']);
  });
});

describe('services', () => {
  it('are kept as DNS has them and as they were written', () => {
    const text = `${SERVICE_HEAD}\n${GOOD_SERVICE.join(',')}\n`;
    expect(readServices(bytes(text), register)).toMatchObject({
      rows: [
        {
          name: 'xn--1lqq7i.xn--fiqs8s',
          original: '南京.中国',
          url: 'https://www.xn--1lqq7i.xn--fiqs8s/',
          families: [4, 6],
          lines: ['gov-1', 'gov-2'],
        },
      ],
      faultCount: 0,
    });
  });

  it.each([
    ['name', 'localhost', 'domain-malformed'],
    ['name', '58.240.0.1', 'domain-malformed'],
    ['name', 'a b.cn', 'domain-malformed'],
    ['kind', 'ministry', 'kind-unknown'],
    ['level', 'hamlet', 'level-unknown'],
    ['families', '5', 'families-unknown'],
    ['url', 'ftp://www.南京.中国/', 'url-malformed'],
    ['url', 'https://me@www.南京.中国/', 'url-malformed'],
    ['url', 'https://example.cn/', 'url-elsewhere'],
    ['lines', 'Line 1', 'line-malformed'],
    ['area', '', 'area-unknown'],
  ])('with %s %s are refused: %s', (column, value, code) => {
    expect(serviceCodes(changed(GOOD_SERVICE, SERVICE_HEAD, column, value))).toContain(code);
  });

  it('stand there once by name and first day, however the name is written', () => {
    const again = changed(GOOD_SERVICE, SERVICE_HEAD, 'name', 'XN--1LQQ7I.中国');
    expect(serviceCodes(GOOD_SERVICE, again)).toEqual(['entry-twice']);
  });
});

describe('garbage', () => {
  const PIECES = [
    '58.240.0.0/15',
    '::',
    '/',
    '%',
    '=',
    '"',
    ',',
    '\n',
    '\u0000',
    '南京.中国',
    '999',
  ];
  PIECES.push('2026-13-45', 'https://[', 'xn--', '-', '.', '\uFFFF', 'a'.repeat(300), '\t', '1e9');

  it.each([1, 2, 3, 4, 5, 6])('with seed %i is refused with codes, never thrown', (seed) => {
    const random = chance(seed);
    for (let turn = 0; turn < 300; turn++) {
      for (const [head, good, read] of [
        [PREFIX_HEAD, GOOD_PREFIX, readPrefixes],
        [SERVICE_HEAD, GOOD_SERVICE, readServices],
      ] as const) {
        const cells = good.map((cell) =>
          random.coin(0.3) ? `${random.oneOf(PIECES)}${random.oneOf(PIECES)}` : cell,
        );
        const { rows, faults, faultCount } = read(bytes(`${head}\n${cells.join(',')}\n`), register);
        for (const fault of faults)
          expect(fault).toMatchObject({ code: /^[a-z-]+$/.test(fault.code) ? fault.code : '' });
        expect(faults.every(({ zh, en }) => zh !== '' && en !== '')).toBe(true);
        expect(faultCount > 0 || rows.length <= 1).toBe(true);
      }
      const raw = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
      expect(readPrefixes(raw, register).faultCount).toBeGreaterThan(0);
      expect(readServices(raw, register).faultCount).toBeGreaterThan(0);
    }
  });
});

describe('the name in a target', () => {
  it.each([
    ['https://www.jiangsu.gov.cn/index.html', 'www.jiangsu.gov.cn'],
    ['WWW.Jiangsu.gov.cn:443', 'www.jiangsu.gov.cn'],
    ['www.jiangsu.gov.cn', 'www.jiangsu.gov.cn'],
    ['[240e::1]:80', null],
    ['240e::1', null],
    ['58.240.0.1:80', null],
    ['https://[240e::1]/', null],
    ['https://', null],
    ['localhost', null],
  ])('%s is %s', (target, name) => {
    expect(nameOfTarget(target)).toBe(name);
  });

  it('is at most as long as DNS allows', () => {
    expect(domainName(`${'a'.repeat(64)}.cn`)).toBeNull();
    expect(domainName(`${'a.'.repeat(127)}cn`)).toBeNull();
  });
});
