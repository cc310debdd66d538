import { describe, expect, it } from 'vitest';
import { readAreaSheet, readPlaceSheet, sheetKind } from '../../../ingest/filing.ts';
import { filingDue, filingStates } from '../../../ingest/filing-store.ts';
import { Register } from '../../../ingest/register.ts';
import { csvSheet } from '../../../ingest/table-file.ts';
import { chance } from '../../chance.ts';

const at = (code: string, level: 'county' | 'village' | 'hamlet', parent: string) => ({
  code,
  name: code,
  level,
  parent,
  kind: '',
});
const CONTEXT = {
  month: '2026-10',
  register: new Register([
    at('320102', 'county', '3201'),
    at('320102002001', 'village', '320102002'),
    at('320102002001-001', 'hamlet', '320102002001'),
  ]),
};
const sheetOf = (text: string) => csvSheet(Buffer.from(text));
const places = (...lines: string[]) =>
  readPlaceSheet(
    sheetOf(['区划代码,光纤是否通达,接入技术,光节点,通达日期,备注', ...lines].join('\n')),
    CONTEXT,
  );
const areas = (header: string, line: string) =>
  readAreaSheet(sheetOf(`code,${header}\n320102,${line}`), CONTEXT);
const codes = (faults: readonly { line: number; code: string }[]) =>
  faults.map(({ line, code }) => [line, code]);

describe('the sheet of places', () => {
  it('takes good rows of villages and hamlets', () => {
    const read = places(
      '320102002001,是,ftth,OLT-7,2026-10-31,',
      '320102002001-001,否,none,,,山区',
    );
    expect(read).toMatchObject({ faultCount: 0, warningCount: 0 });
    expect(read.rows.map(({ row }) => row.reached)).toEqual([true, false]);
  });

  it.each([
    ['320102002001,是,,,2026-10-01', 'technology-missing'],
    ['320102002001,是,lte,,2026-10-01', 'technology-not-fixed'],
    ['320102002001,是,ftth,OLT-7,', 'date-missing'],
    ['320102002001,是,ftth,OLT-7,2026-11-01', 'date-after-month'],
    ['320102002001,是,ftth,OLT-7,2026-02-30', 'cell-malformed'],
    ['320102002001,也许,ftth,OLT-7,2026-10-01', 'cell-malformed'],
    ['3.20102E+11,否,,,', 'cell-malformed'],
    ['320102002009,否,,,', 'place-unknown'],
    ['320102,否,,,', 'level-wrong'],
  ])('refuses %s', (line, code) => {
    expect(codes(places(line).faults)).toEqual([[2, code]]);
  });

  it('refuses a place that stands there twice, and warns of ftth without a node', () => {
    const read = places('320102002001,是,ftth,,2026-10-01', '320102002001,否,,,');
    expect(codes(read.faults)).toEqual([[3, 'place-twice']]);
    expect(codes(read.warnings)).toEqual([[2, 'optical-node-missing']]);
  });
});

it('warns of every fibre without its optical node, and of no copper', () => {
  const warned = (technology: string) =>
    codes(places(`320102002001,是,${technology},,2026-10-01`).warnings);
  for (const technology of ['ftth', 'fttb', 'fttn'])
    expect(warned(technology)).toEqual([[2, 'optical-node-missing']]);
  for (const technology of ['docsis', 'dsl']) expect(warned(technology)).toEqual([]);
});

it('names columns as the header of the file does', () => {
  const titles = (faults: readonly { code: string; column: string }[]) =>
    faults.map(({ code, column }) => [code, column]);
  const line = (...cells: string[]) => cells.join(',');
  const read = readPlaceSheet(
    sheetOf(
      [
        'Code,Reached,Technology,OLT,Date reached',
        line('320102009009', 'yes', 'ftth', '', ''),
        line('320102', 'yes', '', '', '2026-11-01'),
        line('320102', 'yes', 'lte', '', '2026-10-01'),
      ].join('\n'),
    ),
    CONTEXT,
  );
  expect(titles(read.faults)).toEqual([
    ['date-missing', 'Date reached'],
    ['place-unknown', 'Code'],
    ['date-after-month', 'Date reached'],
    ['level-wrong', 'Code'],
    ['technology-missing', 'Technology'],
    ['level-wrong', 'Code'],
    ['place-twice', 'Code'],
    ['technology-not-fixed', 'Technology'],
  ]);
  expect(titles(read.warnings)).toEqual([['optical-node-missing', 'OLT']]);
  const areaRead = areas(
    'Subscribers below 4,Subscribers,Households,Terminals,IPv6 terminals,Note',
    '9,8,7,5,6,',
  );
  expect(titles(areaRead.faults)).toEqual([
    ['part-exceeds-whole', 'IPv6 terminals'],
    ['tiers-differ', 'Subscribers'],
  ]);
  expect(titles(areaRead.warnings)).toEqual([['penetration-unexplained', 'Note']]);
});

