import { expect, it } from 'vitest';
import { declaredAs } from '../../../api/standings.ts';

const row = {
  ...{ place: '320102001001', row: 7, reached: true, technology: 'ftth', opticalNode: 'OLT-1' },
  ...{ reachedOn: '2026-10-08', mobile: 'nr', note: '' },
};

it('reads a row in the words of what the target is about', () => {
  expect(declaredAs('fibre', row)).toEqual({
    ...{ row: 7, reached: true, technology: 'ftth', opticalNode: 'OLT-1' },
  });
  expect(declaredAs('mobile', row)).toMatchObject({ reached: true, technology: 'nr' });
  expect(declaredAs('mobile', { ...row, mobile: 'none' })).toMatchObject({ reached: false });
});

it('takes a mobile cell left empty as silence, not as unserved', () => {
  expect(declaredAs('mobile', { ...row, mobile: '' })).toBeNull();
});
