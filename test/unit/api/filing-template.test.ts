import { expect, it } from 'vitest';
import { filingTemplate } from '../../../api/filing-template.ts';
import { Register } from '../../../ingest/register.ts';

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
  at('320102001003', 'village', '320102001'),
]);
const lines = (text: string) => text.split('\r\n');

it('lists the places of an area by code as text, without those served from outside', () => {
  const text = filingTemplate('places', register, '320102');
  expect(text.startsWith('\uFEFF区划代码,名称,光纤是否通达,')).toBe(true);
  expect(lines(text).slice(1)).toEqual([
    '"\t320102001001","\'=甲,村",,,,,,',
    '"\t320102001001-001",名001,,,,,,',
    '"\t320102001003",名003,,,,,,',
    '',
  ]);
});

it('lists areas down to townships', () => {
  const codes = lines(filingTemplate('areas', register, '320102')).slice(1, -1);
  expect(codes.map((line) => line.split(',')[0])).toEqual(['"\t320102"', '"\t320102001"']);
});
