/** The file that brings lines, and what it does to those there are. Pure. */
import { z } from 'zod';
import { LOOPBACK, TECHNOLOGIES } from './binding.ts';
import { codeColumn, dayColumn, decimalColumn, nameColumn, textColumn } from './cells-of-file.ts';
import { dayBefore, FOREVER } from './days.ts';
import { LineHistory, type LineVersion } from './line-history.ts';
import { PlaceHistory, type PlaceVersion } from './place-history.ts';
import { type Blame, RowFaults } from './row-faults.ts';
import type { Columns, RowFault, RowOf, Rows } from './table-file.ts';

/** What a filed line may be: a wireless LAN is behind somebody's line, and the station's is its own. */
const LINE_TECHNOLOGIES = TECHNOLOGIES.filter((one) => one !== 'wlan' && one !== LOOPBACK);

export const LINE_COLUMNS = {
  line: nameColumn('line', '线路'),
  place: codeColumn('place', '区划代码', '地点'),
  carrier: nameColumn('carrier', '运营商'),
  technology: {
    titles: ['technology', '接入技术'],
    value: z.string().toLowerCase().pipe(z.enum(LINE_TECHNOLOGIES)),
    expects: {
      zh: LINE_TECHNOLOGIES.join('、'),
      en: `one of ${LINE_TECHNOLOGIES.join(', ')}`,
    },
  },
  downMbps: decimalColumn(0.001, 1_000_000, 'subscribedDownMbps', '签约下行Mbps'),
  upMbps: decimalColumn(0.001, 1_000_000, 'subscribedUpMbps', '签约上行Mbps'),
  opticalNode: textColumn(100, 'opticalNode', '光节点', 'OLT'),
  onu: textColumn(100, 'onu', 'ONU'),
  validFrom: dayColumn('validFrom', '启用日期'),
  validTo: dayColumn('validTo', '停用日期'),
} as const satisfies Columns;

type LineRow = RowOf<typeof LINE_COLUMNS>;

/** A file to begin with: the header and a row of it. */
export const LINE_TEMPLATE = `${Object.values(LINE_COLUMNS)
  .map(({ titles }) => titles[0])
  .join(',')}
xuanwu-000001,320102002001,telecom,ftth,500,50,OLT-XW-03,ZTEG12345678,2026-12-01,
`;

export interface LineContext {
  readonly lines: readonly LineVersion[];
  readonly places: readonly PlaceVersion[];
  /** Codes of the plan's carriers. */
  readonly carriers: readonly string[];
  /** The first day of rows that name none; null: every row names its own. */
  readonly validFrom: string | null;
}

export interface LineChanges {
  readonly lines: readonly LineVersion[];
  readonly faults: readonly RowFault[];
  readonly faultCount: number;
}

