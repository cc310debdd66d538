/** Files of the library: one fault at a time, all at once, and garbage. */
import { describe, expect, it } from 'vitest';
import { domainName } from '../../../ingest/domain-name.ts';
import { nameOfTarget } from '../../../ingest/library-findings.ts';
import { readPrefixes } from '../../../ingest/library-prefixes.ts';
import { readServices } from '../../../ingest/library-services.ts';
import { csvSheet } from '../../../ingest/table-file.ts';
import { chance } from '../../chance.ts';

const known = {
  areas: new Set(['32', '3201']),
  lines: new Set(['gov-1', 'gov-2']),
  carriers: new Set(['telecom', 'unicom']),
};

const bytes = (text: string) => new TextEncoder().encode(text);
const sheet = (text: string) => csvSheet(bytes(text));

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
  return readPrefixes(sheet(text), known).faults.map(({ code }) => code);
}

function serviceCodes(...rows: (readonly string[])[]): string[] {
  const text = [SERVICE_HEAD, ...rows.map((cells) => cells.join(','))].join('\n');
  return readServices(sheet(text), known).faults.map(({ code }) => code);
}

const changed = (row: readonly string[], head: string, column: string, value: string) =>
  row.map((cell, at) => (head.split(',')[at] === column ? value : cell));

