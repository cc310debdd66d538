import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { csvSheet, FAULTS_KEPT, readTable } from '../../../ingest/table-file.ts';

const COLUMNS = {
  code: {
    titles: ['code', '代码'],
    value: z.string().regex(/^\d{12}$/),
    expects: { zh: '12 位数字', en: '12 digits' },
  },
  households: {
    titles: ['households', '户数'],
    value: z.string().transform((text) => (text === '' ? null : Number(text))),
    expects: { zh: '整数', en: 'a whole number' },
    optional: true,
  },
} as const;

const read = (text: string) => readTable(csvSheet(Buffer.from(text)), COLUMNS);

describe('a table that people bring', () => {
  it('is read under either title, in any order, whatever the case', () => {
    expect(read('户数,CODE\n7,320102002001\n').rows).toEqual([
      { line: 2, row: { code: '320102002001', households: 7 } },
    ]);
  });

  it('may lack a column that is optional, and end a row early', () => {
    expect(read('code\n320102002001').rows[0]?.row.households).toBeNull();
    expect(read('code,households\n320102002001').rows[0]?.row.households).toBeNull();
  });

  it('knows which columns it has, and passes over rows of bare commas', () => {
    const { present, rows } = read('code,households\n320102002001,5\n,\n , \n320102002002,6\n,\n');
    expect(rows.map(({ line }) => line)).toEqual([2, 5]);
    expect([...present]).toEqual(['code', 'households']);
    expect([...read('code\n320102002001').present]).toEqual(['code']);
  });

  it('counts lines as an editor does, also past texts of several lines and empty lines', () => {
    const { faults } = read('code,households\n"320102002001",5\n\n"no\ncode",1\nbad,2\n');
    expect(faults.map(({ line, text }) => [line, text])).toEqual([
      [4, 'no\ncode'],
      [6, 'bad'],
    ]);
  });

  it('names every cell that will not do, with what was expected', () => {
    const { rows, faults } = read('code\nx\n320102002001\ny\n');
    expect(rows).toHaveLength(1);
    expect(faults).toMatchObject([
      { line: 2, column: 'code', code: 'cell-malformed', zh: '“code”应为12 位数字', text: 'x' },
      { line: 4, column: 'code', code: 'cell-malformed', en: '"code" should be 12 digits' },
    ]);
  });

  it.each([
    ['a column unknown', 'code,colour\n', 'column-unknown'],
    ['a column twice', 'code,代码\n', 'column-twice'],
    ['a column missing', 'households\n', 'column-missing'],
    ['no header at all', '', 'column-missing'],
    ['a quote left open', 'code\n"3201\n', 'csv-malformed'],
    ['a header and nothing else', 'code,households\n', 'rows-missing'],
    ['cells beyond the header', 'code\n320102002001,5\n', 'row-too-long'],
  ])('refuses %s', (_, text, code) => {
    expect(read(text)).toMatchObject({ rows: [], faults: [{ code }], faultCount: 1 });
  });

  it('reads UTF-8 with a byte order mark, and GB 18030', () => {
    const gb = Buffer.from([0xb4, 0xfa, 0xc2, 0xeb, 0x0a]); // 代码
    const sheet = csvSheet(Buffer.concat([gb, Buffer.from('320102002001')]));
    expect(readTable(sheet, COLUMNS).rows).toHaveLength(1);
    expect(read('\uFEFFcode\n320102002001').rows).toHaveLength(1);
  });

  it('refuses bytes that are no text', () => {
    expect(readTable(csvSheet(Buffer.from([0xff, 0xff, 0x00])), COLUMNS).faults).toMatchObject([
      { code: 'file-encoding' },
    ]);
  });

  it('keeps a bounded list of faults and counts them all', () => {
    const read5000 = read(`code\n${'x\n'.repeat(5_000)}`);
    expect(read5000.faults).toHaveLength(FAULTS_KEPT);
    expect(read5000.faultCount).toBe(5_000);
  });
});
