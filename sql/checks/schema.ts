/**
 * Whether the tables are those of this program: the files applied are its files, every table says
 * what a fresh database says to which the same files were applied, and its columns are those of
 * `rows.ts`.
 */
import type { StoreFault } from '../fault.ts';
import {
  listApplied,
  listMigrations,
  type Migration,
  migrate,
  planMigrations,
} from '../migrate.ts';
import { isTwin } from '../partition.ts';
import { tables } from '../rows.ts';
import type { Store } from '../store.ts';
import type { Finding, StoreCheck } from './check.ts';

export const schema: StoreCheck = {
  name: 'schema',
  title: { zh: '表结构', en: 'schema' },
  async run({ store, openScratch, progress }) {
    const { findings, applied } = await compareFiles(store);
    progress(1, 4);
    const scratch = await openScratch();
    try {
      await migrate(scratch, applied);
      progress(2, 4);
      const [live, fresh] = await Promise.all([statements(store), statements(scratch)]);
      // Which tables other files have made is not known here.
      const unsure = findings.length > 0;
      findings.push(
        ...compareTables(live, fresh).filter(({ code }) => !unsure || code !== UNKNOWN),
      );
    } finally {
      await scratch.command('DROP DATABASE {database:Identifier} SYNC', {
        database: scratch.database,
      });
      await scratch.close();
    }
    progress(3, 4);
    if (findings.length === 0) findings.push(...(await compareColumns(store)));
    return { findings };
  },
};

const UNKNOWN = 'table-unknown';
const RESTORE = {
  zh: '恢复一份完好的备份(tongda store restore)',
  en: 'restore a sound backup (tongda store restore)',
};

/** What is wrong with the files applied, and those among ours that were. */
async function compareFiles(
  store: Store,
): Promise<{ findings: Finding[]; applied: readonly Migration[] }> {
  const files = listMigrations();
  const [found] = await store.read<{ tables: number }>(
    `SELECT count() AS tables FROM system.tables
     WHERE database = currentDatabase() AND name = 'schema_migration'`,
  );
  const noted = found?.tables ? await listApplied(store) : [];
  const applied = files.slice(0, noted.length);
  try {
    const pending = planMigrations(files, noted);
    return {
      applied,
      findings: pending.map(({ file }) => ({
        code: 'schema-pending',
        subject: file,
        what: { zh: `表结构文件 ${file} 尚未执行`, en: `schema file ${file} is not applied yet` },
        cure: { zh: '启动站点即会执行', en: 'start the station, which applies it' },
      })),
    };
  } catch (error) {
    const { code, zh, en } = error as StoreFault;
    if (!zh) throw error;
    return {
      applied,
      findings: [
        {
          code,
          subject: 'schema_migration',
          what: { zh, en },
          cure:
            code === 'schema-newer'
              ? { zh: '升级本程序', en: 'upgrade this program' }
              : {
                  zh: `换回原来的程序文件,或${RESTORE.zh}`,
                  en: `put the program's files back as they were, or ${RESTORE.en}`,
                },
        },
      ],
    };
  }
}

/** CREATE TABLE of every table but views, which are made anew at each start, as lines. */
async function statements(store: Store): Promise<Map<string, string[]>> {
  const rows = await store.read<{ name: string; statement: string }>(
    `SELECT name, formatQuery(create_table_query) AS statement FROM system.tables
     WHERE database = currentDatabase() AND engine NOT LIKE '%View' ORDER BY name`,
  );
  return new Map(
    rows
      .filter(({ name }) => !isTwin(name))
      .map(({ name, statement }) => [
        name,
        statement.replaceAll(`${store.database}.`, '').split('\n'),
      ]),
  );
}

function compareTables(
  live: ReadonlyMap<string, readonly string[]>,
  fresh: ReadonlyMap<string, readonly string[]>,
): Finding[] {
  const findings: Finding[] = [];
  for (const [table, expected] of fresh) {
    const found = live.get(table);
    if (!found) {
      findings.push({
        code: 'table-missing',
        subject: table,
        what: { zh: `缺少表 ${table}`, en: `table ${table} is missing` },
        cure: RESTORE,
      });
      continue;
    }
    const lacks = expected.filter((line) => !found.includes(line)).map(bare);
    const has = found.filter((line) => !expected.includes(line)).map(bare);
    if (lacks.length + has.length > 0 || expected.length !== found.length)
      findings.push({
        code: 'table-differs',
        subject: table,
        what: {
          zh: `表 ${table} 与程序不符:应为 ${lacks.join(';') || '—'},实为 ${has.join(';') || '—'}`,
          en: `table ${table} is not the program's: it should say ${lacks.join('; ') || '—'} and says ${has.join('; ') || '—'}`,
        },
        cure: {
          zh: `用 ALTER TABLE ${table} 改回,或${RESTORE.zh}`,
          en: `alter it back (ALTER TABLE ${table} …), or ${RESTORE.en}`,
        },
      });
  }
  for (const table of live.keys())
    if (!fresh.has(table))
      findings.push({
        code: UNKNOWN,
        subject: table,
        what: { zh: `表 ${table} 不是本程序的`, en: `table ${table} is none of this program's` },
        cure: {
          zh: '移到另一个数据库;本库只放通达的表',
          en: 'move it to another database; this one is for tongda’s tables alone',
        },
      });
  return findings;
}

function bare(line: string): string {
  return line.trim().replace(/,$/, '');
}

/** Where tables are as the files say, `rows.ts` is the last that can be wrong. */
async function compareColumns(store: Store): Promise<Finding[]> {
  const rows = await store.read<{ table: string; columns: string[] }>(
    `SELECT table, groupArray(concat(name, ' ', type)) AS columns FROM
       (SELECT table, name, type FROM system.columns
        WHERE database = currentDatabase() AND default_kind NOT IN ('MATERIALIZED', 'ALIAS')
        ORDER BY table, position)
     GROUP BY table`,
  );
  const live = new Map(rows.map(({ table, columns }) => [table, columns.join(', ')]));
  return Object.entries(tables).flatMap(([table, columns]) => {
    const expected = Object.entries(columns)
      .map(([name, type]) => `${name} ${type}`)
      .join(', ');
    if (live.get(table) === expected) return [];
    return [
      {
        code: 'columns-differ',
        subject: table,
        what: {
          zh: `程序以为表 ${table} 的列为 ${expected},实为 ${live.get(table) ?? '无此表'}`,
          en: `the program takes the columns of ${table} for ${expected}; they are ${live.get(table) ?? 'not there'}`,
        },
        cure: { zh: '程序文件不完整:重新安装', en: 'the program is not whole: install it again' },
      },
    ];
  });
}
