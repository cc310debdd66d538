/** What prefixes and services share as rows of a file: faults with codes, texts, dates, places. Pure. */
import { z } from 'zod';
import { nameSchema } from '../probes/measurement.ts';
import { OPEN_END } from './library.ts';
import type { Register } from './register.ts';
import { FAULTS_KEPT, type RowFault } from './table-file.ts';

/** What is wrong, where, and what stands there. */
type Blame = (column: string, code: string, zh: string, en: string, text: string) => void;

/** A column that is checked with its row, so that each fault has a code of its own. */
export function text(...titles: [string, ...string[]]) {
  return { titles, value: z.string(), expects: { zh: '文字', en: 'text' } };
}

/** Gathers the faults of a file's rows. */
export class Faults {
  readonly list: RowFault[];
  count: number;

  constructor(faults: readonly RowFault[], count: number) {
    this.list = [...faults];
    this.count = count;
  }

  /** For one line of the file. */
  at(line: number): Blame {
    return (column, code, zh, en, text) => {
      this.count++;
      if (this.list.length < FAULTS_KEPT)
        this.list.push({ line, column, code, zh, en, text: text.slice(0, 80) });
    };
  }
}

/** Checks what an entry of either library has, and gives its span of days. */
export function checkEntry(
  row: {
    readonly holder: string;
    readonly area: string;
    readonly validFrom: string;
    readonly validTo: string;
    readonly source: string;
  },
  register: Register,
  blame: Blame,
): { readonly validFrom: string; readonly validTo: string } {
  for (const column of ['holder', 'source'] as const)
    if (row[column] === '' || row[column].length > 200 || !isPlain(row[column]))
      blame(
        column,
        'text-malformed',
        `${column} 应为 1 至 200 字,不含控制字符,不以 = + - @ 开头`,
        `${column} wants 1 to 200 characters, no control characters, not beginning with = + - @`,
        row[column],
      );
  if (!register.find(row.area))
    blame(
      'area',
      'area-unknown',
      '登记册中没有这个区划代码',
      'the register has no place with this code',
      row.area,
    );
  const validTo = row.validTo === '' ? OPEN_END : row.validTo;
  const [fromGood, toGood] = [isDay(row.validFrom), isDay(validTo)];
  if (!fromGood) blameDay(blame, 'validFrom', row.validFrom);
  if (!toGood) blameDay(blame, 'validTo', row.validTo);
  if (fromGood && toGood && validTo < row.validFrom)
    blame(
      'validTo',
      'end-before-beginning',
      `止日早于起日 ${row.validFrom}`,
      `ends before it begins, ${row.validFrom}`,
      row.validTo,
    );
  return { validFrom: row.validFrom, validTo };
}

export function checkOneOf(
  column: string,
  code: string,
  known: readonly string[],
  text: string,
  blame: Blame,
): void {
  if (!known.includes(text))
    blame(
      column,
      code,
      `${column} 应为其中之一:${known.join('、')}`,
      `${column} wants one of: ${known.join(', ')}`,
      text,
    );
}

export function checkName(column: string, code: string, text: string, blame: Blame): void {
  if (!nameSchema.safeParse(text).success)
    blame(
      column,
      code,
      '只用小写字母、数字和连字符,最长 63 个字符',
      'wants lower-case letters, digits and hyphens, at most 63',
      text,
    );
}

function isPlain(text: string): boolean {
  return !/\p{C}/u.test(text) && !/^[=+\-@]/.test(text);
}

/** A real day that the store's type Date holds. */
function isDay(text: string): boolean {
  return (
    /^\d{4}-\d\d-\d\d$/.test(text) &&
    text >= '1970-01-01' &&
    text <= OPEN_END &&
    !Number.isNaN(Date.parse(text)) &&
    new Date(text).toISOString().startsWith(text)
  );
}

function blameDay(blame: Blame, column: string, text: string): void {
  blame(
    column,
    'day-malformed',
    `${column} 应为日期 YYYY-MM-DD,1970 年至 2149-06-06`,
    `${column} wants a day, YYYY-MM-DD, from 1970 to 2149-06-06`,
    text,
  );
}
