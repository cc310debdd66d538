/** The file that brings lines, and what it does to those there are. Pure. */
import { z } from 'zod';
import { nameSchema } from '../probes/measurement.ts';
import { LOOPBACK } from './binding.ts';
import { dayColumn, decimalColumn, textColumn } from './cells-of-file.ts';
import { FOREVER } from './days.ts';
import { LineHistory, type LineVersion } from './line-history.ts';
import { PlaceHistory, type PlaceVersion } from './place-history.ts';
import { RowFaults } from './row-faults.ts';
import type { Columns, RowFault, RowOf } from './table-file.ts';

/** What a filed line may be. */
export const LINE_TECHNOLOGIES = [
  ...(['ftth', 'fttb', 'fttn', 'docsis', 'dsl'] as const),
  ...(['lte', 'nr', 'fwa', 'satellite', 'ethernet'] as const),
] as const;

const NAME = {
  zh: '小写字母、数字和连字符,最长 63 个字符',
  en: 'lower-case letters, digits and hyphens, at most 63',
};

export const LINE_COLUMNS = {
  line: { titles: ['line', '线路'], value: nameSchema, expects: NAME },
  place: {
    titles: ['place', '区划代码', '地点'],
    value: z.string().regex(/^\d{2,12}(-\d{3})?$/),
    expects: { zh: '区划代码', en: 'the code of a place' },
  },
  carrier: { titles: ['carrier', '运营商'], value: nameSchema, expects: NAME },
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
  rows: readonly { readonly line: number; readonly row: LineRow }[],
  { lines, places, carriers, validFrom }: LineContext,
): LineChanges {
  const faults = new RowFaults();
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
    const blame = (column: string, code: string, zh: string, en: string, text: string) =>
      faults.add(line, column, code, zh, en, text);
    const { validFrom: first, validTo, downMbps, upMbps, ...its } = row;
    if (first === '') {
      blame(
        'validFrom',
        'date-missing',
        '没有启用日期:请填 validFrom 列或用 --valid-from',
        'no first day: fill in "validFrom" or give --valid-from',
        its.line,
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
    const before = seen.get(`${its.line} ${first}`);
    seen.set(`${its.line} ${first}`, line);
    if (before !== undefined)
      blame(
        'line',
        'line-twice',
        `${its.line} 自 ${first} 起在第 ${before} 行已有`,
        `${its.line} from ${first} stands in line ${before} already`,
        its.line,
      );
    if (!register.at(its.place, first))
      blame(
        'place',
        'place-unknown',
        `${its.place} 在 ${first} 不在登记册中`,
        `${its.place} is not in the register on ${first}`,
        its.place,
      );
    if (!carriers.includes(its.carrier))
      blame(
        'carrier',
        'carrier-unknown',
        `规划中没有运营商 ${its.carrier},有:${carriers.join('、')}`,
        `the plan has no carrier ${its.carrier}; it has: ${carriers.join(', ')}`,
        its.carrier,
      );
    if (history.of(its.line).some(({ technology }) => technology === LOOPBACK))
      blame(
        'line',
        'line-reserved',
        `${its.line} 是站点自检线路,不能改`,
        `${its.line} is the station's own line`,
        its.line,
      );
    const outcome = history.put(
      {
        ...its,
        subscribedDownBps: bps(downMbps),
        subscribedUpBps: bps(upMbps),
        validFrom: first,
        validTo: validTo ?? FOREVER,
      },
      validTo === null,
    );
    if (before === undefined && outcome === 'exists')
      blame(
        'validFrom',
        'line-version-exists',
        `${its.line} 自 ${first} 起已登记为别的内容:请写实际变更的日期`,
        `${its.line} is registered otherwise from ${first}: give the day it really changed`,
        its.line,
      );
    if (outcome === 'overlaps')
      blame(
        'validTo',
        'line-overlap',
        `${its.line} 有更晚的版本:请写停用日期,且早于它`,
        `${its.line} has a later version: end this one before it begins`,
        its.line,
      );
  }
  return { lines: history.changed(), faults: faults.list(), faultCount: faults.count };
}

function bps(mbps: number | null): number | null {
  return mbps === null ? null : Math.round(mbps * 1e6);
}