describe('the sheet of areas', () => {
  const TIERS =
    '4M 以下用户,4M 至 12M 用户,12M 至 20M 用户,20M 至 50M 用户,50M 至 100M 用户,100M 至 1000M 用户,1000M 及以上用户,subscribers';
  it.each([
    ['tiers that add up', TIERS, '1,2,3,4,5,6,7,28', []],
    ['tiers that do not', TIERS, '1,2,3,4,5,6,7,29', ['tiers-differ']],
    ['tiers left open', TIERS, '1,,,,,,7,29', []],
    ['some tiers beyond the total', TIERS, '1,,,,,,7,7', ['tiers-differ']],
    [
      'two-way beyond digital',
      'digital households,two-way households',
      '5,6',
      ['part-exceeds-whole'],
    ],
    ['two-way beyond cable', 'cable households,two-way households', '5,6', ['part-exceeds-whole']],
    ['as many', 'cable households,digital households', '5,5', []],
    ['a negative number', 'terminals', '-1', ['cell-malformed']],
  ])('%s', (_what, header, line, expected) => {
    expect(areas(header, line).faults.map(({ code }) => code)).toEqual(expected);
  });

  it('only asks for a note where subscribers pass households', () => {
    const bare = areas('subscribers,households', '114,100');
    expect([bare.faultCount, codes(bare.warnings)]).toEqual([0, [[2, 'penetration-unexplained']]]);
    expect(areas('subscribers,households,note', '114,100,流动人口').warningCount).toBe(0);
  });
});

it('tells the sheets apart by their headers', () => {
  expect(sheetKind(sheetOf('code,reached\n'))).toBe('places');
  expect(sheetKind(sheetOf('code,subscribers\n'))).toBe('areas');
});

it('answers garbage with faults it knows, in both languages, and never throws', () => {
  const dice = chance(11);
  const header = '区划代码,光纤是否通达,接入技术,光节点,通达日期\n';
  const cells = [
    '320102002001',
    '320102',
    '320102002001-001',
    '是',
    'no',
    'ftth',
    'lte',
    '2026-10-01',
  ];
  const pieces = [
    ...cells,
    '区划代码',
    ',',
    ',',
    '"',
    '\n',
    'reached',
    '\u0000',
    '9'.repeat(30),
    '\r',
  ];
  const known = new Set([
    ...['file-encoding', 'csv-malformed', 'rows-missing', 'row-too-long', 'cell-malformed'],
    ...['column-unknown', 'column-twice', 'column-missing', 'place-unknown', 'level-wrong'],
    ...['place-twice', 'technology-missing', 'technology-not-fixed', 'date-missing'],
  ]);
  const met = new Set<string>();
  const some = <T>(most: number, one: () => T) => Array.from({ length: dice.below(most) }, one);
  for (let round = 0; round < 1_500; round++) {
    const bytes = dice.oneOf([
      () => Buffer.from(some(60, () => dice.oneOf(pieces)).join('')),
      () => Buffer.from(some(60, () => dice.below(256))),
      () => {
        const line = () => Array.from({ length: 5 }, () => dice.oneOf(cells)).join(',');
        return Buffer.from(header + some(6, line).join('\n'));
      },
    ])();
    const sheet = csvSheet(bytes);
    expect(['places', 'areas']).toContain(sheetKind(sheet));
    for (const read of [readPlaceSheet(sheet, CONTEXT), readAreaSheet(sheet, CONTEXT)]) {
      expect(read.faultCount).toBeGreaterThanOrEqual(read.faults.length);
      if (read.rows.length === 0) expect(read.faultCount).toBeGreaterThan(0);
      const strange = read.faults.filter(
        ({ code, line, zh, en }) =>
          !known.has(code) || line < 1 || !/\p{Script=Han}/u.test(zh) || !/[a-z]+ [a-z]+/.test(en),
      );
      expect(strange).toEqual([]);
      for (const { code } of read.faults) met.add(code);
    }
  }
  expect(met.size).toBeGreaterThan(8);
});

describe('late and missing', () => {
  const DUE = filingDue('2026-10', 10);
  const version = (received: string) => ({
    month: '2026-10',
    carrier: 'telecom',
    import: received,
    sha256: '',
    received,
    places: 1,
    areas: 0,
    warnings: 0,
  });
  it('is due when the day ends in Shanghai', () => {
    expect(DUE.toISOString()).toBe('2026-11-10T16:00:00.000Z');
  });
  it.each([
    ['awaited', [], '2026-11-10T15:59:59Z'],
    ['missing', [], '2026-11-10T16:00:00Z'],
    ['on time', ['2026-11-10T15:59:59Z'], '2026-12-01T00:00:00Z'],
    ['late', ['2026-11-10T16:00:00Z'], '2026-12-01T00:00:00Z'],
    ['resubmitted', ['2026-11-02T00:00:00Z', '2026-11-12T00:00:00Z'], '2026-12-01T00:00:00Z'],
    ['on time', ['2026-11-02T00:00:00Z', '2026-11-12T00:00:00Z'], '2026-11-11T00:00:00Z'],
  ])('%s', (state, received, now) => {
    const rows = filingStates(received.map(version), ['telecom'], DUE, new Date(now));
    expect(rows[0]?.state).toBe(state);
  });
});
