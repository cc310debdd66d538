/**
 * Tables that people bring: a header and rows under it, from a CSV or a spreadsheet. Every cell that will
 * not do is named by line and column, all of them at once, so that a file is mended in one go. Pure.
 */
import { CsvError, parse } from 'csv-parse/sync';
import type { z } from 'zod';

/** A column as its file may spell it. */
export interface Column {
  /** What the header calls it; the first is ours, the others are accepted. Case and spaces around do not matter. */
  readonly titles: readonly [string, ...string[]];
  /** From the cell's text, spaces around it removed; '' where the file has no such column. */
  readonly value: z.ZodType<unknown, string>;
  /** What a cell must be, to finish the sentence "expected …". */
  readonly expects: { readonly zh: string; readonly en: string };
  /** Whether the header may lack it. */
  readonly optional?: boolean;
  /** What a spreadsheet's cells under it may be beside texts; without it, what would lose something as a text is refused. */
  readonly holds?: 'number' | 'day';
  /** What a spreadsheet may offer to choose from. */
  readonly choices?: readonly string[];
}

export type Columns = Readonly<Record<string, Column>>;
export type RowOf<Of extends Columns> = {
  readonly [Name in keyof Of]: z.output<Of[Name]['value']>;
};

/** What is wrong with a line of a file, in words its author can act on. */
export interface RowFault {
  /** From 1, the header included, as an editor counts. */
  readonly line: number;
  /** As the header calls it; '' for the line as a whole. */
  readonly column: string;
  readonly code: string;
  readonly zh: string;
  readonly en: string;
  /** What stands there, its first 80 characters. */
  readonly text: string;
}

/** Cells as texts, with the line each row begins on. */
export interface Sheet {
  readonly header: readonly string[];
  /** Of the header; 1 where not said. */
  readonly headerLine?: number;
  readonly rows: readonly SheetRow[];
}

export interface SheetRow {
  readonly line: number;
  readonly cells: readonly string[];
  /** By place in the row: why a cell's text is not to be relied on. */
  readonly troubles?: ReadonlyMap<number, CellTrouble>;
}

/** What is wrong with a spreadsheet's cell before anybody asks what it says. */
export interface CellTrouble {
  readonly code: string;
  readonly zh: string;
  readonly en: string;
  /** Nothing is wrong under a column that holds this. */
  readonly unless?: Column['holds'];
}

/** Rows of a file, each good by itself. */
export interface Rows<Row> {
  /** What the header calls each column; ours where the file lacks it. */
  readonly titles: Readonly<Record<string, string>>;
  /** Our names of the columns the file has. */
  readonly present: ReadonlySet<string>;
  readonly rows: readonly { readonly line: number; readonly row: Row }[];
}

export interface TableRead<Of extends Columns> extends Rows<RowOf<Of>> {
  /** At most {@link FAULTS_KEPT}; none: every row is good. */
  readonly faults: readonly RowFault[];
  /** How many there are, also beyond those kept. */
  readonly faultCount: number;
}

/** Nobody mends more in one go, and a wrong column in a file of 150,000 lines must not fill the memory. */
export const FAULTS_KEPT = 200;

/** The cells of a CSV, or why the bytes are none: `file-encoding`, `csv-malformed`. */
export function csvSheet(bytes: Uint8Array): Sheet | RowFault {
  const text = textOf(bytes);
  if (text === null)
    return {
      line: 1,
      column: '',
      code: 'file-encoding',
      zh: '文件既不是 UTF-8 也不是 GB 18030 编码的文本:请另存为 CSV UTF-8',
      en: 'the file is neither UTF-8 nor GB 18030 text: save it as CSV UTF-8',
      text: '',
    };
  try {
    const [header, ...rows] = parse(text, {
      bom: true,
      // Not `info`, which keeps a dozen fields a row: of 150,000 rows that is most of the memory.
      on_record: (cells: string[], { lines }) =>
        ({ line: firstLine(cells, lines), cells }) as never,
      relax_column_count: true,
      skip_empty_lines: true,
      // Rows of bare commas, which spreadsheets leave behind.
      skip_records_with_empty_values: true,
      trim: true,
    }) as unknown as Sheet['rows'];
    return { header: header?.cells ?? [], rows };
  } catch (reason) {
    if (!(reason instanceof CsvError)) throw reason;
    return {
      line: Number(reason.lines ?? 1),
      column: '',
      code: 'csv-malformed',
      zh: `不是合法的 CSV(${reason.code}):请检查这一行的引号与逗号`,
      en: `not valid CSV (${reason.code}): check quotes and commas of this line`,
      text: '',
    };
  }
}

