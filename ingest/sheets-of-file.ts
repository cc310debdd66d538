/** The tables of a file that people bring: one of a CSV, as many as a workbook has. Which it is its bytes say. */
import type { Origin } from './import.ts';
import { Refusal } from './refusal.ts';
import { csvSheet, type RowFault, type Sheet } from './table-file.ts';
import { isWorkbook, workbookSheets } from './workbook.ts';

export interface SheetOfFile {
  readonly origin: Origin;
  /** Of the worksheet; '' of a CSV. */
  readonly name: string;
  readonly sheet: Sheet | RowFault;
}

/** @throws Refusal those of {@link workbookSheets}, the file named */
export function sheetsOfFile(origin: Origin): SheetOfFile[] {
  if (!isWorkbook(origin.bytes)) return [{ origin, name: '', sheet: csvSheet(origin.bytes) }];
  try {
    return workbookSheets(origin.bytes).map((one) => ({ origin, ...one }));
  } catch (reason) {
    if (!(reason instanceof Refusal)) throw reason;
    const { status, code, zh, en } = reason;
    throw new Refusal(status, code, `${origin.file}:${zh}`, `${origin.file}: ${en}`);
  }
}

/**
 * Of a file that is one table.
 *
 * @throws Refusal `workbook-sheets` (422), those of {@link workbookSheets}
 */
export function onlySheet(origin: Origin): Sheet | RowFault {
  const [first, ...others] = sheetsOfFile(origin);
  if (first && others.length === 0) return first.sheet;
  const names = [first, ...others].map((one) => one?.name).join('、');
  throw new Refusal(
    422,
    'workbook-sheets',
    `${origin.file}:工作簿中有多张表(${names}),请只留一张`,
    `${origin.file}: the workbook has several sheets (${names}); leave one`,
  );
}
