/**
 * Workbooks (XLSX, ECMA-376 part 1 §18) as sheets of texts: what a cell says, or why that is not certain.
 * Nothing is calculated and nothing guessed. Pure.
 */
import { posix } from 'node:path';
import { Refusal } from './refusal.ts';
import type { CellTrouble, Sheet, SheetRow } from './table-file.ts';
import { cellOf, type RawCell, Styles } from './workbook-cell.ts';
import { readXml, XmlTrouble } from './xml.ts';
import { Archive, ZipTrouble } from './zip.ts';

export interface NamedSheet {
  /** Of the worksheet, as its tab shows it. */
  readonly name: string;
  readonly sheet: Sheet;
}

/** Beyond a filing of every hamlet of a province, some 60 MiB. */
const UNPACKED_MOST_B = 128 * 1024 * 1024;
/** Beyond any table that is brought; one cell far to the right would make every row as long. */
const COLUMNS_MOST = 100;
const ROWS_MOST = 1_048_576;

/** Compound files: workbooks of before 2007, and those that a password keeps. */
const COMPOUND = Buffer.from('d0cf11e0a1b11ae1', 'hex');
const ARCHIVE = Buffer.from('PK\x03\x04');
const EMPTY_ARCHIVE = Buffer.from('PK\x05\x06');
const ENCRYPTED_STREAM = Buffer.from('EncryptedPackage', 'utf16le');

/** Whether bytes are a workbook of any kind, whatever the file is called. */
export function isWorkbook(bytes: Uint8Array): boolean {
  return [COMPOUND, ARCHIVE, EMPTY_ARCHIVE].some((start) => startsWith(bytes, start));
}

function startsWith(bytes: Uint8Array, start: Uint8Array): boolean {
  return start.every((byte, index) => bytes[index] === byte);
}

/**
 * The worksheets that have a cell, in the order of their tabs, hidden ones too.
 *
 * @param mostB how much may come out of it unpacked
 * @throws Refusal `workbook-old`, `workbook-encrypted`, `workbook-unknown`, `workbook-damaged`,
 * `workbook-empty`, `workbook-too-wide` (422), `workbook-too-large` (413)
 */
export function workbookSheets(bytes: Uint8Array, mostB: number = UNPACKED_MOST_B): NamedSheet[] {
  if (startsWith(bytes, COMPOUND))
    throw Buffer.from(bytes).includes(ENCRYPTED_STREAM) ? encrypted() : old();
  try {
    const found = sheetsIn(new Parts(new Archive(bytes, mostB)));
    if (found.length > 0) return found;
  } catch (reason) {
    if (reason instanceof XmlTrouble) throw damaged();
    if (!(reason instanceof ZipTrouble)) throw reason;
    if (reason.kind === 'encrypted') throw encrypted();
    throw reason.kind === 'damaged' ? damaged() : tooLarge(mostB);
  }
  throw new Refusal(
    422,
    'workbook-empty',
    '工作簿中没有任何内容',
    'there is nothing in the workbook',
  );
}

function sheetsIn(parts: Parts): NamedSheet[] {
  const book = parts.related('', 'officeDocument');
  const names: { name: string; id: string }[] = [];
  let [isBook, from1904] = [false, false];
  // The binary kind (.xlsb) is packed in the same way.
  if (book === undefined || book.endsWith('.bin')) throw unknown();
  parts.walk(book, {
    open: (name, { name: title = '', id = '', date1904 = '' }) => {
      if (name === 'workbook') isBook = true;
      if (name === 'sheet') names.push({ name: title, id });
      if (name === 'workbookPr') from1904 = date1904 === '1' || date1904 === 'true';
    },
  });
  // So are documents and slides.
  if (!isBook) throw unknown();
  const styles = new Styles(from1904);
  const styled = parts.related(book, 'styles');
  if (styled !== undefined) parts.walk(styled, styles);
  const stringsAt = parts.related(book, 'sharedStrings');
  const strings = stringsAt === undefined ? [] : sharedStrings(parts, stringsAt);
  const targets = parts.relations(book);
  return names.flatMap(({ name, id }) => {
    const target = targets.find((relation) => relation.id === id);
    if (!target) throw damaged();
    // Charts on sheets of their own have no cells.
    if (target.type !== 'worksheet') return [];
    const sheet = readSheet(parts, target.path, strings, styles);
    return sheet ? [{ name, sheet }] : [];
  });
}

function sharedStrings(parts: Parts, path: string): string[] {
  const strings: string[] = [];
  const texts = new Texts();
  parts.walk(path, {
    open: (name) => {
      if (name === 'si') strings.push('');
      texts.open(name);
    },
    text: (text) => texts.text(text),
    close: (name) => {
      if (texts.close(name)) strings[strings.length - 1] += texts.take();
    },
  });
  return strings;
}

/** Runs of a text, its readings (furigana, pinyin) left out. */
class Texts {
  #within = false;
  #reading = false;
  #text = '';

  open(name: string): void {
    if (name === 'rPh') this.#reading = true;
    if (name === 't') this.#within = !this.#reading;
  }

