/** Sorting and filtering of table rows. Pure. */

export type Cell = string | number | null;
export type Direction = 'ascending' | 'descending';

const names = new Intl.Collator('zh-CN', { numeric: true });

/** A new array; rows without a value stand last in both directions: silence is no small number. */
export function sorted<Row>(
  rows: readonly Row[],
  cell: (row: Row) => Cell,
  direction: Direction,
): Row[] {
  const sign = direction === 'ascending' ? 1 : -1;
  return [...rows].sort((left, right) => {
    const [a, b] = [cell(left), cell(right)];
    if (a === null || b === null) return a === b ? 0 : a === null ? 1 : -1;
    if (typeof a === 'number' && typeof b === 'number') return sign * (a - b);
    return sign * names.compare(String(a), String(b));
  });
}

/** Every word of the filter must occur in the row's text, in any case. */
export function matches(text: string, filter: string): boolean {
  const folded = text.toLowerCase();
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => folded.includes(word));
}
