import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { PLACE_COLUMNS as REGISTER_PLACES } from '../../../ingest/place-file.ts';
import { csvSheet, readTable } from '../../../ingest/table-file.ts';
import { isWorkbook, workbookSheets } from '../../../ingest/workbook.ts';
import { archiveOf } from '../../../ingest/zip.ts';
import { chance } from '../../chance.ts';
import { rawWorkbook, rowOf } from '../../workbook.ts';

const COLUMNS = {
  code: { titles: ['code'], value: z.string(), expects: { zh: '码', en: 'a code' } },
  count: {
    titles: ['count'],
    value: z.string(),
    expects: { zh: '数', en: 'a number' },
    optional: true,
    holds: 'number',
  },
  day: {
    titles: ['day'],
    value: z.string(),
    expects: { zh: '日', en: 'a day' },
    optional: true,
    holds: 'day',
  },
} as const;

const HEAD = rowOf(1, ['code', 'count', 'day']);
/** One row of raw cells under the three columns, read. */
function read(cells: string, more: object = {}) {
  const book = rawWorkbook({ sheets: { 一: `${HEAD}<row r="2">${cells}</row>` }, ...more });
  const [only] = workbookSheets(book);
  if (!only) throw new Error('no sheet');
  const { rows, faults } = readTable(only.sheet, COLUMNS);
  return {
    row: rows[0]?.row,
    faults: faults.map(({ line, column, code }) => [line, column, code]),
  };
}
const FORMATS = { formats: ['yyyy-mm-dd', '000000', '0.00E+00', 'yyyy"年"m"月"', '0_ ', '#,##0'] };
const N = (column: string, value: string, style = 0) =>
  `<c r="${column}2" s="${style}"><v>${value}</v></c>`;

describe('a cell', () => {
  it.each([
    ['text', '<c r="A2" t="inlineStr"><is><t> 010 </t></is></c>', { code: '010' }],
    ['a formula with its text', '<c r="A2" t="str"><f>B1</f><v>x</v></c>', { code: 'x' }],
    ['plain digits', N('A', '320102002001'), { code: '320102002001' }],
    ['digits in a format of whole numbers', N('A', '320102002001', 5), { code: '320102002001' }],
    ['digits as Java writes them', N('A', '7.0'), { code: '7' }],
    ['a truth', '<c r="A2" t="b"><v>1</v></c>', { code: 'true' }],
    ['a count in scientific form', N('A', '1') + N('B', '8.4E7'), { count: '84000000' }],
    [
      'a fraction in its shortest form',
      N('A', '1') + N('B', '32.049999999999997'),
      { count: '32.05' },
    ],
    ['a day', N('A', '1') + N('C', '46303', 1), { day: '2026-10-08' }],
    ['a day with a time', N('A', '1') + N('C', '46303.99', 1), { day: '2026-10-08' }],
    [
      'a day in ISO form',
      `${N('A', '1')}<c r="C2" t="d"><v>2026-10-08T00:00:00</v></c>`,
      { day: '2026-10-08' },
    ],
  ])('says %s', (_, cells, expected) => {
    const { row, faults } = read(cells, FORMATS);
    expect(faults).toEqual([]);
    expect(row).toMatchObject(expected);
  });

  it.each([
    ['a fraction for a code', N('A', '320102.5'), 'code', 'number-not-text'],
    ['a code in scientific form', N('A', '3.20102002001E11'), 'code', 'number-not-text'],
    ['a code shown in scientific form', N('A', '320102002001', 3), 'code', 'number-not-text'],
    ['zeros that only the format shows', N('A', '7', 2), 'code', 'number-not-text'],
    ['more digits than a number keeps', N('A', '3201020020010010'), 'code', 'number-not-text'],
    ['a text made a date', N('A', '46303', 1), 'code', 'day-not-text'],
    ['a month without a day', N('A', '1') + N('C', '46303', 4), 'day', 'day-missing'],
    ['an error', '<c r="A2" t="e"><v>#N/A</v></c>', 'code', 'cell-error'],
    ['a formula without a value', '<c r="A2"><f>B1</f></c>', 'code', 'formula-uncalculated'],
    [
      'a formula with an empty value',
      '<c r="A2"><f>B1</f><v/></c>',
      'code',
      'formula-uncalculated',
    ],
    ['a day no calendar has', N('A', '1') + N('C', '-3', 1), 'day', null],
  ])('does not guess at %s', (_, cells, column, code) => {
    const { row, faults } = read(cells, FORMATS);
    if (code === null) expect(row?.day).not.toMatch(/^\d{4}-/);
    else expect(faults).toEqual([[2, column, code]]);
  });

  it('counts days from 1904 where the workbook does', () => {
    const cells = N('A', '1') + N('C', String(46303 - 1462), 1);
    expect(read(cells, { ...FORMATS, from1904: true }).row?.day).toBe('2026-10-08');
  });

  it('may be a shared text of several runs, its reading left out, escapes undone', () => {
    const strings =
      '<si><t>x</t></si><si><r><t>大</t></r><r><t>行_x5BAB_</t></r><rPh><t>da</t></rPh></si>';
    expect(read('<c r="A2" t="s"><v>1</v></c>', { strings }).row?.code).toBe('大行宫');
    expect(() => read('<c r="A2" t="s"><v>2</v></c>', { strings })).toThrow(
      /workbook|damaged|损坏/,
    );
  });
});

