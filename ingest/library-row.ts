/** What prefixes and services share as rows of a file: texts, dates, places. Pure. */
import { z } from 'zod';
import { nameSchema } from '../probes/measurement.ts';
import { daySchema, FOREVER } from './days.ts';
import type { Blame } from './row-faults.ts';

/** A column that is checked with its row, so that each fault has a code of its own. */
export function text(...titles: [string, ...string[]]) {
  return { titles, value: z.string(), expects: { zh: '文字', en: 'text' } };
}

/** The same, of days: a spreadsheet may hold them as such. */
export function day(...titles: [string, ...string[]]) {
  return { ...text(...titles), holds: 'day' } as const;
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
  areas: ReadonlySet<string>,
  blame: Blame,
): { readonly validFrom: string; readonly validTo: string } {
  for (const column of ['holder', 'source'] as const)
    if (row[column] === '' || row[column].length > 200 || !isPlain(row[column]))
      blame(
        column,
        'text-malformed',
        '应为 1 至 200 字,不含控制字符,不以 = + - @ 开头',
        'wants 1 to 200 characters, no control characters, not beginning with = + - @',
        row[column],
      );
  if (!areas.has(row.area))
    blame(
      'area',
      'area-unknown',
      '登记册中从未有过这个区划代码',
      'the register has never had a place of this code',
      row.area,
    );
  const validTo = row.validTo === '' ? FOREVER : row.validTo;
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
      `应为其中之一:${known.join('、')}`,
      `wants one of: ${known.join(', ')}`,
      text,
    );
}

/** Whether it is well-formed; blamed if not. */
export function checkName(column: string, code: string, text: string, blame: Blame): boolean {
  const good = nameSchema.safeParse(text).success;
  if (!good)
    blame(
      column,
      code,
      '只用小写字母、数字和连字符,最长 63 个字符',
      'wants lower-case letters, digits and hyphens, at most 63',
      text,
    );
  return good;
}

function isPlain(text: string): boolean {
  return !/\p{C}/u.test(text) && !/^[=+\-@]/.test(text);
}

const isDay = (text: string) => daySchema.safeParse(text).success;

function blameDay(blame: Blame, column: string, text: string): void {
  blame(
    column,
    'day-malformed',
    `应为日期 YYYY-MM-DD,1970 年至 ${FOREVER}`,
    `wants a day, YYYY-MM-DD, from 1970 to ${FOREVER}`,
    text,
  );
}