describe('prefixes', () => {
  it('are read under either title', () => {
    const text = `地址段,持有单位,运营商,区划代码,用途,起日,来源\n240E:03A0::/28,电信,,3201,idc,2020-01-01,APNIC\n`;
    expect(readPrefixes(sheet(text), known)).toEqual({
      rows: [
        {
          prefix: '240e:3a0::/28',
          ...{ holder: '电信', carrier: '', area: '3201', purpose: 'idc', partOf: '' },
          ...{ validFrom: '2020-01-01', validTo: '2149-06-06', source: 'APNIC' },
        },
      ],
      ...{ faults: [], faultCount: 0, warnings: [], warningCount: 0 },
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

  it('name columns as the header does, and nowhere else', () => {
    const text = `地址段,持有单位,运营商,区划代码,用途,起日,来源\n58.240.0.0/15,,,32,fun,x,=\n`;
    const { faults } = readPrefixes(sheet(text), known);
    expect(faults.map(({ column, code }) => `${column} ${code}`)).toEqual([
      ...['起日 day-malformed', '用途 purpose-unknown', '持有单位 text-malformed'],
      '来源 text-malformed',
    ]);
    for (const { zh, en } of faults)
      expect(`${zh} ${en}`).not.toMatch(/holder|source|purpose|validFrom/);
  });

  it('are taken with a warning when the plan has no such carrier', () => {
    const rows = [GOOD_PREFIX, changed(GOOD_PREFIX, PREFIX_HEAD, 'carrier', 'uniconm')];
    const text = [
      PREFIX_HEAD,
      ...rows.map((cells, at) => changed(cells, PREFIX_HEAD, 'holder', `${at}`).join(',')),
    ];
    expect(readPrefixes(sheet(text.join('\n')), known)).toMatchObject({
      faultCount: 0,
      warnings: [{ line: 3, column: 'carrier', code: 'carrier-not-in-plan', text: 'uniconm' }],
      warningCount: 1,
    });
  });

  it('without a carrier, or with one that is malformed, are not warned of', () => {
    for (const carrier of ['', 'China Unicom']) {
      const row = changed(GOOD_PREFIX, PREFIX_HEAD, 'carrier', carrier).join(',');
      expect(readPrefixes(sheet(`${PREFIX_HEAD}\n${row}`), known).warnings).toEqual([]);
    }
  });

  it('say which prefix was meant, and on which line', () => {
    const bad = changed(GOOD_PREFIX, PREFIX_HEAD, 'prefix', '58.241.0.0/15').join(',');
    const { faults } = readPrefixes(sheet(`${PREFIX_HEAD}\n${bad}\n`), known);
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
    expect(readServices(sheet(text), known)).toMatchObject({
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

  it('are taken with a warning for each line the register does not have', () => {
    const row = changed(GOOD_SERVICE, SERVICE_HEAD, 'lines', 'gov-1;gov-l').join(',');
    expect(readServices(sheet(`${SERVICE_HEAD}\n${row}`), known)).toMatchObject({
      rows: [{ lines: ['gov-1', 'gov-l'] }],
      faultCount: 0,
      warnings: [{ line: 2, column: 'lines', code: 'line-unknown', text: 'gov-l' }],
      warningCount: 1,
    });
  });

  it('stand there once by name and first day, however the name is written', () => {
    const again = changed(GOOD_SERVICE, SERVICE_HEAD, 'name', 'XN--1LQQ7I.中国');
    expect(serviceCodes(GOOD_SERVICE, again)).toEqual(['entry-twice']);
  });
});

/** Every code a file of the library can be refused with. */
const CODES = [
  ...['file-encoding', 'csv-malformed', 'rows-missing', 'row-too-long'],
  ...['column-unknown', 'column-twice', 'column-missing', 'cell-malformed'],
  ...['prefix-malformed', 'prefix-scoped', 'prefix-mapped', 'prefix-family', 'prefix-host-bits'],
  ...['prefix-not-public', 'part-of-malformed', 'purpose-unknown', 'carrier-malformed'],
  ...['domain-malformed', 'kind-unknown', 'level-unknown', 'families-unknown', 'url-malformed'],
  ...['url-elsewhere', 'line-malformed', 'text-malformed', 'area-unknown', 'day-malformed'],
  ...['end-before-beginning', 'entry-twice'],
];

describe('garbage', () => {
  const PIECES = [
    ...['58.240.0.0/15', '::', '/', '%', '=', '"', ',', '\n', '\u0000', '南京.中国', '999'],
    ...['2026-13-45', 'https://[', 'xn--', '-', '.', '\uFFFF', 'a'.repeat(300), '\t', '1e9'],
  ];
  const KINDS = [
    [PREFIX_HEAD, GOOD_PREFIX, readPrefixes],
    [SERVICE_HEAD, GOOD_SERVICE, readServices],
  ] as const;

  /** The codes it is refused with, each told in both languages. */
  function codesOf(read: typeof readPrefixes | typeof readServices, raw: Uint8Array): string[] {
    const { faults, faultCount } = read(csvSheet(raw), known);
    expect(faultCount).toBe(faults.length);
    for (const { zh, en } of faults) {
      expect(zh).toMatch(/\p{Script=Han}/u);
      expect(en).toMatch(/^[^\p{Script=Han}]*[a-z]{2}/u);
    }
    return faults.map(({ code }) => code);
  }

  it.each([1, 2, 3, 4, 5, 6])('with seed %i is refused with codes, never thrown', (seed) => {
    const random = chance(seed);
    for (let turn = 0; turn < 300; turn++) {
      for (const [head, good, read] of KINDS) {
        expect(codesOf(read, bytes(`${head}\n${good.join(',')}\n`))).toEqual([]);
        // No day of the two pieces, so that the row is bad for certain; others are good now and then.
        const spoilt = good.map((cell, at) =>
          head.split(',')[at] === 'validFrom' || random.coin(0.3)
            ? `${random.oneOf(PIECES)}${random.oneOf(PIECES)}`
            : cell,
        );
        const codes = codesOf(read, bytes(`${head}\n${spoilt.join(',')}\n`));
        expect(codes).not.toEqual([]);
        expect(CODES).toEqual(expect.arrayContaining(codes));
      }
      const raw = Uint8Array.from({ length: random.below(200) }, () => random.below(256));
      for (const [, , read] of KINDS) {
        const codes = codesOf(read, raw);
        expect(codes).not.toEqual([]);
        expect(CODES).toEqual(expect.arrayContaining(codes));
      }
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
