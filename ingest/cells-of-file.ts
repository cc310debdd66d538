/** What cells of the files that people bring may hold. */
import { z } from 'zod';
import { daySchema } from './days.ts';
import type { Column } from './table-file.ts';

type Titles = Column['titles'];

/** A day, or null where the cell is empty. */
export function dayColumn(...titles: Titles) {
  return {
    titles,
    value: z.union([z.literal('').transform(() => null), daySchema]),
    expects: { zh: '日期 YYYY-MM-DD', en: 'a day, YYYY-MM-DD' },
    optional: true,
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
  } as const satisfies Column;
}

/** Free text, at most so many characters. */
export function textColumn(most: number, ...titles: Titles) {
  return {
    titles,
    value: z.string().max(most),
    expects: { zh: `至多 ${most} 个字`, en: `at most ${most} characters` },
    optional: true,
  } as const satisfies Column;
}