/** Reads a sheet under the names of its header; a fault of the whole file stays the only one. */
export function readTable<Of extends Columns>(sheet: Sheet | RowFault, columns: Of): TableRead<Of> {
  const titles = Object.fromEntries(
    Object.entries(columns).map(([name, column]) => [name, column.titles[0]]),
  );
  const nothing = { titles, present: new Set<string>(), rows: [] };
  if (!('header' in sheet)) return { ...nothing, faults: [sheet], faultCount: 1 };
  const faults: RowFault[] = [];
  let faultCount = 0;
  const blame = (fault: RowFault) => {
    faultCount++;
    if (faults.length < FAULTS_KEPT) faults.push({ ...fault, text: fault.text.slice(0, 80) });
  };

  const headerLine = sheet.headerLine ?? 1;
  const places = headerPlaces(sheet.header, headerLine, columns, blame);
  for (const [name, place] of places) titles[name] = sheet.header[place] ?? '';
  if (faultCount === 0 && sheet.rows.length === 0)
    blame({
      line: headerLine,
      column: '',
      code: 'rows-missing',
      zh: '只有表头,没有数据行',
      en: 'there is a header and no row',
      text: sheet.header.join(','),
    });
  if (faultCount > 0) return { ...nothing, faults, faultCount };

  const rows: { line: number; row: RowOf<Of> }[] = [];
  for (const { line, cells, troubles } of sheet.rows) {
    if (cells.length > sheet.header.length) {
      blame({
        line,
        column: '',
        code: 'row-too-long',
        zh: `有 ${cells.length} 格,表头只有 ${sheet.header.length} 列:CSV 文字中的逗号须加引号`,
        en: `has ${cells.length} cells under a header of ${sheet.header.length}: in CSV, a comma within a text wants quotes`,
        text: cells.join(','),
      });
      continue;
    }
    const row: Record<string, unknown> = {};
    let good = true;
    for (const [name, column] of Object.entries(columns)) {
      const place = places.get(name);
      const text = (place === undefined ? '' : (cells[place] ?? '')).trim();
      const title = titles[name] ?? '';
      const trouble = place === undefined ? undefined : troubles?.get(place);
      if (trouble && (trouble.unless === undefined || trouble.unless !== column.holds)) {
        good = false;
        const { code, zh, en } = trouble;
        blame({ line, column: title, code, zh, en, text });
        continue;
      }
      const parsed = column.value.safeParse(text);
      if (parsed.success) row[name] = parsed.data;
      else {
        good = false;
        blame({
          line,
          column: title,
          code: 'cell-malformed',
          zh: `“${title}”应为${column.expects.zh}`,
          en: `"${title}" should be ${column.expects.en}`,
          text,
        });
      }
    }
    if (good) rows.push({ line, row: row as RowOf<Of> });
  }
  return { titles, present: new Set(places.keys()), rows, faults, faultCount };
}

/** Where each column stands; what is missing, twice there or unknown is blamed on the header's line. */
function headerPlaces(
  header: readonly string[],
  line: number,
  columns: Columns,
  blame: (fault: RowFault) => void,
): Map<string, number> {
  const names = new Map(
    Object.entries(columns).flatMap(([name, { titles }]) =>
      titles.map((title) => [plain(title), name] as const),
    ),
  );
  const known = Object.values(columns)
    .map(({ titles }) => titles[0])
    .join(', ');
  const places = new Map<string, number>();
  const refuse = (column: string, code: string, zh: string, en: string) =>
    blame({ line, column, code, zh, en, text: header.join(',') });
  header.forEach((title, place) => {
    const name = names.get(plain(title));
    if (name === undefined)
      refuse(
        title,
        'column-unknown',
        `不认识列“${title}”,可用:${known}`,
        `there is no column "${title}"; there are: ${known}`,
      );
    else if (places.has(name))
      refuse(
        title,
        'column-twice',
        `列“${title}”出现了两次`,
        `column "${title}" stands there twice`,
      );
    else places.set(name, place);
  });
  for (const [name, { titles, optional }] of Object.entries(columns))
    if (!optional && !places.has(name))
      refuse(
        titles[0],
        'column-missing',
        `缺少列“${titles[0]}”`,
        `column "${titles[0]}" is missing`,
      );
  return places;
}

function plain(title: string): string {
  return title.trim().toLowerCase();
}

/** `lines` counts to the end of the record; a text in quotes may span several. */
function firstLine(cells: readonly string[], lines: number): number {
  return lines - cells.reduce((sum, cell) => sum + (cell.match(/\n/g)?.length ?? 0), 0);
}

/** UTF-8, or GB 18030, in which Chinese spreadsheets save CSV. */
function textOf(bytes: Uint8Array): string | null {
  for (const encoding of ['utf-8', 'gb18030'])
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      // The next one, or neither.
    }
  return null;
}
