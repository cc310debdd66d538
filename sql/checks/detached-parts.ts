/** Parts that ClickHouse set aside: their rows are absent from every answer. */
import type { Finding, StoreCheck } from './check.ts';

export const detachedParts: StoreCheck = {
  name: 'detached-parts',
  title: { zh: '被搁置的数据分片', en: 'parts set aside' },
  async run({ store }) {
    const parts = await store.read<{ table: string; name: string; reason: string; bad: boolean }>(
      `SELECT table, name, ifNull(reason, '') AS reason,
         startsWith(reason, 'broken') OR reason IN ('unexpected', 'noquorum') AS bad
       FROM system.detached_parts WHERE database = currentDatabase() ORDER BY table, name`,
    );
    const broken = parts.filter(({ bad }) => bad);
    return {
      findings: broken.map(
        ({ table, name, reason }): Finding => ({
          code: 'part-broken',
          subject: `${table}/${name}`,
          what: {
            zh: `分片损坏,已被搁置(${reason}):其中的行不在任何答复中`,
            en: `the part is broken and was set aside (${reason}): its rows are in no answer`,
          },
          cure: {
            zh: '恢复一份完好的备份到空目录(tongda store restore)',
            en: 'restore a sound backup into an empty directory (tongda store restore)',
          },
        }),
      ),
      figures: [
        {
          name: 'detached-otherwise',
          title: { zh: '另行搁置的分片', en: 'parts detached for other reasons' },
          subject: 'store',
          value: parts.length - broken.length,
        },
      ],
    };
  },
};
