/**
 * Workbooks to fill in (XLSX, ECMA-376 part 1): texts under a frozen header, every column with the format
 * of what it is to hold and, where there are few, its choices. The same sheets are the same bytes. Pure.
 */
import { archiveOf } from '../ingest/zip.ts';

export const WORKBOOK_TYPE = 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet';

export interface WorkbookColumn {
  readonly title: string;
  /** Wide characters that fit. */
  readonly width: number;
  readonly holds: 'text' | 'count' | 'day';
  /** Offered in a list; nothing else is taken. */
  readonly choices?: readonly string[] | undefined;
  /** First and last, `YYYY-MM-DD`. */
  readonly days?: readonly [string, string] | undefined;
}

export interface WorkbookSheet {
  /** At most 31 characters, none of `[]:*?/\`. */
  readonly name: string;
  readonly columns: readonly WorkbookColumn[];
  /** Texts of the first columns; the others stay empty. */
  readonly rows: readonly (readonly string[])[];
}

const HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n';
const SCHEMAS = 'http://schemas.openxmlformats.org';
const MAIN = `${SCHEMAS}/spreadsheetml/2006/main`;
const OFFICE = `${SCHEMAS}/officeDocument/2006/relationships`;
const PACKAGE = `${SCHEMAS}/package/2006`;
/**
 * Rows below the last that are ready to be filled in. Not to the end of the sheet: some programs make a rule of
 * every cell.
 */
const ROWS_FREE = 1_000;

/** By number, the formats of `STYLES`. */
const FORMATS = { text: 1, day: 2, count: 3, header: 4 } as const;

const STYLES = `${HEAD}<styleSheet xmlns="${MAIN}">\
<numFmts count="1"><numFmt numFmtId="164" formatCode="yyyy\\-mm\\-dd"/></numFmts>\
<fonts count="2"><font><sz val="11"/><name val="等线"/></font><font><b/><sz val="11"/><name val="等线"/></font></fonts>\
<fills count="3"><fill><patternFill patternType="none"/></fill><fill><patternFill patternType="gray125"/></fill>\
<fill><patternFill patternType="solid"><fgColor rgb="FFE7EEF7"/><bgColor indexed="64"/></patternFill></fill></fills>\
<borders count="1"><border><left/><right/><top/><bottom/><diagonal/></border></borders>\
<cellStyleXfs count="1"><xf numFmtId="0" fontId="0" fillId="0" borderId="0"/></cellStyleXfs>\
<cellXfs count="5">${[
  [0, 0, 0],
  [49, 0, 0],
  [164, 0, 0],
  [1, 0, 0],
  [49, 1, 2],
]
  .map(
    ([format, font, fill]) =>
      `<xf numFmtId="${format}" fontId="${font}" fillId="${fill}" borderId="0" xfId="0" applyNumberFormat="1" applyFont="1" applyFill="1"/>`,
  )
  .join('')}</cellXfs>\
<cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/></cellStyles></styleSheet>`;

export function workbookOf(sheets: readonly WorkbookSheet[]): Buffer {
  const paths = sheets.map((_, index) => `worksheets/sheet${index + 1}.xml`);
  const relations = [
    ...paths.map((path) => ({ type: 'worksheet', path })),
    { type: 'styles', path: 'styles.xml' },
  ];
  return archiveOf([
    ['[Content_Types].xml', contentTypes(paths)],
    ['_rels/.rels', relationships([{ type: 'officeDocument', path: 'xl/workbook.xml' }])],
    [
      'xl/workbook.xml',
      `${HEAD}<workbook xmlns="${MAIN}" xmlns:r="${OFFICE}"><sheets>${sheets
        .map(
          ({ name }, index) =>
            `<sheet name="${escaped(name)}" sheetId="${index + 1}" r:id="rId${index + 1}"/>`,
        )
        .join('')}</sheets></workbook>`,
    ],
    ['xl/_rels/workbook.xml.rels', relationships(relations)],
    ['xl/styles.xml', STYLES],
    ...sheets.map((sheet, index) => [`xl/${paths[index]}`, worksheet(sheet, index === 0)] as const),
  ]);
}

function contentTypes(paths: readonly string[]): string {
  const type = 'application/vnd.openxmlformats-officedocument.spreadsheetml';
  const parts = [
    ['workbook.xml', 'sheet.main'],
    ['styles.xml', 'styles'],
    ...paths.map((path) => [path, 'worksheet']),
  ].map(([path, kind]) => `<Override PartName="/xl/${path}" ContentType="${type}.${kind}+xml"/>`);
  return `${HEAD}<Types xmlns="${PACKAGE}/content-types">\
<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>\
<Default Extension="xml" ContentType="application/xml"/>${parts.join('')}</Types>`;
}

