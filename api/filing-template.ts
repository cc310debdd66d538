/** Sheets for carriers to fill in: every place of the register that a filing is about, by code and name. */
import { FIRST_DAY } from '../ingest/days.ts';
import { type SheetKind, sheetColumns, sheetLevels } from '../ingest/filing.ts';
import { monthDays } from '../ingest/month.ts';
import { isOutside, type Register } from '../ingest/register.ts';
import { cell, text } from './formats/csv.ts';
import { type WorkbookSheet, workbookOf } from './workbook-file.ts';

export const SHEET_TITLES: Readonly<Record<SheetKind, string>> = {
  places: '地点表',
  areas: '区域表',
};

/**
 * A sheet with the codes and names of an area, the rest to be filled in; rows of places nobody states
 * anything of are to be deleted. Without villages the carrier serves from outside the province, and what is below
 * them. Pure.
 */
export function filingTemplate(
  kind: SheetKind,
  register: Register,
  area: string,
  carrier: string,
): string {
  const titles = sheetColumns(kind).map((column) => column.titles[0]);
  const blank = titles.slice(2).map(() => '');
  const lines = [
    titles,
    ...placesOf(kind, register, area, carrier).map(({ code, name }) => [
      text(code),
      name,
      ...blank,
    ]),
  ];
  return `\uFEFF${lines.map((cells) => cells.map(cell).join(',')).join('\r\n')}\r\n`;
}

/**
 * The same as a workbook, a worksheet for each of `kinds`: codes are texts there, days are days up to the
 * month's last, and what has few choices offers them. Pure.
 */
export function filingWorkbook(
  kinds: readonly SheetKind[],
  register: Register,
  area: string,
  carrier: string,
  month: string,
): Buffer {
  return workbookOf(kinds.map((kind) => workbookSheet(kind, register, area, carrier, month)));
}

function workbookSheet(
  kind: SheetKind,
  register: Register,
  area: string,
  carrier: string,
  month: string,
): WorkbookSheet {
  return {
    name: SHEET_TITLES[kind],
    columns: sheetColumns(kind).map(({ titles: [title], holds, choices }, index) => ({
      title,
      width: Math.max(WIDTHS[index] ?? 0, title.length, 5),
      holds: holds === 'number' ? 'count' : (holds ?? 'text'),
      choices,
      ...(holds === 'day' && { days: [FIRST_DAY, monthDays(month).last] as const }),
    })),
    rows: placesOf(kind, register, area, carrier).map(({ code, name }) => [code, name]),
  };
}

/** Of code and name. */
const WIDTHS = [8, 14];

function placesOf(kind: SheetKind, register: Register, area: string, carrier: string) {
  return sheetLevels(kind)
    .flatMap((level) => register.below(area, level))
    .filter(({ code }) => {
      const village = register.find(code.slice(0, 12));
      return !village || !isOutside(village, carrier);
    })
    .sort((a, b) => (a.code < b.code ? -1 : 1));
}