  text(text: string): void {
    if (this.#within) this.#text += text;
  }

  /** Whether a run ended. */
  close(name: string): boolean {
    if (name === 'rPh') this.#reading = false;
    if (name !== 't' || !this.#within) return false;
    this.#within = false;
    return true;
  }

  take(): string {
    const text = this.#text;
    this.#text = '';
    return text;
  }
}

/** null: no cell says anything. */
function readSheet(
  parts: Parts,
  path: string,
  strings: readonly string[],
  styles: Styles,
): Sheet | null {
  const rows: SheetRow[] = [];
  const texts = new Texts();
  let line = 0;
  let cells: string[] = [];
  let troubles = new Map<number, CellTrouble>();
  let cell: RawCell | null = null;
  let column = -1;
  let inValue = false;
  parts.walk(path, {
    open: (name, { r = '', s = '', t = 'n' }) => {
      if (name === 'row') {
        line = r === '' ? line + 1 : Number(r);
        if (!Number.isInteger(line) || line < 1 || line > ROWS_MOST) throw damaged();
        [cells, troubles, column] = [[], new Map(), -1];
      } else if (name === 'c') {
        column = r === '' ? column + 1 : columnOf(r);
        if (column >= COLUMNS_MOST) throw tooWide(line);
        cell = { type: t, style: Number(s || 0), value: null, formula: false };
      } else if (cell && name === 'f') cell.formula = true;
      else if (cell && name === 'v') [inValue, cell.value] = [true, ''];
      else if (cell) texts.open(name);
    },
    text: (text) => {
      if (!cell) return;
      if (inValue) cell.value += text;
      else texts.text(text);
    },
    close: (name) => {
      if (name === 'v') inValue = false;
      else if (name === 'c' && cell) {
        const { text, trouble } = cellOf(cell, strings, styles);
        cell = null;
        if (text === '' && !trouble) return;
        while (cells.length < column) cells.push('');
        cells[column] = text;
        if (trouble) troubles.set(column, trouble);
      } else if (name === 'row' && cells.length > 0)
        rows.push({ line, cells, ...(troubles.size > 0 && { troubles }) });
      else if (cell && texts.close(name)) cell.value = (cell.value ?? '') + texts.take();
    },
  });
  const [header, ...rest] = rows;
  return header ? { header: header.cells, headerLine: header.line, rows: rest } : null;
}

/** `B7` is 1. */
function columnOf(reference: string): number {
  const letters = /^([A-Z]{1,3})\d{1,7}$/.exec(reference)?.[1];
  if (!letters) throw damaged();
  let column = 0;
  for (const letter of letters) column = column * 26 + letter.charCodeAt(0) - 64;
  return column - 1;
}

interface Relation {
  readonly id: string;
  /** The last part of its address, which is all that two editions of the standard have in common. */
  readonly type: string;
  readonly path: string;
}

/** A package's parts and what they point at (ECMA-376 part 2). */
class Parts {
  readonly #archive: Archive;

  constructor(archive: Archive) {
    this.#archive = archive;
  }

  /** @throws Refusal `workbook-damaged` where there is no such part */
  walk(path: string, reading: Parameters<typeof readXml>[1]): void {
    const content = this.#archive.read(path);
    if (!content) throw damaged();
    readXml(content, reading);
  }

  /** What a part points at; '' is the package itself. */
  relations(path: string): Relation[] {
    const slash = path.lastIndexOf('/') + 1;
    const folder = path.slice(0, slash);
    const content = this.#archive.read(`${folder}_rels/${path.slice(slash)}.rels`);
    const found: Relation[] = [];
    if (content)
      readXml(content, {
        open: (name, { Id = '', Type = '', Target = '' }) => {
          if (name !== 'Relationship') return;
          found.push({
            id: Id,
            type: Type.slice(Type.lastIndexOf('/') + 1),
            path: posix.resolve('/', folder, Target).slice(1),
          });
        },
      });
    return found;
  }

  related(path: string, type: string): string | undefined {
    return this.relations(path).find((relation) => relation.type === type)?.path;
  }
}

function unknown(): Refusal {
  return new Refusal(
    422,
    'workbook-unknown',
    '不是 XLSX 工作簿:请在表格软件中另存为 .xlsx',
    'this is no XLSX workbook: save it as .xlsx in a spreadsheet program',
  );
}

function old(): Refusal {
  return new Refusal(
    422,
    'workbook-old',
    '这是 2007 年以前格式的文件(.xls 之类):请另存为 .xlsx',
    'this file has a format of before 2007 (such as .xls): save it as .xlsx',
  );
}

function encrypted(): Refusal {
  return new Refusal(
    422,
    'workbook-encrypted',
    '工作簿设有密码:请取消密码后另存',
    'the workbook is kept by a password: take it off and save the file again',
  );
}

function damaged(): Refusal {
  return new Refusal(
    422,
    'workbook-damaged',
    '工作簿不完整或已损坏:请重新保存后再传',
    'the workbook is cut short or damaged: save it again and send that',
  );
}

function tooWide(line: number): Refusal {
  return new Refusal(
    422,
    'workbook-too-wide',
    `第 ${line} 行在第 ${COLUMNS_MOST} 列以外还有内容:请删去`,
    `line ${line} has something beyond column ${COLUMNS_MOST}: take it away`,
  );
}

function tooLarge(mostB: number): Refusal {
  return new Refusal(
    413,
    'workbook-too-large',
    `工作簿展开后超过 ${mostB} 字节:请分拆`,
    `the workbook unpacks to more than ${mostB} bytes: split it`,
  );
}
