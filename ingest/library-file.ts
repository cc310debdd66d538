/**
 * Files of the library, of either kind: read, checked row by row, stored as one import. What a row says
 * is its kind's own.
 */
import type { Store } from '../sql/store.ts';
import {
  type Batch,
  type Checked,
  type Imported,
  type ImportRun,
  type Origin,
  refuseKnown,
  settleImport,
} from './import.ts';
import { type Blame, RowFaults } from './row-faults.ts';
import { onlySheet } from './sheets-of-file.ts';
import { type Columns, type RowFault, type RowOf, readTable, type Sheet } from './table-file.ts';

/** What entries are held against. */
export interface Known {
  /** Codes any version of the register ever had: entries of the past are brought in, too. */
  readonly areas: ReadonlySet<string>;
  readonly lines: ReadonlySet<string>;
  readonly carriers: ReadonlySet<string>;
}

/** Where a row's faults go, and what its author should look at. */
export interface Judging {
  readonly blame: Blame;
  readonly warn: Blame;
  readonly known: Known;
}

export interface EntryKind<Of extends Columns, Row> {
  /** Of its imports. */
  readonly name: string;
  readonly columns: Of;
  /** What tells entries apart, the first day aside. */
  readonly subject: {
    readonly column: keyof Of & string;
    readonly zh: string;
    readonly en: string;
  };
  readonly subjectOf: (row: Row) => string;
  readonly read: (row: RowOf<Of>, judging: Judging) => Row;
  readonly batch: (name: string, rows: readonly Row[]) => Batch;
}

export interface CheckedEntries<Row> extends Checked<Row> {
  readonly warnings: readonly RowFault[];
  readonly warningCount: number;
}

/** Pure: the rows of a sheet, or all that is wrong with it. */
export function readEntries<Of extends Columns, Row extends { readonly validFrom: string }>(
  sheet: Sheet | RowFault,
  { columns, subject, subjectOf, read: readRow }: EntryKind<Of, Row>,
  known: Known,
): CheckedEntries<Row> {
  const read = readTable(sheet, columns);
  const faults = new RowFaults(read);
  const warnings = new RowFaults({ titles: read.titles });
  const seen = new Map<string, number>();
  const rows = read.rows.map(({ line, row: cells }) => {
    const blame = faults.at(line);
    const row = readRow(cells, { blame, warn: warnings.at(line), known });
    const key = JSON.stringify([subjectOf(row), row.validFrom]);
    const before = seen.get(key);
    if (before === undefined) seen.set(key, line);
    else
      blame(
        subject.column,
        'entry-twice',
        `与第 ${before} 行重复(同一${subject.zh}、起日)`,
        `is there already on line ${before} (same ${subject.en} and first day)`,
        String(cells[subject.column]),
      );
    return row;
  });
  return {
    rows,
    ...{ faults: faults.list(), faultCount: faults.count },
    ...{ warnings: warnings.list(), warningCount: warnings.count },
  };
}

export interface LibraryRun extends ImportRun {
  /** Codes of the plan's carriers. */
  readonly carriers: readonly string[];
}

/**
 * Whole or not at all; a dry run stores nothing.
 *
 * @throws Fault `already-imported`, those of {@link onlySheet}
 */
export async function importEntries<Of extends Columns, Row extends { readonly validFrom: string }>(
  store: Store,
  kind: EntryKind<Of, Row>,
  origin: Origin,
  run: LibraryRun,
): Promise<Imported> {
  await refuseKnown(store, kind.name, origin.bytes);
  const [places, lines] = await Promise.all([
    store.query('place_codes', {}),
    store.query('line_versions', {}),
  ]);
  const checked = readEntries(onlySheet(origin), kind, {
    areas: new Set(places.map(({ code }) => code)),
    lines: new Set(lines.map(({ line }) => line)),
    carriers: new Set(run.carriers),
  });
  const { warnings, warningCount } = checked;
  const stored = await settleImport(store, kind.name, origin, run, checked, (name) => [
    kind.batch(name, checked.rows),
  ]);
  return { ...stored, warnings, warningCount };
}
