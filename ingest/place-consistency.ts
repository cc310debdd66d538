/** What must hold of the register as a whole once a file's rows are done. Pure. */
import type { LineHistory } from './line-history.ts';
import type { Event } from './place-events.ts';
import type { PlaceHistory } from './place-history.ts';
import { parentOf } from './register.ts';
import type { RowFaults } from './row-faults.ts';

/**
 * Every place that changed, and every place below one, has its parent on each of its days.
 *
 * @param lineOf the line of the file that last did something to a place, by code
 */
export function refuseOrphans(
  history: PlaceHistory,
  lineOf: ReadonlyMap<string, number>,
  faults: RowFaults,
): void {
  const blamed = new Set<string>();
  const look = (code: string): void => {
    if (blamed.has(code)) return;
    const day = orphanedOn(history, code);
    if (day === null) return;
    blamed.add(code);
    blameOrphan(code, day, history, lineOf, faults);
  };
  for (const code of history.touched()) {
    look(code);
    for (const child of history.childrenOf(code)) look(child);
  }
}

/** The first day on which a place is there and its parent is not; null where there is none. */
function orphanedOn(history: PlaceHistory, code: string): string | null {
  const parent = parentOf(code);
  if (parent === '') return null;
  for (const { validFrom, validTo } of history.of(code)) {
    const day = history.gapIn(parent, validFrom, validTo);
    if (day !== null) return day;
  }
  return null;
}

function blameOrphan(
  code: string,
  day: string,
  history: PlaceHistory,
  lineOf: ReadonlyMap<string, number>,
  faults: RowFaults,
): void {
  const parent = parentOf(code);
  const own = lineOf.get(code);
  const known = history.of(parent).length > 0;
  const fault = !known
    ? 'parent-unknown'
    : own === undefined
      ? 'children-orphaned'
      : 'place-orphaned';
  faults.add(
    own ?? lineOf.get(parent) ?? 1,
    'code',
    fault,
    known
      ? `${code} 在 ${day} 没有上级 ${parent}:请一并变更下级地点`
      : `登记册中没有 ${code} 的上级 ${parent}`,
    known
      ? `on ${day} the place above ${code}, ${parent}, is not there: change what lies below along with it`
      : `the register has no ${parent}, the place above ${code}`,
    code,
  );
}

/** A place that is split or closed says nothing of where its lines are. */
export function warnOfLinesLeft(
  events: readonly Event[],
  history: PlaceHistory,
  lines: LineHistory,
  warnings: RowFaults,
): void {
  const left = events.filter(({ row }) => row.action === 'split' || row.action === 'close');
  const days = new Map(
    left
      .filter(({ row, day }) => !history.at(row.code, day))
      .map(({ row, day }) => [row.code, day]),
  );
  const lineOf = new Map(left.map(({ line, row }) => [row.code, line]));
  if (days.size === 0) return;
  for (const [code, count] of lines.remainingAt(days))
    warnings.add(
      lineOf.get(code) ?? 1,
      'code',
      'lines-left',
      `${code} 还有 ${count} 条线路:请用 tongda register import lines 改登`,
      `${count} lines stand at ${code} still: move them with tongda register import lines`,
      code,
    );
}
