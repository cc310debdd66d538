/** What a workbook's cell says as a text, and when that would be a guess. Pure. */
import type { CellTrouble } from './table-file.ts';
import { XmlTrouble } from './xml.ts';

/** A cell as it is written. */
export interface RawCell {
  /** ECMA-376 part 1 §18.18.11. */
  readonly type: string;
  /** Its number among the cell formats. */
  readonly style: number;
  /** null: it has none. */
  value: string | null;
  formula: boolean;
}

export interface ReadCell {
  /** Without spaces around it; days as `YYYY-MM-DD`. */
  readonly text: string;
  readonly trouble?: CellTrouble;
}

export function cellOf(
  { type, style, value, formula }: RawCell,
  strings: readonly string[],
  styles: Styles,
): ReadCell {
  // Programs that write formulas without calculating them leave an empty value, or none.
  if (formula && (value === null || (type === 'n' && value === '')))
    return { text: '', trouble: UNCALCULATED };
  if (value === null || value === '') return { text: '' };
  switch (type) {
    case 's':
      return { text: plain(sharedString(strings, value)) };
    case 'b':
      return { text: value === '1' ? 'true' : 'false' };
    case 'e':
      return { text: value, trouble: ERROR };
    case 'd':
      return { text: value.slice(0, 10), trouble: DAY_NOT_TEXT };
    case 'n':
      return numberCell(value, styles.formatOf(style), styles.from1904);
    default:
      return { text: plain(value) };
  }
}

function sharedString(strings: readonly string[], number: string): string {
  const found = strings[Number(number)];
  if (found === undefined) throw new XmlTrouble(`no shared string ${number}`);
  return found;
}

/** `_x000D_` is how a character is written that XML cannot hold. */
function plain(text: string): string {
  return text
    .replace(/_x([0-9A-Fa-f]{4})_/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    .trim();
}

const NUMBER = /^-?[\d.]+(E[-+]?\d{1,3})?$/i;
/** Digits that a number keeps: beyond, a spreadsheet has rounded what was typed. */
const EXACT_BELOW = 1e15;

function numberCell(written: string, format: string, from1904: boolean): ReadCell {
  const value = Number(written);
  if (!NUMBER.test(written)) return { text: written, trouble: NUMBER_NOT_TEXT };
  const pattern = bare(format);
  if (isDay(pattern)) {
    const text = dayOfSerial(value, from1904);
    if (text === null) return { text: written, trouble: DAY_NOT_TEXT };
    return { text, trouble: /d/i.test(pattern) ? DAY_NOT_TEXT : MONTH_ONLY };
  }
  const text = String(value);
  const asTyped =
    Number.isInteger(value) &&
    Math.abs(value) < EXACT_BELOW &&
    !/e/i.test(written) &&
    PLAIN_FORMATS.has(pattern);
  return asTyped ? { text } : { text, trouble: NUMBER_NOT_TEXT };
}

/** Formats that show a whole number as the digits it has. */
const PLAIN_FORMATS: ReadonlySet<string> = new Set(['general', '0', '#', '@', '#,##0', '']);

/** A format's first section without colours, conditions, texts and paddings. */
function bare(format: string): string {
  return (
    format
      .replace(/"[^"]*"|\\.|_.|\*./g, '')
      .replace(/\[[^\]]*\]/g, '')
      .split(';')[0]
      ?.replace(/am\/pm|上午\/下午/gi, '')
      .trim()
      .toLowerCase() ?? ''
  );
}

function isDay(pattern: string): boolean {
  if (pattern === 'general') return false;
  return /[yd]/.test(pattern) || (/m/.test(pattern) && !/[hs]/.test(pattern));
}

const DAY_MS = 86_400_000;
/** Serial 60 is 1900-02-29, which never was; before it days are counted otherwise. */
const FIRST_SERIAL = 61;
/** 9999-12-31. */
const LAST_SERIAL = 2_958_465;

/** A day's number is one of calendars, not an instant: no zone has a part in it. */
function dayOfSerial(serial: number, from1904: boolean): string | null {
  if (!(serial >= FIRST_SERIAL && serial <= LAST_SERIAL)) return null;
  const zero = from1904 ? Date.UTC(1904, 0, 1) : Date.UTC(1899, 11, 30);
  return new Date(zero + Math.floor(serial) * DAY_MS).toISOString().slice(0, 10);
}

