import { expect, it } from 'vitest';
import { type FiledCells, type SheetDiff, sheetDiff } from '../../../ingest/filing-diff.ts';
import { type Chance, chance } from '../../chance.ts';

const place = (code: string, row: number, cells: FiledCells['cells']): FiledCells => ({
  code,
  row,
  cells,
});

it('names what came, what went and what changed, with old and new', () => {
  const from = [
    place('1', 2, { reached: true, opticalNode: 'OLT-1', reachedOn: '2026-10-08' }),
    place('2', 3, { reached: false, opticalNode: '', reachedOn: null }),
    place('3', 4, { reached: false, opticalNode: '', reachedOn: null }),
  ];
  const to = [
    place('4', 2, { reached: false, opticalNode: '', reachedOn: null }),
    place('1', 3, { reached: true, opticalNode: 'OLT-2', reachedOn: null }),
    place('2', 4, { reached: false, opticalNode: '', reachedOn: null }),
  ];
  expect(sheetDiff(from, to)).toEqual({
    added: [to[0]],
    removed: [from[2]],
    changed: [
      {
        ...{ code: '1', from: 2, to: 3 },
        cells: [
          { column: 'opticalNode', from: 'OLT-1', to: 'OLT-2' },
          { column: 'reachedOn', from: '2026-10-08', to: null },
        ],
      },
    ],
  });
});

function sheet({ below, coin, oneOf, shuffled }: Chance): FiledCells[] {
  const codes = Array.from({ length: 12 }, (_, index) => `3201020010${index}`);
  return shuffled(codes.filter(() => coin(0.7))).map((code, index) =>
    place(code, index + 2, {
      reached: coin(0.5),
      technology: oneOf(['', 'ftth']),
      households: oneOf([null, 0, below(3)]),
    }),
  );
}

/** Applied to the older version, a diff gives the newer one. */
function applied(rows: readonly FiledCells[], { added, removed, changed }: SheetDiff) {
  const cells = new Map(rows.map(({ code, cells: own }) => [code, { ...own }]));
  for (const { code } of removed) cells.delete(code);
  for (const { code, cells: own } of added) cells.set(code, { ...own });
  for (const { code, cells: own } of changed)
    for (const { column, to } of own) cells.set(code, { ...cells.get(code), [column]: to });
  return new Map([...cells].sort());
}

it('is empty of a version and itself, blind to order, turned round when reversed, and complete', () => {
  const dice = chance(5);
  let changes = 0;
  for (let round = 0; round < 500; round++) {
    const [from, to] = [sheet(dice), sheet(dice)];
    const diff = sheetDiff(from, to);
    changes += diff.changed.length;
    const moved = dice.shuffled(from).map((row, index) => ({ ...row, row: index + 2 }));
    expect(sheetDiff(from, moved)).toEqual({ added: [], removed: [], changed: [] });
    expect(sheetDiff(dice.shuffled(from), dice.shuffled(to))).toEqual(diff);
    const back = sheetDiff(to, from);
    expect([back.added, back.removed]).toEqual([diff.removed, diff.added]);
    expect(back.changed).toEqual(
      diff.changed.map(({ code, from: old, to: now, cells }) => ({
        ...{ code, from: now, to: old },
        cells: cells.map((cell) => ({ column: cell.column, from: cell.to, to: cell.from })),
      })),
    );
    expect(applied(from, diff)).toEqual(applied(to, { added: [], removed: [], changed: [] }));
  }
  expect(changes).toBeGreaterThan(500);
});
