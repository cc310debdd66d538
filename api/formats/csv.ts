/**
 * One row per figure, for spreadsheets: UTF-8 with BOM and CRLF, codes as text, and no cell that a
 * spreadsheet would run as a formula.
 */
import type { AreaFigure } from '../contract/figure.ts';
import type { MonthlyReport } from '../monthly.ts';
import type { Format } from './format.ts';

const HEAD = [
  '月份 month',
  '版次 edition',
  '目标 target',
  '代码 code',
  '地点 place',
  '层级 level',
  '运营商 carrier',
  '数值 value',
  '单位 unit',
  '通过 passed',
  '分母 base',
  '已测 n',
  '登记 N',
  '已测行政村 places observed',
  '登记行政村 places registered',
  '区间下限 low',
  '区间上限 high',
  '界 bound',
  '目标值 goal',
  '结论 verdict',
  '数据截至 as of',
  '方法 method',
];

export const csv: Format = {
  extension: 'csv',
  contentType: 'text/csv; charset=utf-8',
  draw: (report) => csvOf(HEAD, rows(report)),
};

export type Cell = string | number | null;

/** The whole file. */
export function csvOf(head: readonly Cell[], rows: readonly (readonly Cell[])[]): string {
  return `\uFEFF${[head, ...rows].map((cells) => cells.map(cell).join(',')).join('\r\n')}\r\n`;
}

function rows(report: MonthlyReport): Cell[][] {
  const figures = report.targets.flatMap((target) => {
    const row = ({ area, figure, verdict }: AreaFigure, carrier: string): Cell[] => [
      report.month,
      report.edition,
      target.id,
      text(area.code),
      area.name,
      area.level,
      carrier,
      figure.value,
      figure.unit,
      figure.passed,
      figure.base,
      figure.observed,
      figure.registered,
      figure.placesObserved,
      figure.placesRegistered,
      figure.interval?.low ?? null,
      figure.interval?.high ?? null,
      target.goal.bound,
      target.goal.value,
      verdict,
      figure.asOf,
      figure.method,
    ];
    return [
      row(target.overall, ''),
      ...target.carriers.map(({ code, overall }) => row(overall, code)),
      ...[...target.cities, ...target.counties].map((figure) => row(figure, '')),
    ];
  });
  return [...figures, ...libraryRows(report)];
}

/** Figures about the library have no goal, no verdict and no whole that they are a sample of. */
function libraryRows({ month, edition, plan: { area }, library }: MonthlyReport): Cell[][] {
  const shares = Object.entries(library.figures).sort(([a], [b]) => (a < b ? -1 : 1));
  return shares.map(([name, { value, passed, observed, interval, asOf, method }]) => [
    ...[month, edition, `library/${name}`, text(area.code), area.name, area.level, ''],
    ...[value, '1', passed, null, observed, null, null, null],
    ...[interval?.low ?? null, interval?.high ?? null, null, null, null, asOf, method],
  ]);
}

/** A tab in front keeps a spreadsheet from reading a code as a number. */
export function text(code: string): string {
  return `\t${code}`;
}

/** Quotes where needed; a cell that begins like a formula gets an apostrophe (OWASP, CSV injection). */
export function cell(value: Cell): string {
  if (value === null) return '';
  const plain = typeof value === 'string' && /^[=+\-@]/.test(value) ? `'${value}` : String(value);
  return /[",\r\n\t]/.test(plain) ? `"${plain.replaceAll('"', '""')}"` : plain;
}