function relationships(targets: readonly { readonly type: string; readonly path: string }[]) {
  const each = targets.map(
    ({ type, path }, index) =>
      `<Relationship Id="rId${index + 1}" Type="${OFFICE}/${type}" Target="${path}"/>`,
  );
  return `${HEAD}<Relationships xmlns="${PACKAGE}/relationships">${each.join('')}</Relationships>`;
}

/** In the order of ECMA-376 part 1 §18.3.1.99, which readers insist on. */
function worksheet({ columns, rows }: WorkbookSheet, shown: boolean): string {
  const widths = columns.map(
    ({ width, holds }, index) =>
      `<col min="${index + 1}" max="${index + 1}" width="${width * 2 + 2}" style="${FORMATS[holds]}" customWidth="1"/>`,
  );
  const header = row(
    1,
    columns.map(({ title }) => title),
    FORMATS.header,
  );
  const body = rows.map((cells, index) => row(index + 2, cells, FORMATS.text));
  const last = rows.length + 1 + ROWS_FREE;
  const choices = columns.flatMap((column, index) => validation(column, index, last));
  return `${HEAD}<worksheet xmlns="${MAIN}"><sheetViews><sheetView${shown ? ' tabSelected="1"' : ''} workbookViewId="0">\
<pane xSplit="2" ySplit="1" topLeftCell="C2" activePane="bottomRight" state="frozen"/></sheetView></sheetViews>\
<sheetFormatPr defaultRowHeight="15"/><cols>${widths.join('')}</cols>\
<sheetData>${header}${body.join('')}</sheetData>\
${choices.length > 0 ? `<dataValidations count="${choices.length}">${choices.join('')}</dataValidations>` : ''}\
<ignoredErrors><ignoredError sqref="A1:${letters(columns.length - 1)}${last}" numberStoredAsText="1"/></ignoredErrors></worksheet>`;
}

function row(line: number, cells: readonly string[], format: number): string {
  const each = cells.map((text, column) =>
    text === ''
      ? ''
      : `<c r="${letters(column)}${line}" s="${format}" t="inlineStr"><is><t xml:space="preserve">${escaped(text)}</t></is></c>`,
  );
  return `<row r="${line}">${each.join('')}</row>`;
}

/** What a column takes, in the words of the program that refuses the rest. */
function validation(
  { title, holds, choices, days }: WorkbookColumn,
  index: number,
  last: number,
): string[] {
  const rule = (type: string, formulas: readonly string[], expects: string) => [
    `<dataValidation type="${type}" allowBlank="1" showInputMessage="1" showErrorMessage="1" errorTitle="${escaped(title)}" \
error="${escaped(expects)}" sqref="${letters(index)}2:${letters(index)}${last}">${formulas
      .map((formula, number) => `<formula${number + 1}>${escaped(formula)}</formula${number + 1}>`)
      .join('')}</dataValidation>`,
  ];
  if (choices) return rule('list', [`"${choices.join(',')}"`], choices.join(' / '));
  if (days) return rule('date', days.map(serialOf), `YYYY-MM-DD, ${days[0]} … ${days[1]}`);
  return holds === 'count' ? rule('whole', ['0', '1000000000'], '0 … 1000000000') : [];
}

/** A day's number in a spreadsheet. */
function serialOf(day: string): string {
  return String((Date.parse(`${day}T00:00:00Z`) - Date.UTC(1899, 11, 30)) / 86_400_000);
}

/** 0 is A, 26 is AA. */
function letters(column: number): string {
  const last = String.fromCharCode(65 + (column % 26));
  return column < 26 ? last : letters(Math.floor(column / 26) - 1) + last;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
};

function escaped(text: string): string {
  return (
    text
      // What looks like a character that XML cannot hold must not be read as one.
      .replace(/_(?=x[0-9A-Fa-f]{4}_)/g, '_x005F_')
      .replace(
        // biome-ignore lint/suspicious/noControlCharactersInRegex: the very ones XML cannot hold
        /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]/g,
        (character) => `_x${character.charCodeAt(0).toString(16).padStart(4, '0')}_`,
      )
      .replace(/[&<>"]/g, (character) => ENTITIES[character] ?? '')
  );
}
