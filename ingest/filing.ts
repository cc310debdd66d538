/**
 * A carrier's monthly filing as it comes: two sheets, one of places and one of areas, each cell and
 * each row checked against the month and its register. Pure.
 */
import { z } from 'zod';
import { countColumn, dayColumn, textColumn } from './cells-of-file.ts';
import { monthDays } from './month.ts';
import type { Level, Register } from './register.ts';
import { RowFaults } from './row-faults.ts';
import {
  type Column,
  type Columns,
  type RowFault,
  type RowOf,
  readTable,
  type Sheet,
} from './table-file.ts';

/** Fibre, wherever it ends: what is declared of it is never confirmed without its optical node. */
const FIBRE_TECHNOLOGIES = ['ftth', 'fttb', 'fttn'] as const;
/** What a place may be reached by on its own ground. */
export const FIXED_TECHNOLOGIES = [...FIBRE_TECHNOLOGIES, 'docsis', 'dsl'] as const;
const FILED_TECHNOLOGIES = [
  ...FIXED_TECHNOLOGIES,
  ...(['lte', 'nr', 'fwa', 'satellite', 'none'] as const),
] as const;

const YES: ReadonlySet<string> = new Set(['是', 'yes', 'y', 'true', '1']);
const NO: ReadonlySet<string> = new Set(['否', 'no', 'n', 'false', '0']);

const code = {
  titles: ['区划代码', 'code'],
  value: z.string().regex(/^\d{2,12}(-\d{3})?$/),
  expects: {
    zh: '区划代码的全部数字(表格软件中请设为文本格式)',
    en: 'all digits of a code (keep the column as text in a spreadsheet)',
  },
} as const;
/** For people; the code alone says which place is meant. */
const name = {
  titles: ['名称', 'name'],
  value: z.string(),
  expects: { zh: '名称', en: 'a name' },
  optional: true,
} as const;
const note = textColumn(500, '备注', 'note');

const PLACE_COLUMNS = {
  code,
  name,
  reached: {
    titles: ['光纤是否通达', 'reached'],
    value: z
      .string()
      .toLowerCase()
      .refine((text) => YES.has(text) || NO.has(text))
      .transform((text) => YES.has(text)),
    expects: { zh: '是 或 否', en: 'yes or no' },
    choices: ['是', '否'],
  },
  technology: {
    titles: ['接入技术', 'technology'],
    value: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['', ...FILED_TECHNOLOGIES])),
    expects: { zh: FILED_TECHNOLOGIES.join('、'), en: `one of ${FILED_TECHNOLOGIES.join(', ')}` },
    choices: FILED_TECHNOLOGIES,
  },
  opticalNode: { ...textColumn(100, '光节点', 'optical node', 'olt'), optional: false },
  reachedOn: { ...dayColumn('通达日期', 'date reached'), optional: false },
  mobile: {
    titles: ['移动网络覆盖', 'mobile'],
    value: z
      .string()
      .toLowerCase()
      .pipe(z.enum(['', 'none', 'lte', 'nr'])),
    expects: { zh: 'none、lte 或 nr', en: 'none, lte or nr' },
    optional: true,
    choices: ['none', 'lte', 'nr'],
  },
  note,
} as const satisfies Columns;

/** Beyond what a province has of anything. */
const MOST = 1e9;
const amount = (...titles: [string, string]) => countColumn(0, MOST, ...titles);

