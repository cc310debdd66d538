/** Prefixes as a file brings them: read, checked row by row, stored as one import. */
import type { InsertOf } from '../sql/rows.ts';
import type { Store } from '../sql/store.ts';
import {
  covers,
  isPrefix,
  isPublic,
  type Prefix,
  type PrefixRefusal,
  parsePrefix,
  prefixText,
} from './address-space.ts';
import {
  type Checked,
  type Imported,
  type ImportRun,
  type Origin,
  refuseKnown,
  settleImport,
} from './import.ts';
import { PREFIX_IMPORT, PURPOSES } from './library.ts';
import { checkEntry, checkName, checkOneOf, text } from './library-row.ts';
import type { Register } from './register.ts';
import { RowFaults } from './row-faults.ts';
import { type Columns, csvSheet, readTable } from './table-file.ts';

export const PREFIX_COLUMNS = {
  prefix: text('prefix', '地址段'),
  holder: text('holder', '持有单位'),
  carrier: text('carrier', '运营商'),
  area: text('area', '区划代码'),
  purpose: text('purpose', '用途'),
  partOf: { ...text('partOf', '上级地址段'), optional: true },
  validFrom: text('validFrom', '起日'),
  validTo: { ...text('validTo', '止日'), optional: true },
  source: text('source', '来源'),
} as const satisfies Columns;

type Row = Omit<InsertOf<'library_prefix'>, 'import'>;

/** Pure: the rows of a file, or all that is wrong with it. */
export function readPrefixes(bytes: Uint8Array, register: Register): Checked<Row> {
  const read = readTable(csvSheet(bytes), PREFIX_COLUMNS);
  const faults = new RowFaults(read);
  const seen = new Map<string, number>();
  const rows = read.rows.map(({ line, row }): Row => {
    const blame = faults.at(line);
    const space = parsePrefix(row.prefix);
    if (!isPrefix(space)) blame('prefix', space.code, ...wordsOf(space), row.prefix);
    checkOneOf('purpose', 'purpose-unknown', PURPOSES, row.purpose, blame);
    if (row.carrier !== '') checkName('carrier', 'carrier-malformed', row.carrier, blame);
    const days = checkEntry(row, register, blame);
    if (isPrefix(space) && row.purpose !== 'reserved' && !isPublic(space))
      blame(
        'prefix',
        'prefix-not-public',
        '含私有、保留或 2000::/3 之外的地址,只可登记为 reserved',
        'holds private or reserved addresses, or such outside 2000::/3: only for the purpose reserved',
        row.prefix,
      );
    const wider = row.partOf === '' ? null : parsePrefix(row.partOf);
    if (wider && !(isPrefix(wider) && isPrefix(space) && isWider(wider, space)))
      blame(
        'partOf',
        'part-of-malformed',
        '上级地址段应为包含本段的更大地址段',
        'wants a wider prefix that covers this one',
        row.partOf,
      );
    const prefix = isPrefix(space) ? prefixText(space) : row.prefix;
    const key = JSON.stringify([prefix, row.holder, row.validFrom]);
    const before = seen.get(key);
    if (before !== undefined)
      blame(
        'prefix',
        'entry-twice',
        `与第 ${before} 行重复(同一地址段、持有单位、起日)`,
        `is there already on line ${before} (same prefix, holder and first day)`,
        row.prefix,
      );
    else seen.set(key, line);
    const partOf = wider && isPrefix(wider) ? prefixText(wider) : '';
    return { ...row, ...days, prefix, partOf };
  });
  return { rows, faults: faults.list(), faultCount: faults.count };
}

/**
 * Whole or not at all; a dry run stores nothing.
 *
 * @throws Fault `already-imported`
 */
export async function importPrefixes(
  store: Store,
  register: Register,
  origin: Origin,
  run: ImportRun,
): Promise<Imported> {
  await refuseKnown(store, PREFIX_IMPORT, origin.bytes);
  const checked = readPrefixes(origin.bytes, register);
  return settleImport(store, PREFIX_IMPORT, origin, run, checked, (name) => [
    { table: 'library_prefix', rows: checked.rows.map((row) => ({ import: name, ...row })) },
  ]);
}

function isWider(wider: Prefix, space: Prefix): boolean {
  return wider.family === space.family && wider.bits < space.bits && covers(wider, space);
}

function wordsOf(refusal: PrefixRefusal): readonly [zh: string, en: string] {
  switch (refusal.code) {
    case 'prefix-malformed':
      return [
        '不是地址段,应如 58.240.0.0/15 或 240e:3a0::/28',
        'not a prefix such as 58.240.0.0/15 or 240e:3a0::/28',
      ];
    case 'prefix-scoped':
      return ['地址段不能带接口(%)', 'a prefix has no scope (%)'];
    case 'prefix-mapped':
      return ['含 IPv4 映射地址:请写成 IPv4 地址段', 'holds IPv4-mapped addresses: write IPv4'];
    case 'prefix-family':
      return ['IPv4 地址段长度最多 32', 'the length of an IPv4 prefix is 32 at most'];
    case 'prefix-host-bits':
      return [
        `主机位不为零,是否应为 ${refusal.meant}`,
        `host bits are set: ${refusal.meant} may be meant`,
      ];
  }
}
