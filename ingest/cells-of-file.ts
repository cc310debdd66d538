/** What cells of the files that people bring may hold. */
import { z } from 'zod';
import { nameSchema } from '../probes/measurement.ts';
import { daySchema } from './days.ts';
import { codeSchema } from './register.ts';
import type { Column } from './table-file.ts';

type Titles = Column['titles'];

/** The name of a probe, a line, a carrier. */
export function nameColumn(...titles: Titles) {
  return {
    titles,
    value: nameSchema,
    expects: {
      zh: '小写字母、数字和连字符,最长 63 个字符',
      en: 'lower-case letters, digits and hyphens, at most 63',
    },
  } as const satisfies Column;
}

/** The code of a place. */
export function codeColumn(...titles: Titles) {
  return {
    titles,
    value: codeSchema,
    expects: {
      zh: '2、4、6、9 或 12 位区划代码,自然村为 12 位村码-3 位序号',
      en: 'a code of 2, 4, 6, 9 or 12 digits; of a hamlet its village, a hyphen and 3 digits',
    },
  } as const satisfies Column;
}

/** A day, or null where the cell is empty. */
export function dayColumn(...titles: Titles) {
  return {
    titles,
    value: z.union([z.literal('').transform(() => null), daySchema]),
    expects: { zh: '日期 YYYY-MM-DD', en: 'a day, YYYY-MM-DD' },
    optional: true,
    holds: 'day',
  } as const satisfies Column;
}

/** A whole number within bounds, or null where the cell is empty. */
export function countColumn(min: number, max: number, ...titles: Titles) {
  return numberColumn(/^\d{1,10}$/, min, max, titles, {
    zh: `${min}–${max} 的整数`,
    en: `a whole number, ${min}…${max}`,
  });
}

/** A decimal number within bounds, or null where the cell is empty. */
export function decimalColumn(min: number, max: number, ...titles: Titles) {
  return numberColumn(/^-?\d{1,7}(\.\d{1,15})?$/, min, max, titles, {
    zh: `${min}–${max} 的数`,
    en: `a number, ${min}…${max}`,
  });
}

function numberColumn(
  pattern: RegExp,
  min: number,
  max: number,
  titles: Titles,
  expects: Column['expects'],
) {
  return {
    titles,
    value: z.union([
      z.literal('').transform(() => null),
      z
        .string()
        .regex(pattern)
        .transform(Number)
        .refine((value) => value >= min && value <= max),
    ]),
    expects,
    optional: true,
    holds: 'number',
  } as const satisfies Column;
}

/**
 * Nothing that steers a terminal or turns a text about, and nothing a spreadsheet takes for a formula.
 * Characters of private use stay: rare names come in them.
 */
const isPlain = (text: string) => !/[\p{Cc}\p{Cf}\p{Cs}]/u.test(text) && !/^[=+\-@]/.test(text);

/** Free text, at most so many characters. */
export function textColumn(most: number, ...titles: Titles) {
  return {
    titles,
    value: z.string().max(most).refine(isPlain),
    expects: {
      zh: `至多 ${most} 个字,不含控制字符,不以 = + - @ 开头`,
      en: `at most ${most} characters, no control characters, not beginning with = + - @`,
    },
    optional: true,
  } as const satisfies Column;
}
