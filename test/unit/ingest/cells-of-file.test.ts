import { describe, expect, it } from 'vitest';
import { codeColumn, nameColumn, textColumn } from '../../../ingest/cells-of-file.ts';

describe('cells of a file', () => {
  it.each([
    ['', true],
    ['小王庄 (东)', true],
    ['旧称 = 东庄', true],
    ['\ue000村', true],
    ['12345678901', false],
    ['\u001b[2J', false],
    ['a\u202eb', false],
    ['甲\n乙', false],
    ['=1+1', false],
    ['+86', false],
    ['-', false],
    ['@sum', false],
  ])('%j is a text: %s', (text, is) => {
    expect(textColumn(10, 'note').value.safeParse(text).success).toBe(is);
  });

  it.each([
    ['32', true],
    ['320102002001', true],
    ['320102002001-001', true],
    ['3201020', false],
    ['32010200200-001', false],
    ['', false],
  ])('%j is a code: %s', (text, is) => {
    expect(codeColumn('code').value.safeParse(text).success).toBe(is);
  });

  it.each([
    ['xuanwu-1', true],
    ['Xuanwu', false],
    ['', false],
  ])('%j is a name: %s', (text, is) => {
    expect(nameColumn('line').value.safeParse(text).success).toBe(is);
  });
});
