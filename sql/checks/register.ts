/** Measurements whose line or place nobody registered: they count for nothing, or for nobody. */
import type { Finding, StoreCheck } from './check.ts';

const COLUMNS = [
  {
    column: 'line',
    known: 'SELECT line FROM line_version',
    code: 'line-unknown',
    zh: '线路未登记',
    en: 'the line is not registered',
  },
  {
    column: 'place',
    known: 'SELECT code FROM place_version',
    code: 'place-unknown',
    zh: '地点不在登记册中',
    en: 'the place is not in the register',
  },
] as const;

/** More of them are one mistake, not many. */
const SHOWN = 100;

export const register: StoreCheck = {
  name: 'register',
  title: { zh: '线路与地点', en: 'lines and places' },
  async run({ store, progress }) {
    const findings: Finding[] = [];
    for (const [index, { column, known, code, zh, en }] of COLUMNS.entries()) {
      const rows = await store.read<{ name: string; rows: number }>(
        `SELECT ${column} AS name, count() AS rows FROM measurement
         GROUP BY name HAVING name NOT IN (${known}) ORDER BY name LIMIT ${SHOWN}`,
      );
      for (const { name, rows: count } of rows)
        findings.push({
          code,
          subject: name,
          what: {
            zh: `${zh},却有 ${count} 条测量记录`,
            en: `${en}, yet ${count} measurements name it`,
          },
          cure: {
            zh: '登记册可能丢了行:恢复登记(重启站点可补入内置地点,线路见 tongda probe add),或从备份恢复',
            en: 'the register has lost rows: register them again (a start brings back built-in places, tongda probe add a line), or restore a backup',
          },
        });
      progress(index + 1, COLUMNS.length);
    }
    return { findings };
  },
};
