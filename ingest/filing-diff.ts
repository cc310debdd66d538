/** What one version of a sheet says otherwise than another. Pure. */

/** A place or an area as a version states it. */
export interface FiledCells {
  readonly code: string;
  /** Line of the file. */
  readonly row: number;
  readonly cells: Readonly<Record<string, Cell>>;
}

type Cell = string | number | boolean | null;

export interface ChangedRow {
  readonly code: string;
  /** Lines of either file. */
  readonly from: number;
  readonly to: number;
  /** In the order of the sheet's columns. */
  readonly cells: readonly { readonly column: string; readonly from: Cell; readonly to: Cell }[];
}

/** Each in the order of codes. */
export interface SheetDiff {
  readonly added: readonly FiledCells[];
  readonly removed: readonly FiledCells[];
  readonly changed: readonly ChangedRow[];
}

/** By code: on which line of its file a row stands is no difference. */
export function sheetDiff(from: readonly FiledCells[], to: readonly FiledCells[]): SheetDiff {
  const before = byCode(from);
  const after = byCode(to);
  return {
    added: inOrder([...after.values()].filter(({ code }) => !before.has(code))),
    removed: inOrder([...before.values()].filter(({ code }) => !after.has(code))),
    changed: inOrder(
      [...before.values()].flatMap((old) => {
        const now = after.get(old.code);
        const cells = now ? changedCells(old, now) : [];
        return now && cells.length > 0
          ? [{ code: old.code, from: old.row, to: now.row, cells }]
          : [];
      }),
    ),
  };
}

function changedCells({ cells: from }: FiledCells, { cells: to }: FiledCells) {
  return Object.keys(from).flatMap((column) => {
    const [old, now] = [from[column] ?? null, to[column] ?? null];
    return old === now ? [] : [{ column, from: old, to: now }];
  });
}

function byCode(rows: readonly FiledCells[]): ReadonlyMap<string, FiledCells> {
  return new Map(rows.map((row) => [row.code, row]));
}

function inOrder<Row extends { readonly code: string }>(rows: readonly Row[]): Row[] {
  return [...rows].sort((a, b) => (a.code < b.code ? -1 : 1));
}
