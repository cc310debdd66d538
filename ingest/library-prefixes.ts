/** Prefixes as a file brings them. */
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
import type { Imported, Origin } from './import.ts';
import { PREFIX_IMPORT, PURPOSES } from './library.ts';
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

export const PREFIX_COLUMNS = {
  prefix: text('prefix', '地址段'),
  holder: text('holder', '持有单位'),
  carrier: text('carrier', '运营商'),
  area: text('area', '区划代码'),
  purpose: text('purpose', '用途'),
  partOf: { ...text('partOf', '上级地址段'), optional: true },
  validFrom: day('validFrom', '起日'),
  validTo: { ...day('validTo', '止日'), optional: true },
  source: text('source', '来源'),
} as const satisfies Columns;

type Row = Omit<InsertOf<'library_prefix'>, 'import'>;

const PREFIX_KIND: EntryKind<typeof PREFIX_COLUMNS, Row> = {
  name: PREFIX_IMPORT,
  columns: PREFIX_COLUMNS,
  subject: { column: 'prefix', zh: '地址段、持有单位', en: 'prefix, holder' },
  subjectOf: ({ prefix, holder }) => JSON.stringify([prefix, holder]),
  read: readPrefix,
  batch: (name, rows) => ({
    table: 'library_prefix',
    rows: rows.map((row) => ({ import: name, ...row })),
  }),
};

/** Pure: the rows of a sheet, or all that is wrong with it. */
export function readPrefixes(sheet: Sheet | RowFault, known: Known): CheckedEntries<Row> {
  return readEntries(sheet, PREFIX_KIND, known);
}

/** @throws Fault as {@link importEntries} */
export function importPrefixes(store: Store, origin: Origin, run: LibraryRun): Promise<Imported> {
  return importEntries(store, PREFIX_KIND, origin, run);
}

function readPrefix(row: RowOf<typeof PREFIX_COLUMNS>, { blame, warn, known }: Judging): Row {
  const space = parsePrefix(row.prefix);
  if (!isPrefix(space)) blame('prefix', space.code, ...wordsOf(space), row.prefix);
  checkOneOf('purpose', 'purpose-unknown', PURPOSES, row.purpose, blame);
  if (row.carrier !== '' && checkName('carrier', 'carrier-malformed', row.carrier, blame))
    if (!known.carriers.has(row.carrier))
      warn(
        'carrier',
        'carrier-not-in-plan',
        '计划中没有这家运营商,任何线路都会与之矛盾',
        'the plan has no such carrier: every line will contradict it',
        row.carrier,
      );
  const days = checkEntry(row, known.areas, blame);
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
  const partOf = wider && isPrefix(wider) ? prefixText(wider) : '';
  return { ...row, ...days, prefix, partOf };
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
