/** Rows of a file of places, each sound by itself and at one with the others. Pure. */
import { REFERENCE_SYSTEMS } from './coordinates.ts';
import { grouped } from './grouped.ts';
import { LEVEL_TITLES, PLACE_ACTIONS, PLACE_COLUMNS, type PlaceRow } from './place-file.ts';
import { levelOf, parentOf } from './register.ts';
import type { RowFaults } from './row-faults.ts';

export interface Numbered {
  readonly line: number;
  readonly row: PlaceRow;
}

type Cell = 'name' | 'kind' | 'lat' | 'lon' | 'note' | 'carriers';

/** Cells of which an action would say nothing to anybody. */
const UNWANTED: Readonly<Partial<Record<PlaceRow['action'], readonly Cell[]>>> = {
  merge: ['name', 'kind', 'lat', 'lon', 'note'],
  close: ['name', 'kind', 'lat', 'lon', 'note'],
  outside: ['name'],
  inside: ['name'],
  describe: ['name', 'kind', 'note'],
};

const CARRIERS = ['carriers'] as const;

/** A row and the day it holds from. */
export interface Event extends Numbered {
  readonly day: string;
}

/**
 * What the file says happens, whatever the register says.
 *
 * @param validFrom the day of rows that name none; null: every row names its own
 */
export function placeEvents(
  rows: readonly Numbered[],
  validFrom: string | null,
  faults: RowFaults,
): Event[] {
  const events = rows.flatMap((row) => eventOf(row, validFrom, faults) ?? []);
  refuseRepeats(events, faults);
  refuseTwoCounts(events, faults);
  refuseCircles(events, faults);
  return events;
}

/** The row with its day, when it is sound by itself. */
function eventOf(
  { line, row }: Numbered,
  validFrom: string | null,
  faults: RowFaults,
): Event | null {
  const before = faults.count;
  const { action, code, newCode, lat, lon, crs } = row;
  const date = row.date ?? validFrom;
  const blame = (column: string, fault: string, zh: string, en: string, text = code) =>
    faults.add(line, column, fault, zh, en, text);
  if (date === null)
    blame(
      'date',
      'date-missing',
      `没有生效日期:请填“${PLACE_COLUMNS.date.titles[1]}”列或用 --valid-from`,
      `no day from which it holds: fill in "${PLACE_COLUMNS.date.titles[0]}" or give --valid-from`,
    );
  if (row.validTo !== null && date !== null && row.validTo < date)
    blame(
      'validTo',
      'ends-before-begins',
      `截止日期 ${row.validTo} 早于生效日期 ${date}`,
      `ends on ${row.validTo}, before it begins on ${date}`,
      row.validTo,
    );
  if (row.validTo !== null && action !== 'add')
    blame(
      'validTo',
      'end-unwanted',
      `只有${PLACE_ACTIONS.add}的地点可带截止日期,其余请用${PLACE_ACTIONS.close}`,
      'only a place that is added names its end; else use close',
      row.validTo,
    );
  for (const column of [...(UNWANTED[action] ?? []), ...(action === 'outside' ? [] : CARRIERS)]) {
    const cell = row[column];
    if (cell === '' || cell === null || (column === 'carriers' && row.carriers.length === 0))
      continue;
    blame(
      column,
      'cell-unwanted',
      `${PLACE_ACTIONS[action]}不用“${PLACE_COLUMNS[column].titles[1]}”:请留空`,
      `${action} makes no use of "${column}": leave it empty`,
      String(cell),
    );
  }
  const level = levelOf(code);
  if (row.level !== null && row.level !== level)
    blame(
      'level',
      'level-mismatch',
      `代码 ${code} 是${level && LEVEL_TITLES[level]}级,不是${LEVEL_TITLES[row.level]}级`,
      `code ${code} is one of level ${level}, not ${row.level}`,
    );
  if (row.parent !== '' && row.parent !== parentOf(code)) {
    const hamlet = level === 'hamlet' && levelOf(row.parent) !== 'village';
    blame(
      'parent',
      hamlet ? 'hamlet-parent' : 'parent-mismatch',
      hamlet
        ? `自然村的上级须是行政村,${row.parent} 不是`
        : `代码 ${code} 的上级应为 ${parentOf(code) || '空'}`,
      hamlet
        ? `a hamlet lies in a village, and ${row.parent} is none`
        : `the place above ${code} is ${parentOf(code) || 'none'}`,
      row.parent,
    );
  }
  const becomes = action === 'recode' || action === 'merge' || action === 'split';
  if (becomes !== (newCode !== ''))
    blame(
      'newCode',
      becomes ? 'new-code-missing' : 'new-code-unwanted',
      becomes ? '改码、合并与拆分须写明新代码' : '只有改码、合并与拆分才有新代码',
      becomes
        ? 'a recode, merge or split names the new code'
        : 'only a recode, merge or split has a new code',
      newCode,
    );
  else if (becomes && levelOf(newCode) !== level)
    blame(
      'newCode',
      'level-mismatch',
      `新代码 ${newCode} 与 ${code} 不是同一级`,
      `${newCode} is not of the level of ${code}`,
      newCode,
    );
  if (row.name === '' && (action === 'add' || action === 'rename'))
    blame('name', 'name-missing', '缺少名称', 'the name is missing');
  if (action === 'outside' && row.note === '')
    blame(
      'note',
      'note-missing',
      '由省外服务须写明由谁服务',
      'say in the note from where it is served',
    );
  if ((lat === null) !== (lon === null))
    blame('lat', 'position-incomplete', '经纬度须成对', 'latitude and longitude come as a pair');
  else if (lat !== null && crs === null)
    blame(
      'crs',
      'crs-missing',
      `有经纬度须注明坐标系(${REFERENCE_SYSTEMS.join('、')})`,
      `a position wants its reference system (${REFERENCE_SYSTEMS.join(', ')})`,
    );
  if ((row.residents !== null || row.households !== null) && row.asOf === null)
    blame('asOf', 'year-missing', '人口或户数须注明统计年份', 'counts want the year they are of');
  return date !== null && faults.count === before ? { line, row, day: date } : null;
}

