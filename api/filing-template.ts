/** Sheets for carriers to fill in: every place of the register that a filing is about, by code and name. */
import { type SheetKind, sheetLevels, sheetTitles } from '../ingest/filing.ts';
import type { Register } from '../ingest/register.ts';
import { cell, text } from './formats/csv.ts';

/**
 * A sheet with the codes and names of an area, the rest to be filled in; rows of places nobody states
 * anything of are to be deleted. Without villages served from outside the province, and what is below
 * them. Pure.
 */
export function filingTemplate(kind: SheetKind, register: Register, area: string): string {
  const titles = sheetTitles(kind);
  const places = sheetLevels(kind)
    .flatMap((level) => register.below(area, level))
    .filter(({ code }) => !register.find(code.slice(0, 12))?.outside)
    .sort((a, b) => (a.code < b.code ? -1 : 1));
  const blank = titles.slice(2).map(() => '');
  const lines = [titles, ...places.map(({ code, name }) => [text(code), name, ...blank])];
  return `\uFEFF${lines.map((cells) => cells.map(cell).join(',')).join('\r\n')}\r\n`;
}
