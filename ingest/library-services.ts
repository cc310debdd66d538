/** Registered names and services as a file brings them. */
import type { InsertOf } from '../sql/rows.ts';
import type { Store } from '../sql/store.ts';
import { domainName, hostOf } from './domain-name.ts';
import type { Imported, Origin } from './import.ts';
import { SERVICE_IMPORT, SERVICE_KINDS, SERVICE_LEVELS } from './library.ts';
import {
  type CheckedEntries,
  type EntryKind,
  importEntries,
  type Judging,
  type Known,
  type LibraryRun,
  readEntries,
} from './library-file.ts';
import { checkEntry, checkName, checkOneOf, day, text } from './library-row.ts';
import type { Columns, RowFault, RowOf, Sheet } from './table-file.ts';

export const SERVICE_COLUMNS = {
  name: text('name', '域名'),
  holder: text('holder', '持有单位'),
  kind: text('kind', '类别'),
  level: text('level', '层级'),
  area: text('area', '区划代码'),
  url: text('url', '主页'),
  families: text('families', '协议'),
  lines: { ...text('lines', '线路'), optional: true },
  validFrom: day('validFrom', '起日'),
  validTo: { ...day('validTo', '止日'), optional: true },
  source: text('source', '来源'),
} as const satisfies Columns;

type Row = Omit<InsertOf<'library_service'>, 'import'>;

const FAMILIES: Readonly<Record<string, number[]>> = { '4': [4], '6': [6], '4+6': [4, 6] };

const SERVICE_KIND: EntryKind<typeof SERVICE_COLUMNS, Row> = {
  name: SERVICE_IMPORT,
  columns: SERVICE_COLUMNS,
  subject: { column: 'name', zh: '域名', en: 'name' },
  subjectOf: ({ name }) => name,
  read: readService,
  batch: (name, rows) => ({
    table: 'library_service',
    rows: rows.map((row) => ({ import: name, ...row })),
  }),
};

/** Pure: the rows of a sheet, or all that is wrong with it. */
export function readServices(sheet: Sheet | RowFault, known: Known): CheckedEntries<Row> {
  return readEntries(sheet, SERVICE_KIND, known);
}

/** @throws Fault as {@link importEntries} */
export function importServices(store: Store, origin: Origin, run: LibraryRun): Promise<Imported> {
  return importEntries(store, SERVICE_KIND, origin, run);
}

function readService(row: RowOf<typeof SERVICE_COLUMNS>, { blame, warn, known }: Judging): Row {
  const name = domainName(row.name);
  if (name === null)
    blame(
      'name',
      'domain-malformed',
      '不是域名,应如 www.jiangsu.gov.cn',
      'not a domain name such as www.jiangsu.gov.cn',
      row.name,
    );
  checkOneOf('kind', 'kind-unknown', SERVICE_KINDS, row.kind, blame);
  checkOneOf('level', 'level-unknown', SERVICE_LEVELS, row.level, blame);
  checkOneOf('families', 'families-unknown', Object.keys(FAMILIES), row.families, blame);
  const days = checkEntry(row, known.areas, blame);
  const url = homePage(row.url);
  if (url === null)
    blame(
      'url',
      'url-malformed',
      '应为 http 或 https 网址,不含用户名',
      'wants an http or https address without a user',
      row.url,
    );
  else if (name !== null && hostOf(url) !== name && !hostOf(url).endsWith(`.${name}`))
    blame(
      'url',
      'url-elsewhere',
      `主页不在域名 ${name} 之下`,
      `is not under the name ${name}`,
      row.url,
    );
  const lines = row.lines.split(/[\s;]+/).filter((line) => line !== '');
  for (const line of lines)
    if (checkName('lines', 'line-malformed', line, blame) && !known.lines.has(line))
      warn(
        'lines',
        'line-unknown',
        '登记册中没有这条线路,它的出口不会被核对',
        'the register has no such line: its egress is never checked',
        line,
      );
  return {
    ...row,
    ...days,
    name: name ?? row.name,
    original: row.name,
    url: url ?? '',
    families: FAMILIES[row.families] ?? [],
    lines: [...new Set(lines)].sort(),
  };
}

function homePage(written: string): string | null {
  if (written.length > 500 || !URL.canParse(written)) return null;
  const { protocol, username, password, href } = new URL(written);
  const good = /^https?:$/.test(protocol) && username === '' && password === '';
  return good && !/\p{C}/u.test(href) ? href : null;
}
