import { describe, expect, it } from 'vitest';
import { filingTemplate, filingWorkbook } from '../../../api/filing-template.ts';
import { Register } from '../../../ingest/register.ts';
import { workbookSheets } from '../../../ingest/workbook.ts';
import { Archive } from '../../../ingest/zip.ts';

const at = (code: string, level: 'county' | 'township' | 'village' | 'hamlet', parent: string) => ({
  ...{ code, name: `名${code.slice(-3)}`, level, parent, kind: '' },
});
const register = new Register([
  at('320102', 'county', '3201'),
  at('320102001', 'township', '320102'),
  { ...at('320102001001', 'village', '320102001'), name: '=甲,村' },
  at('320102001001-001', 'hamlet', '320102001001'),
  { ...at('320102001002', 'village', '320102001'), outside: true },
  at('320102001002-001', 'hamlet', '320102001002'),
  { ...at('320102001003', 'village', '320102001'), outsideFor: ['mobile'] },
]);
const lines = (text: string) => text.split('\r\n');

it('lists the places of an area by code as text, without those served from outside', () => {
  const text = filingTemplate('places', register, '320102', 'telecom');
  expect(text.startsWith('\uFEFF区划代码,名称,光纤是否通达,')).toBe(true);
  expect(lines(text).slice(1)).toEqual([
    '"\t320102001001","\'=甲,村",,,,,,',
    '"\t320102001001-001",名001,,,,,,',
    '"\t320102001003",名003,,,,,,',
    '',
  ]);
  // One that mobile alone serves from outside is none of mobile's.
  const mobile = filingTemplate('places', register, '320102', 'mobile');
  expect(mobile).toBe(text.replace('"\t320102001003",名003,,,,,,\r\n', ''));
});

it('lists areas down to townships', () => {
  const codes = lines(filingTemplate('areas', register, '320102', 'telecom')).slice(1, -1);
  expect(codes.map((line) => line.split(',')[0])).toEqual(['"\t320102"', '"\t320102001"']);
});

describe('a workbook to fill in', () => {
  const book = filingWorkbook(['places', 'areas'], register, '320102', 'telecom', '2026-10');
  const part = (name: string) => new Archive(book, 1e6).read(name)?.toString() ?? '';

  it('has the rows of both sheets, a formula only as a text', () => {
    const [places, areas] = workbookSheets(book);
    expect([places?.name, areas?.name]).toEqual(['地点表', '区域表']);
    expect(places?.sheet.rows.map(({ line, cells }) => [line, ...cells])).toEqual([
      [2, '320102001001', '=甲,村'],
      [3, '320102001001-001', '名001'],
      [4, '320102001003', '名003'],
    ]);
    expect(areas?.sheet.rows.map(({ cells }) => cells[0])).toEqual(['320102', '320102001']);
  });

  it('keeps codes as texts, the header in sight, and offers choices up to the last day', () => {
    const sheet = part('xl/worksheets/sheet1.xml');
    expect(sheet).toMatch(/<col min="1" max="1" width="\d+" style="1"/);
    expect(sheet).toContain('state="frozen"');
    expect(sheet).toContain('<formula1>&quot;是,否&quot;</formula1>');
    // 46326 is 2026-10-31.
    expect(sheet).toContain('<formula2>46326</formula2>');
    const formats = part('xl/styles.xml')
      .split('<cellXfs')[1]
      ?.match(/numFmtId="\d+"/g);
    expect(formats?.[1]).toBe('numFmtId="49"');
  });

  it('is the same whenever it is made', () => {
    const again = filingWorkbook(['places', 'areas'], register, '320102', 'telecom', '2026-10');
    expect(again.equals(book)).toBe(true);
  });
});
