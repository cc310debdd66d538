/** The file that binds probes to lines, and which of them are new. Pure. */
import { LOOPBACK } from './binding.ts';
import { nameColumn } from './cells-of-file.ts';
import { grouped } from './grouped.ts';
import type { LineVersion } from './line-history.ts';
import { RowFaults } from './row-faults.ts';
import type { Columns, RowFault, RowOf, Rows } from './table-file.ts';

export const PROBE_COLUMNS = {
  probe: nameColumn('probe', '探针'),
  line: nameColumn('line', '线路'),
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
  readonly lines: readonly Pick<LineVersion, 'line' | 'technology' | 'validTo'>[];
  /** Today, `YYYY-MM-DD`. */
  readonly today: string;
}

export interface ProbeChanges {
  /** Those to enrol, by name. */
  readonly probes: readonly ProbeRow[];
  readonly faults: readonly RowFault[];
  readonly faultCount: number;
}

export function probeChanges(
  { rows, titles }: Rows<ProbeRow>,
  { probes, lines, today }: ProbeContext,
): ProbeChanges {
  const faults = new RowFaults({ titles });
  const versions = grouped(lines, (one) => one.line);
  const known = new Map(probes.map((one) => [one.probe, one]));
  const seen = new Map<string, number>();
  const fresh: ProbeRow[] = [];
  for (const { line, row } of rows) {
    const before = seen.get(row.probe);
    seen.set(row.probe, before ?? line);
    const standing = known.get(row.probe);
    const versionsOfLine = versions.get(row.line) ?? [];
    if (before !== undefined)
      faults.add(
        line,
        'probe',
        'probe-twice',
        `${row.probe} 在第 ${before} 行已出现`,
        `${row.probe} stands in line ${before} already`,
        row.probe,
      );
    else if (versionsOfLine.length === 0)
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
    else if (standing) continue;
    else if (versionsOfLine.some(({ technology }) => technology === LOOPBACK))
      faults.add(
        line,
        'line',
        'line-reserved',
        `${row.line} 是站点自检线路,不能绑定探针`,
        `${row.line} is the station's own line and takes no probe`,
        row.line,
      );
    else if (versionsOfLine.every(({ validTo }) => validTo < today))
      faults.add(
        line,
        'line',
        'line-ended',
        `线路 ${row.line} 已停用:请先重新登记线路`,
        `line ${row.line} has ended: bring it in anew first`,
        row.line,
      );
    else fresh.push(row);
  }
  return {
    probes: fresh.sort((a, b) => (a.probe < b.probe ? -1 : 1)),
    faults: faults.list(),
    faultCount: faults.count,
  };
}
