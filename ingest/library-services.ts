/** Registered names and services as a file brings them: read, checked row by row, stored as one import. */
import { domainToASCII } from 'node:url';
import type { InsertOf } from '../sql/rows.ts';
import type { Store } from '../sql/store.ts';
import {
  type Checked,
  type Imported,
  type ImportRun,
  type Origin,
  refuseKnown,
  settleImport,
} from './import.ts';
import { hostOf, SERVICE_IMPORT, SERVICE_KINDS, SERVICE_LEVELS } from './library.ts';
import { checkEntry, checkName, checkOneOf, text } from './library-row.ts';
import type { Register } from './register.ts';
import { RowFaults } from './row-faults.ts';
import { type Columns, csvSheet, readTable } from './table-file.ts';

export const SERVICE_COLUMNS = {
  name: text('name', '域名'),
  holder: text('holder', '持有单位'),
  kind: text('kind', '类别'),
  level: text('level', '层级'),
  area: text('area', '区划代码'),
  url: text('url', '主页'),
  families: text('families', '协议'),
  lines: { ...text('lines', '线路'), optional: true },
  validFrom: text('validFrom', '起日'),
  validTo: { ...text('validTo', '止日'), optional: true },
  source: text('source', '来源'),
} as const satisfies Columns;

type Row = Omit<InsertOf<'library_service'>, 'import'>;

const FAMILIES: Readonly<Record<string, number[]>> = { '4': [4], '6': [6], '4+6': [4, 6] };

/** Pure: the rows of a file, or all that is wrong with it. */
export function readServices(bytes: Uint8Array, register: Register): Checked<Row> {
  const read = readTable(csvSheet(bytes), SERVICE_COLUMNS);
  const faults = new RowFaults(read);
  const seen = new Map<string, number>();
  const rows = read.rows.map(({ line, row }): Row => {
    const blame = faults.at(line);
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
    const days = checkEntry(row, register, blame);
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
    for (const own of lines) checkName('lines', 'line-malformed', own, blame);
    const key = `${name ?? row.name} ${row.validFrom}`;
    const before = seen.get(key);
    if (before !== undefined)
      blame(
        'name',
        'entry-twice',
        `与第 ${before} 行重复(同一域名、起日)`,
        `is there already on line ${before} (same name and first day)`,
        row.name,
      );
    else seen.set(key, line);
    return {
      ...row,
      ...days,
      name: name ?? '',
      original: row.name,
      url: url ?? '',
      families: FAMILIES[row.families] ?? [],
      lines: [...new Set(lines)].sort(),
    };
  });
  return { rows, faults: faults.list(), faultCount: faults.count };
}

/**
 * Whole or not at all; a dry run stores nothing.
 *
 * @throws Fault `already-imported`
 */
export async function importServices(
  store: Store,
  register: Register,
  origin: Origin,
  run: ImportRun,
): Promise<Imported> {
  await refuseKnown(store, SERVICE_IMPORT, origin.bytes);
  const checked = readServices(origin.bytes, register);
  return settleImport(store, SERVICE_IMPORT, origin, run, checked, (name) => [
    { table: 'library_service', rows: checked.rows.map((row) => ({ import: name, ...row })) },
  ]);
}

/** A name of at least two labels as DNS has it, from any script (UTS 46); null for anything else. */
export function domainName(written: string): string | null {
  if (written.length > 253 || /[\s\p{C}/:@?#[\]%\\]/u.test(written)) return null;
  const ascii = domainToASCII(written).replace(/\.$/, '');
  const label = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?';
  const isName = new RegExp(`^(?:${label}\\.)+${label}$`).test(ascii) && ascii.length <= 253;
  // The last label of an IPv4 address is a number, which no name's is (RFC 1123 §2.1).
  return isName && !/\.\d+$/.test(ascii) ? ascii : null;
}

function homePage(written: string): string | null {
  if (written.length > 500 || !URL.canParse(written)) return null;
  const { protocol, username, password, href } = new URL(written);
  const good = /^https?:$/.test(protocol) && username === '' && password === '';
  return good && !/\p{C}/u.test(href) ? href : null;
}