const AREA_COLUMNS = {
  code,
  name,
  tierBelow4: amount('4M 以下用户', 'subscribers below 4'),
  tier4: amount('4M 至 12M 用户', 'subscribers 4 to 12'),
  tier12: amount('12M 至 20M 用户', 'subscribers 12 to 20'),
  tier20: amount('20M 至 50M 用户', 'subscribers 20 to 50'),
  tier50: amount('50M 至 100M 用户', 'subscribers 50 to 100'),
  tier100: amount('100M 至 1000M 用户', 'subscribers 100 to 1000'),
  tier1000: amount('1000M 及以上用户', 'subscribers from 1000'),
  subscribers: amount('宽带用户总数', 'subscribers'),
  households: amount('家庭户数', 'households'),
  residents: amount('常住人口', 'residents'),
  cableHouseholds: amount('有线电视户数', 'cable households'),
  digitalHouseholds: amount('其中数字化户数', 'digital households'),
  twoWayHouseholds: amount('其中双向户数', 'two-way households'),
  cableSubscribers: amount('有线宽带用户', 'cable subscribers'),
  ipv6Terminals: amount('支持 IPv6 终端数', 'ipv6 terminals'),
  terminals: amount('终端总数', 'terminals'),
  hotspots: amount('热点数', 'hotspots'),
  baseStations: amount('基站数', 'base stations'),
  platformUsers: amount('三网融合平台用户', 'platform users'),
  note,
} as const satisfies Columns;

type FiledPlace = RowOf<typeof PLACE_COLUMNS>;
type FiledArea = RowOf<typeof AREA_COLUMNS>;

export type SheetKind = 'places' | 'areas';

const LEVELS_OF: Readonly<Record<SheetKind, readonly Level[]>> = {
  places: ['village', 'hamlet'],
  areas: ['province', 'city', 'county', 'township'],
};

/** Levels of the places a sheet is about. */
export function sheetLevels(kind: SheetKind): readonly Level[] {
  return LEVELS_OF[kind];
}

/** A sheet's columns in the order we write them: the code, the name, and what is to be stated. */
export function sheetColumns(kind: SheetKind): readonly Column[] {
  return Object.values(kind === 'places' ? PLACE_COLUMNS : AREA_COLUMNS);
}

/** What a filing is checked against. */
export interface FilingContext {
  /** `YYYY-MM`. */
  readonly month: string;
  /** As of the month's last day. */
  readonly register: Register;
}

export interface SheetRead<Row> {
  readonly rows: readonly { readonly line: number; readonly row: Row }[];
  /** At most {@link FAULTS_KEPT}; none: the sheet may be stored. */
  readonly faults: readonly RowFault[];
  readonly faultCount: number;
  /** What may be stored and wants a look; at most {@link FAULTS_KEPT}. */
  readonly warnings: readonly RowFault[];
  readonly warningCount: number;
}

/** Villages and hamlets: reached, by what, from which node, since when. */
export function readPlaceSheet(
  sheet: Sheet | RowFault,
  context: FilingContext,
): SheetRead<FiledPlace> {
  const { last } = monthDays(context.month);
  return readSheet(sheet, PLACE_COLUMNS, LEVELS_OF.places, context, (line, row, blame, warn) => {
    if (!row.reached) return;
    const { technology, opticalNode, reachedOn } = row;
    if (technology === '')
      blame.add(
        line,
        'technology',
        'technology-missing',
        '已通达却未写接入技术',
        'reached without a technology',
      );
    else if (!(FIXED_TECHNOLOGIES as readonly string[]).includes(technology))
      blame.add(
        line,
        'technology',
        'technology-not-fixed',
        '光纤通达不能以此技术申报',
        'this technology cannot stand for fibre reach',
        technology,
      );
    else if (isFibre(technology) && opticalNode === '')
      warn.add(
        line,
        'opticalNode',
        'optical-node-missing',
        '未写光节点:此处永远不能判为证实',
        'no optical node: this place can never be confirmed',
      );
    if (reachedOn === null)
      blame.add(
        line,
        'reachedOn',
        'date-missing',
        '已通达却未写通达日期',
        'reached without a date',
      );
    else if (reachedOn > last)
      blame.add(
        line,
        'reachedOn',
        'date-after-month',
        `通达日期晚于填报月末 ${last}`,
        `reached after the month's end, ${last}`,
        reachedOn,
      );
  });
}