/**
 * Formats that need no entry of their own (ECMA-376 part 1 §18.8.30), as a Chinese program shows them.
 * Those of times alone are left out: they read as numbers.
 */
const BUILT_IN: ReadonlyMap<number, string> = new Map([
  [0, 'General'],
  [1, '0'],
  [2, '0.00'],
  [3, '#,##0'],
  [4, '#,##0.00'],
  [9, '0%'],
  [10, '0.00%'],
  [11, '0.00E+00'],
  [12, '# ?/?'],
  [13, '# ??/??'],
  [14, 'm/d/yyyy'],
  [15, 'd-mmm-yy'],
  [16, 'd-mmm'],
  [17, 'mmm-yy'],
  [22, 'm/d/yyyy h:mm'],
  [27, 'yyyy"年"m"月"'],
  [28, 'm"月"d"日"'],
  [29, 'm"月"d"日"'],
  [30, 'm-d-yy'],
  [31, 'yyyy"年"m"月"d"日"'],
  [36, 'yyyy"年"m"月"'],
  [37, '#,##0'],
  [38, '#,##0'],
  [39, '#,##0.00'],
  [40, '#,##0.00'],
  [48, '##0.0E+0'],
  [49, '@'],
  [50, 'yyyy"年"m"月"'],
  [51, 'm"月"d"日"'],
  [52, 'yyyy"年"m"月"'],
  [53, 'm"月"d"日"'],
  [54, 'm"月"d"日"'],
  [57, 'yyyy"年"m"月"'],
  [58, 'm"月"d"日"'],
]);
/** No format that shows plain digits. */
const UNKNOWN_FORMAT = '?';

/** The cell formats of a workbook, read from its part of styles. */
export class Styles {
  readonly from1904: boolean;
  readonly #own = new Map<number, string>();
  readonly #cells: number[] = [];
  #within = false;

  constructor(from1904: boolean) {
    this.from1904 = from1904;
  }

  open(
    name: string,
    { numFmtId = '0', formatCode = '' }: Readonly<Record<string, string | undefined>>,
  ): void {
    if (name === 'numFmt') this.#own.set(Number(numFmtId), formatCode);
    else if (name === 'cellXfs') this.#within = true;
    else if (name === 'xf' && this.#within) this.#cells.push(Number(numFmtId));
  }

  close(name: string): void {
    if (name === 'cellXfs') this.#within = false;
  }

  formatOf(style: number): string {
    const id = this.#cells[style] ?? 0;
    return this.#own.get(id) ?? BUILT_IN.get(id) ?? UNKNOWN_FORMAT;
  }
}

const ERROR: CellTrouble = {
  code: 'cell-error',
  zh: '此格是错误值:请改正公式或直接填写',
  en: 'this cell holds an error: mend the formula or write the value',
};
const UNCALCULATED: CellTrouble = {
  code: 'formula-uncalculated',
  zh: '公式没有存下结果:请在表格软件中打开并保存,或直接填写',
  en: 'the formula has no value stored with it: open and save the file in a spreadsheet program, or write the value',
};
const NUMBER_NOT_TEXT: CellTrouble = {
  code: 'number-not-text',
  zh: '此格是数字,前导零或位数可能已丢失:请把此列设为文本格式后重新填写',
  en: 'this cell is a number, whose leading zeros or last digits may be lost: make the column text and write it again',
  unless: 'number',
};
const DAY_NOT_TEXT: CellTrouble = {
  code: 'day-not-text',
  zh: '此格被表格软件改成了日期:请把此列设为文本格式后重新填写',
  en: 'the spreadsheet has made a date of this cell: make the column text and write it again',
  unless: 'day',
};
const MONTH_ONLY: CellTrouble = {
  code: 'day-missing',
  zh: '此格被表格软件改成了只有年月的日期:日期请写全 YYYY-MM-DD,文字请先设为文本格式',
  en: 'the spreadsheet has made a month of this cell: write the whole day, YYYY-MM-DD, or make the column text first',
};
