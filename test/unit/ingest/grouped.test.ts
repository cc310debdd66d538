import { expect, it } from 'vitest';
import { grouped } from '../../../ingest/grouped.ts';

it('puts items together by key, each group and the groups in the order of the items', () => {
  const groups = grouped(['b1', 'a1', 'b2', '', 'a2'], (item) => item.slice(0, 1));
  expect([...groups]).toEqual([
    ['b', ['b1', 'b2']],
    ['a', ['a1', 'a2']],
    ['', ['']],
  ]);
  expect(grouped([], String).size).toBe(0);
});
