/** How many rows, copies not merged yet, and parts there are; what lies in quarantine, and why. */
import { isDrawn, tables } from '../rows.ts';
import type { CheckFigure, Finding, StoreCheck } from './check.ts';

const TITLES = {
  rows: { zh: '行数', en: 'rows' },
  copies: { zh: '尚未合并的重复行', en: 'copies not merged yet' },
  parts: { zh: '单个分区的最多分片数', en: 'most parts in one partition' },
  quarantined: { zh: '隔离的行', en: 'rows in quarantine' },
} as const;

export const counts: StoreCheck = {
  name: 'counts',
  title: { zh: '计数', en: 'counts' },
  async run({ store, progress }) {
    const figures: CheckFigure[] = [];
    const figure = (name: keyof typeof TITLES, subject: string, value: number) =>
      figures.push({ name, title: TITLES[name], subject, value });
    const names = Object.keys(tables);
    for (const [index, table] of names.entries()) {
      const [row] = await store.read<{ there: number; rows: number }>(
        `SELECT (SELECT count() FROM ${table}) AS there,
           (SELECT count() FROM ${table} ${isDrawn(table) ? '' : 'FINAL'}) AS rows`,
      );
      figure('rows', table, row?.rows ?? 0);
      // Rows may come in between the two.
      figure('copies', table, Math.max(0, (row?.there ?? 0) - (row?.rows ?? 0)));
      progress(index + 1, names.length + 1);
    }
    const parts = await store.read<{ table: string; partition: string; parts: number }>(
      `SELECT table, partition, count() AS parts FROM part GROUP BY shard, table, partition
       ORDER BY table, parts DESC, partition LIMIT 1 BY table`,
    );
    const [limit] = await store.read<{ parts: number }>(
      `SELECT toUInt64(value) AS parts FROM system.merge_tree_settings
       WHERE name = 'parts_to_delay_insert'`,
    );
    for (const { table, parts: most } of parts) figure('parts', table, most);
    for (const { code, rows } of await quarantinedByReason(store))
      figure('quarantined', code, rows);
    return {
      figures,
      findings: parts.flatMap(({ table, partition, parts: most }): Finding[] =>
        limit && most >= limit.parts
          ? [
              {
                code: 'parts-too-many',
                subject: `${table}/${partition}`,
                what: {
                  zh: `分区有 ${most} 个分片,已达 ClickHouse 放慢写入的界限 ${limit.parts}`,
                  en: `the partition has ${most} parts; from ${limit.parts} on ClickHouse slows inserts down`,
                },
                cure: {
                  zh: '磁盘或处理器跟不上合并:减轻负荷,或执行 OPTIMIZE TABLE',
                  en: 'merges do not keep up: lighten the load of disk and processor, or OPTIMIZE TABLE',
                },
              },
            ]
          : [],
      ),
    };
  },
};

async function quarantinedByReason(store: Parameters<StoreCheck['run']>[0]['store']) {
  const rows = await store.query('quarantine_counts', {});
  const byCode = new Map<string, number>();
  for (const { code, rows: count } of rows) byCode.set(code, (byCode.get(code) ?? 0) + count);
  return [...byCode].map(([code, count]) => ({ code, rows: count }));
}