/** Provinces to townships: how many of what. */
export function readAreaSheet(
  sheet: Sheet | RowFault,
  context: FilingContext,
): SheetRead<FiledArea> {
  return readSheet(sheet, AREA_COLUMNS, LEVELS_OF.areas, context, (line, row, blame, warn) => {
    const tiers = [
      row.tierBelow4,
      row.tier4,
      row.tier12,
      row.tier20,
      row.tier50,
      row.tier100,
      row.tier1000,
    ];
    const stated = tiers.filter((tier) => tier !== null);
    const sum = stated.reduce((whole, tier) => whole + tier, 0);
    const { subscribers } = row;
    if (
      subscribers !== null &&
      (stated.length === tiers.length ? sum !== subscribers : sum > subscribers)
    )
      blame.add(
        line,
        'subscribers',
        'tiers-differ',
        `各速率档合计 ${sum},与总数不符`,
        `the tiers add up to ${sum}, not to the total`,
        String(subscribers),
      );
    for (const [part, whole] of [
      ['digitalHouseholds', 'cableHouseholds'],
      ['twoWayHouseholds', 'digitalHouseholds'],
      ['twoWayHouseholds', 'cableHouseholds'],
      ['ipv6Terminals', 'terminals'],
    ] as const) {
      const [few, many] = [row[part], row[whole]];
      const [title, english] = AREA_COLUMNS[part].titles;
      const [wholeTitle, wholeEnglish] = AREA_COLUMNS[whole].titles;
      if (few !== null && many !== null && few > many)
        blame.add(
          line,
          part,
          'part-exceeds-whole',
          `“${title}”多于“${wholeTitle}”${many}`,
          `${english} exceed ${wholeEnglish}, ${many}`,
          String(few),
        );
    }
    if (
      subscribers !== null &&
      row.households !== null &&
      subscribers > row.households &&
      row.note === ''
    )
      warn.add(
        line,
        'note',
        'penetration-unexplained',
        '宽带用户多于家庭户数:可以如此,请在备注中说明',
        'more subscribers than households: that may be, say why in the note',
        String(subscribers),
      );
  });
}

export function isFibre(technology: string): boolean {
  return (FIBRE_TECHNOLOGIES as readonly string[]).includes(technology);
}

/** Which of the two sheets a file is, by its header. */
export function sheetKind(sheet: Sheet | RowFault): SheetKind {
  const header = 'header' in sheet ? sheet.header : [];
  const titles: readonly string[] = PLACE_COLUMNS.reached.titles;
  return header.some((title) => titles.includes(title.toLowerCase())) ? 'places' : 'areas';
}

function readSheet<const Of extends Columns & { readonly code: typeof code }>(
  sheet: Sheet | RowFault,
  columns: Of,
  levels: readonly Level[],
  { register }: FilingContext,
  check: (line: number, row: RowOf<Of>, blame: RowFaults, warn: RowFaults) => void,
): SheetRead<RowOf<Of>> {
  const read = readTable(sheet, columns);
  const [blame, warn] = [new RowFaults(read), new RowFaults({ titles: read.titles })];
  const seen = new Map<string, number>();
  for (const { line, row } of read.rows) {
    const own = row.code as string;
    const place = register.find(own);
    const first = seen.get(own);
    if (!place)
      blame.add(
        line,
        'code',
        'place-unknown',
        '填报月末的登记册中没有此代码',
        "the register has no such code at the month's end",
        own,
      );
    else if (!levels.includes(place.level))
      blame.add(
        line,
        'code',
        'level-wrong',
        `${place.name}的级别不属于本表`,
        `${place.level} does not belong on this sheet`,
        own,
      );
    if (first !== undefined)
      blame.add(
        line,
        'code',
        'place-twice',
        `此代码已在第 ${first} 行`,
        `this code stands on line ${first} already`,
        own,
      );
    else seen.set(own, line);
    check(line, row, blame, warn);
  }
  return {
    rows: read.rows,
    faults: blame.list(),
    faultCount: blame.count,
    warnings: warn.list(),
    warningCount: warn.count,
  };
}
