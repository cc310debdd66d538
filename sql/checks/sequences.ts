/**
 * Sequences that one probe gave to two measurements. The collector cannot look for them across
 * reports (`ingest/README.md`), so it is done here, some probes at a time.
 */
import type { Finding, StoreCheck } from './check.ts';

/** Rows grouped at once: some hundred megabytes of the engine's memory. */
const ROWS_AT_ONCE = 4_000_000;
const SHOWN = 100;

export const sequences: StoreCheck = {
  name: 'sequences',
  title: { zh: '探针序号', en: 'sequences of probes' },
  async run({ store, progress }) {
    const [there] = await store.read<{ rows: number }>('SELECT count() AS rows FROM measurement');
    const rounds = Math.max(1, Math.ceil((there?.rows ?? 0) / ROWS_AT_ONCE));
    const findings: Finding[] = [];
    for (let round = 0; round < rounds; round++) {
      const rows = await store.read<{ probe: string; sequences: number; example: number }>(
        `SELECT probe, count() AS sequences, min(sequence) AS example FROM
           (SELECT probe, sequence FROM measurement
            WHERE cityHash64(probe) % {rounds:UInt32} = {round:UInt32}
            GROUP BY probe, sequence
            HAVING min(cityHash64(metric, start)) != max(cityHash64(metric, start)))
         GROUP BY probe ORDER BY probe LIMIT ${SHOWN}`,
        { rounds, round },
      );
      for (const { probe, sequences: count, example } of rows)
        findings.push({
          code: 'sequence-twice',
          subject: probe,
          what: {
            zh: `有 ${count} 个序号各用于两次测量,如 ${example}`,
            en: `${count} sequences stand for two measurements each, as ${example}`,
          },
          cure: {
            zh: '两台机器用了同一个探针名和令牌,或探针的存储目录被复制:为其中一台另行登记',
            en: 'two machines report under one name and token, or a spool was copied: enrol one of them under a name of its own',
          },
        });
      progress(round + 1, rounds);
    }
    return { findings };
  },
};