/** A place is named once a day; one that is split, once for each of its parts. */
function refuseRepeats(events: readonly Event[], faults: RowFaults): void {
  const seen = new Map<string, Event>();
  for (const event of events) {
    const { action, code, newCode } = event.row;
    const once = `${code} ${event.day}`;
    const first = seen.get(once);
    seen.set(once, first ?? event);
    const part = `${once} ${newCode}`;
    const apart = action === 'split' && first?.row.action === 'split' && !seen.has(part);
    if (action === 'split') seen.set(part, event);
    if (first && !apart)
      faults.add(
        event.line,
        'code',
        'code-twice',
        `${code} 在第 ${first.line} 行已出现(同一天只能有一行)`,
        `${code} stands in line ${first.line} already (once a day)`,
        code,
      );
  }
}

/** Of whom a row's counts of people are: of the place under its new code where it has one. */
export function countedCode({ action, code, newCode }: PlaceRow): string {
  return action === 'recode' || action === 'split' ? newCode : code;
}

/** Of two counts of one year one would vanish. */
function refuseTwoCounts(events: readonly Event[], faults: RowFaults): void {
  const seen = new Map<string, number>();
  for (const { line, row } of events) {
    if (row.asOf === null || (row.residents === null && row.households === null)) continue;
    const code = countedCode(row);
    const first = seen.get(`${code} ${row.asOf}`);
    seen.set(`${code} ${row.asOf}`, first ?? line);
    if (first !== undefined)
      faults.add(
        line,
        'asOf',
        'count-twice',
        `${code} 的 ${row.asOf} 年人口在第 ${first} 行已有`,
        `people of ${code} in ${row.asOf} stand in line ${first} already`,
        String(row.asOf),
      );
  }
}

/** Places that become each other on one day. */
function refuseCircles(events: readonly Event[], faults: RowFaults): void {
  const becomes = events.filter(
    ({ row }) => row.newCode !== '' && !(row.action === 'split' && row.newCode === row.code),
  );
  for (const [, together] of grouped(becomes, ({ day }) => day)) {
    const next = grouped(together, ({ row }) => row.code);
    // What leads nowhere is taken away, again and again; what is left leads in a circle, or to one.
    const waiting = new Map([...next].map(([code, edges]) => [code, edges.length]));
    const leadingTo = grouped(together, ({ row }) => row.newCode);
    const ends = [...leadingTo.keys()].filter((code) => !next.has(code));
    for (let code = ends.pop(); code !== undefined; code = ends.pop())
      for (const { row } of leadingTo.get(code) ?? []) {
        const left = (waiting.get(row.code) ?? 0) - 1;
        waiting.set(row.code, left);
        if (left === 0) ends.push(row.code);
      }
    for (const { line, row } of together)
      if ((waiting.get(row.code) ?? 0) > 0)
        faults.add(
          line,
          'newCode',
          'recode-cycle',
          `${row.code} 经 ${row.newCode} 又回到已变更的代码`,
          `${row.code} leads by way of ${row.newCode} back to a code that changes`,
          row.newCode,
        );
  }
}