export function lineChanges(
  { rows, titles, present }: Rows<LineRow>,
  { lines, places, carriers, validFrom }: LineContext,
): LineChanges {
  const faults = new RowFaults({ titles });
  const history = new LineHistory(lines);
  const register = new PlaceHistory(places);
  const seen = new Map<string, number>();
  const dated = rows.map(({ line, row }) => ({
    line,
    row: { ...row, validFrom: row.validFrom ?? validFrom ?? '' },
  }));
  // By day, so that a line's later version finds its earlier one, wherever they stand in the file.
  dated.sort((a, b) =>
    a.row.validFrom < b.row.validFrom
      ? -1
      : Number(a.row.validFrom > b.row.validFrom) || a.line - b.line,
  );
  for (const { line, row } of dated) {
    const blame = faults.at(line);
    const { validFrom: first, validTo, downMbps, upMbps, ...its } = row;
    const { line: name, place, carrier } = its;
    if (first === '') {
      blame(
        'validFrom',
        'date-missing',
        `没有启用日期:请填“${LINE_COLUMNS.validFrom.titles[1]}”列或用 --valid-from`,
        `no first day: fill in "${LINE_COLUMNS.validFrom.titles[0]}" or give --valid-from`,
        name,
      );
      continue;
    }
    if (validTo !== null && validTo < first) {
      blame(
        'validTo',
        'ends-before-begins',
        `停用日期 ${validTo} 早于启用日期 ${first}`,
        `ends on ${validTo}, before it begins on ${first}`,
        validTo,
      );
      continue;
    }
    const before = seen.get(`${name} ${first}`);
    seen.set(`${name} ${first}`, line);
    if (before !== undefined)
      blame(
        'line',
        'line-twice',
        `${name} 自 ${first} 起在第 ${before} 行已有`,
        `${name} from ${first} stands in line ${before} already`,
        name,
      );
    if (!carriers.includes(carrier))
      blame(
        'carrier',
        'carrier-unknown',
        `规划中没有运营商 ${carrier},有:${carriers.join('、')}`,
        `the plan has no carrier ${carrier}; it has: ${carriers.join(', ')}`,
        carrier,
      );
    if (history.of(name).some(({ technology }) => technology === LOOPBACK))
      blame(
        'line',
        'line-reserved',
        `${name} 是站点自检线路,不能改`,
        `${name} is the station's own line`,
        name,
      );
    // What the file has no column for is as it was.
    const earlier = history.of(name).findLast((one) => one.validFrom <= first);
    const later = history.of(name).some((one) => one.validFrom > first);
    const kept = earlier && !later && first <= earlier.validTo ? earlier.validTo : FOREVER;
    const version: LineVersion = {
      ...its,
      subscribedDownBps: present.has('downMbps')
        ? bps(downMbps)
        : (earlier?.subscribedDownBps ?? null),
      subscribedUpBps: present.has('upMbps') ? bps(upMbps) : (earlier?.subscribedUpBps ?? null),
      opticalNode: present.has('opticalNode') ? its.opticalNode : (earlier?.opticalNode ?? ''),
      onu: present.has('onu') ? its.onu : (earlier?.onu ?? ''),
      validFrom: first,
      validTo: validTo ?? kept,
    };
    if (validTo === null && history.isAlready(version)) {
      if (!register.at(place, first)) blamePlace(blame, place, first, first);
      continue;
    }
    const { stays, gap } = staysOf(register, version);
    if (gap !== null) blamePlace(blame, gap.place, first, gap.day);
    for (const stay of stays) {
      const outcome = history.put(stay);
      if (before === undefined && outcome === 'exists')
        blame(
          'validFrom',
          'line-version-exists',
          `${name} 自 ${stay.validFrom} 起已登记为别的内容:请写实际变更的日期`,
          `${name} is registered otherwise from ${stay.validFrom}: give the day it really changed`,
          name,
        );
      if (outcome === 'overlaps')
        blame(
          'validTo',
          'line-overlap',
          `${name} 有更晚的版本:请写停用日期,且早于它`,
          `${name} has a later version: end this one before it begins`,
          name,
        );
    }
  }
  return { lines: history.changed(), faults: faults.list(), faultCount: faults.count };
}

/**
 * A line where it stands, place after place: from the day its place is recoded or merged it stands at what
 * became of it.
 *
 * @returns also the first day on which it would stand nowhere; null: there is none
 */
function staysOf(
  register: PlaceHistory,
  version: LineVersion,
): { readonly stays: LineVersion[]; readonly gap: { place: string; day: string } | null } {
  const stays: LineVersion[] = [];
  const last = version.validTo;
  for (let { place, validFrom } = version; ; ) {
    const day = register.gapIn(place, validFrom, last);
    if (day === null || day === validFrom) {
      stays.push({ ...version, place, validFrom });
      return { stays, gap: day === null ? null : { place, day } };
    }
    const validTo = dayBefore(day);
    stays.push({ ...version, place, validFrom, validTo });
    const { ending, successors } = register.at(place, validTo) ?? { ending: '', successors: [] };
    const [next] = ending === 'recode' || ending === 'merge' ? successors : [];
    if (next === undefined) return { stays, gap: { place, day } };
    place = next;
    validFrom = day;
  }
}

/** @param day the first on which the place is not there */
function blamePlace(blame: Blame, place: string, first: string, day: string): void {
  if (day === first)
    blame(
      'place',
      'place-unknown',
      `${place} 在 ${first} 不在登记册中`,
      `${place} is not in the register on ${first}`,
      place,
    );
  else
    blame(
      'place',
      'place-ends',
      `${place} 自 ${day} 起不在登记册中:请写停用日期,那天以后另写一行`,
      `${place} is not in the register from ${day}: give the line an end, and its days after that a row of their own`,
      place,
    );
}

function bps(mbps: number | null): number | null {
  return mbps === null ? null : Math.round(mbps * 1e6);
}
