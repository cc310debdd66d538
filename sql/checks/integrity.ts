/** Every part read through and held against its checksums. */
import { checkPartition } from '../partition.ts';
import type { Finding, StoreCheck } from './check.ts';

export const integrity: StoreCheck = {
  name: 'integrity',
  title: { zh: '数据校验和', en: 'checksums' },
  async run({ store, progress }) {
    const partitions = await store.read<{ table: string; id: string; sizeB: number }>(
      `SELECT table, partition_id AS id, sum(bytes_on_disk) AS sizeB FROM system.parts
       WHERE database = currentDatabase() AND active GROUP BY table, id ORDER BY table, id`,
    );
    const totalB = partitions.reduce((sum, { sizeB }) => sum + sizeB, 0);
    const findings: Finding[] = [];
    let doneB = 0;
    for (const { table, id, sizeB } of partitions) {
      for (const { part, message } of await checkPartition(store, table, id))
        findings.push({
          code: 'part-damaged',
          subject: `${table}/${part}`,
          what: {
            zh: `分片与其校验和不符:${message}`,
            en: `the part is not as its checksums say: ${message}`,
          },
          cure: {
            zh: '检查磁盘,再恢复一份完好的备份到空目录(tongda store restore)',
            en: 'look at the disk, then restore a sound backup into an empty directory (tongda store restore)',
          },
        });
      doneB += sizeB;
      progress(doneB, totalB);
    }
    return { findings };
  },
};
