/** The file that brings places: one row, one thing that happens to a place on a day. */
import { z } from 'zod';
import { nameSchema } from '../probes/measurement.ts';
import { codeColumn, countColumn, dayColumn, decimalColumn, textColumn } from './cells-of-file.ts';
import { REFERENCE_SYSTEMS } from './coordinates.ts';
import { LEVELS, type Level } from './register.ts';
import type { Columns, RowOf } from './table-file.ts';

/** What may happen, as a file spells it. */
export const PLACE_ACTIONS = {
  add: '新增',
  rename: '更名',
  recode: '改码',
  merge: '合并',
  split: '拆分',
  close: '撤销',
  outside: '省外服务',
  inside: '省内服务',
  describe: '补充',
} as const;
export type PlaceAction = keyof typeof PLACE_ACTIONS;

export const LEVEL_TITLES: Readonly<Record<Level, string>> = {
  province: '省',
  city: '市',
  county: '县',
  township: '乡',
  village: '村',
  hamlet: '自然村',
};

const actions = new Map<string, PlaceAction>([
  ['', 'add'],
  ...Object.entries(PLACE_ACTIONS).flatMap(([action, title]): [string, PlaceAction][] => [
    [action, action as PlaceAction],
    [title, action as PlaceAction],
  ]),
]);
const levels = new Map(
  LEVELS.flatMap((level): [string, Level][] => [
    [LEVEL_TITLES[level], level],
    [level, level],
  ]),
);
const systems = new Map(REFERENCE_SYSTEMS.map((crs) => [crs.toLowerCase(), crs] as const));

/** What a text stands for; the cell is refused where it stands for nothing. */
function oneOf<Value>(known: (text: string) => Value | undefined) {
  return z.string().transform((text, context): Value => {
    const value = known(text);
    if (value !== undefined) return value;
    context.addIssue('unknown');
    return z.NEVER;
  });
}

/** A code, or ''. */
function codeOrNone(...titles: readonly [string, ...string[]]) {
  const column = codeColumn(...titles);
  return { ...column, value: z.literal('').or(column.value), optional: true } as const;
}

export const PLACE_COLUMNS = {
  action: {
    titles: ['action', '变更'],
    value: oneOf((text) => actions.get(text.toLowerCase())),
    expects: {
      zh: Object.values(PLACE_ACTIONS).join('、'),
      en: `one of ${Object.keys(PLACE_ACTIONS).join(', ')}`,
    },
    optional: true,
  },
  code: codeColumn('code', '代码', '区划代码'),
  name: textColumn(100, 'name', '名称'),
  level: {
    titles: ['level', '级别'],
    value: oneOf((text) => (text === '' ? null : levels.get(text.toLowerCase()))),
    expects: { zh: Object.values(LEVEL_TITLES).join('、'), en: `one of ${LEVELS.join(', ')}` },
    optional: true,
  },
  parent: codeOrNone('parent', '上级代码'),
  kind: textColumn(50, 'kind', '类别'),
  newCode: codeOrNone('newCode', '新代码'),
  date: dayColumn('date', '生效日期'),
  validTo: dayColumn('validTo', '截止日期'),
  lat: decimalColumn(-90, 90, 'lat', '纬度'),
  lon: decimalColumn(-180, 180, 'lon', '经度'),
  crs: {
    titles: ['crs', '坐标系'],
    value: oneOf((text) =>
      text === '' ? null : systems.get(text.toLowerCase().replace(/[-_ ]/g, '')),
    ),
    expects: { zh: REFERENCE_SYSTEMS.join('、'), en: `one of ${REFERENCE_SYSTEMS.join(', ')}` },
    optional: true,
  },
  residents: countColumn(0, 2_000_000_000, 'residents', '常住人口'),
  households: countColumn(0, 2_000_000_000, 'households', '户籍户数'),
  asOf: countColumn(1949, 2149, 'asOf', '统计年份'),
  /** Of places served from outside: by which of them alone. */
  carriers: {
    ...textColumn(200, 'carriers', '运营商'),
    value: z
      .string()
      .transform((text) =>
        [...new Set(text.split(/[\s;、]+/).filter((name) => name !== ''))].sort(),
      )
      .pipe(z.array(nameSchema)),
    expects: {
      zh: '运营商代码,以空格或分号隔开',
      en: 'codes of carriers, set apart by spaces or semicolons',
    },
  },
  source: textColumn(200, 'source', '来源'),
  note: textColumn(500, 'note', '说明'),
} as const satisfies Columns;

export type PlaceRow = RowOf<typeof PLACE_COLUMNS>;

/** A file to begin with: the header and a row of it. */
export const PLACE_TEMPLATE = `${Object.values(PLACE_COLUMNS)
  .map(({ titles }) => titles[0])
  .join(',')}
新增,320102002001-001,小王庄,自然村,320102002001,,,2026-12-01,,32.0617,118.7969,CGCS2000,312,96,2025,,玄武区统计年鉴 2025,
`;
