/** Whether days that retention trimmed are as its notes say. */
import { type RetiredDay, retentionState } from '../retention.ts';
import type { Finding, StoreCheck } from './check.ts';

/** A day is trimmed within minutes; a note without its end is older than that, or under way. */
const UNDER_WAY_MS = 3_600_000;
const CURE = { zh: '执行 tongda store retain', en: 'run tongda store retain' };

export const retired: StoreCheck = {
  name: 'retired',
  title: { zh: '留存', en: 'retention' },
  async run({ store, now }) {
    const { days, retired: notes } = await retentionState(store);
    const last = new Map<string, RetiredDay>();
    for (const note of notes) last.set(`${note.table}/${note.day}`, note);
    const rows = new Map(days.map((day) => [`${day.table}/${day.day}`, day.rows]));
    const findings = [...last].flatMap(([subject, note]): Finding[] => {
      const found = rows.get(subject) ?? 0;
      if (!note.done)
        return Date.parse(note.at) < now().getTime() - UNDER_WAY_MS
          ? [
              {
                code: 'retention-unfinished',
                subject,
                what: {
                  zh: `${note.at} 开始的整理没有完成`,
                  en: `what was begun at ${note.at} was not finished`,
                },
                cure: CURE,
              },
            ]
          : [];
      return found > note.rowsKept
        ? [
            {
              code: 'retired-day-grew',
              subject,
              what: {
                zh: `整理后应有 ${note.rowsKept} 行,现有 ${found} 行`,
                en: `${note.rowsKept} rows were kept, now there are ${found}`,
              },
              cure: CURE,
            },
          ]
        : [];
    });
    const removed = notes.reduce((sum, note) => sum + note.rowsBefore - note.rowsKept, 0);
    return {
      findings,
      figures: [
        {
          name: 'rows-retired',
          title: { zh: '按留存规则移除的行', en: 'rows removed by retention' },
          subject: 'store',
          value: removed,
        },
      ],
    };
  },
};
