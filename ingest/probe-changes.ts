/** The file that binds probes to lines, and which of them are new. Pure. */
import { nameSchema } from '../probes/measurement.ts';
import { RowFaults } from './row-faults.ts';
import type { Columns, RowFault, RowOf } from './table-file.ts';

const NAME = {
  zh: '小写字母、数字和连字符,最长 63 个字符',
  en: 'lower-case letters, digits and hyphens, at most 63',
};

export const PROBE_COLUMNS = {
  probe: { titles: ['probe', '探针'], value: nameSchema, expects: NAME },
  line: { titles: ['line', '线路'], value: nameSchema, expects: NAME },
} as const satisfies Columns;

type ProbeRow = RowOf<typeof PROBE_COLUMNS>;

/** A file to begin with: the header and a row of it. */
export const PROBE_TEMPLATE = `probe,line
xuanwu-p1,xuanwu-000001
`;

export interface ProbeContext {
  readonly probes: readonly {
    readonly probe: string;
    readonly line: string;
    readonly revoked: string | null;
  }[];
  /** Names of the lines there are. */
  readonly lines: ReadonlySet<string>;
}

export interface ProbeChanges {
  /** Those to enrol, by name. */
  readonly probes: readonly ProbeRow[];
  readonly faults: readonly RowFault[];
  readonly faultCount: number;
}

export function probeChanges(
  rows: readonly { readonly line: number; readonly row: ProbeRow }[],
  { probes, lines }: ProbeContext,
): ProbeChanges {
  const faults = new RowFaults();
  const known = new Map(probes.map((one) => [one.probe, one]));
  const seen = new Map<string, number>();
  const fresh: ProbeRow[] = [];
  for (const { line, row } of rows) {
    const before = seen.get(row.probe);
    seen.set(row.probe, before ?? line);
    const standing = known.get(row.probe);
    if (before !== undefined)
      faults.add(
        line,
        'probe',
        'probe-twice',
        `${row.probe} 在第 ${before} 行已出现`,
        `${row.probe} stands in line ${before} already`,
        row.probe,
      );
    else if (!lines.has(row.line))
      faults.add(
        line,
        'line',
        'line-unknown',
        `没有线路 ${row.line}:请先用 tongda register import lines 登记`,
        `there is no line ${row.line}: bring it in first with tongda register import lines`,
        row.line,
      );
    else if (standing && (standing.line !== row.line || standing.revoked !== null))
      faults.add(
        line,
        'probe',
        'probe-exists',
        `探针 ${row.probe} 已登记在线路 ${standing.line}:请换一个名称`,
        `probe ${row.probe} is enrolled on line ${standing.line}: choose another name`,
        row.probe,
      );
    else if (!standing) fresh.push(row);
  }
  return {
    probes: fresh.sort((a, b) => (a.probe < b.probe ? -1 : 1)),
    faults: faults.list(),
    faultCount: faults.count,
  };
}
