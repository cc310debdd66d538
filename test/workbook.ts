/** Workbooks written cell by cell, as programs of every kind write them. */
import { archiveOf } from '../ingest/zip.ts';

const TYPES = 'http://schemas.openxmlformats.org/officeDocument/2006/relationships';

export interface RawWorkbook {
  /** By name, the rows as XML. */
  readonly sheets: Readonly<Record<string, string>>;
  /** As XML, `<si>…</si>` each. */
  readonly strings?: string;
  /** Codes of number formats; a cell's `s` is 1 for the first, and so on. */
  readonly formats?: readonly string[];
  readonly from1904?: boolean;
}

export function rawWorkbook({ sheets, strings, formats = [], from1904 }: RawWorkbook): Buffer {
  const names = Object.keys(sheets);
  const relation = (id: string, type: string, target: string) =>
    `<Relationship Id="${id}" Type="${TYPES}/${type}" Target="${target}"/>`;
  return archiveOf([
    [
      '_rels/.rels',
      `<Relationships>${relation('r', 'officeDocument', 'xl/workbook.xml')}</Relationships>`,
    ],
    [
      'xl/workbook.xml',
      `<workbook xmlns:r="${TYPES}">${from1904 ? '<workbookPr date1904="1"/>' : ''}<sheets>${names
        .map((name, index) => `<sheet name="${name}" r:id="s${index}"/>`)
        .join('')}</sheets></workbook>`,
    ],
    [
      'xl/_rels/workbook.xml.rels',
      `<Relationships>${names
        // An address from the root, as some programs write it.
        .map((_, index) => relation(`s${index}`, 'worksheet', `/xl/sheet${index}.xml`))
        .join('')}${relation('t', 'styles', 'styles.xml')}${
        strings === undefined ? '' : relation('u', 'sharedStrings', 'strings.xml')
      }</Relationships>`,
    ],
    [
      'xl/styles.xml',
      `<styleSheet><numFmts>${formats
        .map((code, index) => `<numFmt numFmtId="${200 + index}" formatCode="${quoted(code)}"/>`)
        .join('')}</numFmts><cellStyleXfs><xf numFmtId="14"/></cellStyleXfs><cellXfs><xf/>${formats
        .map((_, index) => `<xf numFmtId="${200 + index}"/>`)
        .join('')}</cellXfs></styleSheet>`,
    ],
    ...(strings === undefined ? [] : [['xl/strings.xml', `<sst>${strings}</sst>`] as const]),
    ...names.map(
      (name, index) =>
        [
          `xl/sheet${index}.xml`,
          `<x:worksheet xmlns:x="m"><x:sheetData>${(sheets[name] ?? '').replace(/<(\/?)(?=\w)/g, '<$1x:')}</x:sheetData></x:worksheet>`,
        ] as const,
    ),
  ]);
}

function quoted(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('"', '&quot;').replaceAll('<', '&lt;');
}

/** A row of texts; a number stays one, a day (`Date`) becomes its serial in the first format. */
export function rowOf(line: number, cells: readonly (string | number | Date)[]): string {
  return `<row r="${line}">${cells
    .map((cell, column) => {
      const at = `r="${String.fromCharCode(65 + column)}${line}"`;
      if (typeof cell === 'number') return `<c ${at}><v>${cell}</v></c>`;
      if (cell instanceof Date)
        return `<c ${at} s="1"><v>${(cell.getTime() - Date.UTC(1899, 11, 30)) / 86_400_000}</v></c>`;
      return cell === '' ? '' : `<c ${at} t="inlineStr"><is><t>${quoted(cell)}</t></is></c>`;
    })
    .join('')}</row>`;
}