it('reads the same of a workbook as of a CSV of the same content', () => {
  const dice = chance(7);
  const header = Object.values(REGISTER_PLACES).map(({ titles }) => titles[0]);
  const texts = ['', '320102002001', '新增', '2026-10-08', '32.05', '12', '小王庄', 'bad', '-'];
  for (let round = 0; round < 40; round++) {
    const rows = Array.from({ length: 1 + dice.below(6) }, () =>
      header.map(() => dice.oneOf(texts)),
    );
    const csv = csvSheet(Buffer.from([header, ...rows].map((row) => row.join(',')).join('\n')));
    const book = rawWorkbook({
      sheets: { 空: '', 表: [header, ...rows].map((row, at) => rowOf(at + 1, row)).join('') },
    });
    const [only, ...others] = workbookSheets(book);
    expect(others).toEqual([]);
    expect(only?.name).toBe('表');
    if (!only) continue;
    expect(readTable(only.sheet, REGISTER_PLACES)).toEqual(readTable(csv, REGISTER_PLACES));
  }
});

it('counts rows as the spreadsheet does, and passes over empty ones', () => {
  const book = rawWorkbook({
    sheets: {
      一: `${rowOf(3, ['code', 'colour'])}<row r="4"><c r="A4"/></row>${rowOf(9, ['x', '', 'y'])}`,
    },
  });
  const sheet = workbookSheets(book)[0]?.sheet;
  expect(sheet).toMatchObject({ headerLine: 3, rows: [{ line: 9, cells: ['x', '', 'y'] }] });
  const { faults } = readTable(sheet ?? { header: [], rows: [] }, COLUMNS);
  expect(faults).toMatchObject([{ line: 3, code: 'column-unknown' }]);
});

describe('a file that is no workbook we read', () => {
  const good = rawWorkbook({ sheets: { 一: HEAD + rowOf(2, ['1', 'x'.repeat(5_000)]) } });
  const codeOf = (bytes: Uint8Array, most?: number) => {
    try {
      workbookSheets(bytes, most);
      return null;
    } catch (reason) {
      return (reason as { code?: string }).code ?? reason;
    }
  };
  const compound = Buffer.from('d0cf11e0a1b11ae1', 'hex');
  const flagged = Buffer.from(good);
  for (let at = 0; at < good.length - 4; at++)
    if (good.readUInt32LE(at) === 0x02014b50) flagged.writeUInt16LE(0x0801, at + 8);

  it.each([
    ['of before 2007', compound, 'workbook-old'],
    [
      'kept by a password',
      Buffer.concat([compound, Buffer.from('EncryptedPackage', 'utf16le')]),
      'workbook-encrypted',
    ],
    ['with encrypted parts', flagged, 'workbook-encrypted'],
    ['of something else', archiveOf([['a.txt', 'a']]), 'workbook-unknown'],
    ['of nothing', archiveOf([]), 'workbook-unknown'],
    ['without a cell', rawWorkbook({ sheets: { 一: '' } }), 'workbook-empty'],
    [
      'with an entity of its own',
      rawWorkbook({ sheets: { 一: '' }, strings: '<!DOCTYPE a>' }),
      'workbook-damaged',
    ],
    ['with broken XML', rawWorkbook({ sheets: { 一: '<row><c></row>' } }), 'workbook-damaged'],
    [
      'with a cell far to the right',
      rawWorkbook({ sheets: { 一: '<row><c r="XFD1"><v>1</v></c></row>' } }),
      'workbook-too-wide',
    ],
  ])('%s', (_, bytes, code) => {
    expect(isWorkbook(bytes)).toBe(true);
    expect(codeOf(bytes)).toBe(code);
  });

  it('cut anywhere', () => {
    expect(codeOf(good)).toBeNull();
    for (let size = 4; size < good.length; size += 97)
      expect(codeOf(good.subarray(0, size))).toBe('workbook-damaged');
  });

  it('with any byte of its directory or texts changed: refused with a code of ours, or read', () => {
    const dice = chance(3);
    for (let round = 0; round < 400; round++) {
      const bytes = Buffer.from(good);
      bytes[4 + dice.below(bytes.length - 4)] = dice.below(256);
      expect(codeOf(bytes) ?? 'workbook-').toMatch(/^workbook-/);
    }
  });

  it('that unpacks to more than is taken, whether it says so or lies', () => {
    const bomb = rawWorkbook({ sheets: { 一: HEAD + ' '.repeat(3_000_000) } });
    expect(bomb.length).toBeLessThan(20_000);
    expect(codeOf(bomb, 1_000_000)).toBe('workbook-too-large');
    const lying = Buffer.from(bomb);
    for (let at = 0; at < bomb.length - 4; at++)
      if (bomb.readUInt32LE(at) === 0x02014b50 && bomb.readUInt32LE(at + 24) > 1_000_000)
        lying.writeUInt32LE(100, at + 24);
    expect(codeOf(lying, 1_000_000)).toBe('workbook-too-large');
  });
});

it('is told by its bytes', () => {
  expect(isWorkbook(Buffer.from('code,reached\n'))).toBe(false);
  expect(isWorkbook(Buffer.from('PK,code\n'))).toBe(false);
  expect(isWorkbook(Buffer.alloc(0))).toBe(false);
});
