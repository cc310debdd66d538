/**
 * Brings a database to the schema of this code: forward only, one statement a file, and never a
 * guess. Files and database are compared first; when they do not fit, nothing is touched.
 */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { StoreFault } from './fault.ts';
import type { Store } from './store.ts';
import { partViewSql } from './topology.ts';

/** One numbered file of `schema/`. */
export interface Migration {
  readonly file: string;
  readonly sql: string;
  readonly sha256: string;
}

/** What the database remembers of a file it has taken. */
export interface Applied {
  readonly file: string;
  readonly sha256: string;
}

/** The table that remembers which files were applied. */
export const NOTES_SQL = `CREATE TABLE IF NOT EXISTS schema_migration
(file String, sha256 FixedString(64), applied DateTime64(3, 'UTC') DEFAULT now64(3))
ENGINE = ReplacingMergeTree ORDER BY file
SETTINGS fsync_after_insert = 1, fsync_part_directory = 1`;

const FOLDER = new URL('./schema/', import.meta.url);

/** Every file of `schema/`, in order. */
export function listMigrations(folder: URL = FOLDER): Migration[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.sql'))
    .sort()
    .map((file) => {
      const sql = readFileSync(new URL(file, folder), 'utf8');
      return { file, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    });
}

/**
 * What is still to be applied. Pure.
 *
 * @throws StoreFault `schema-drift` when the numbers have a gap or what was applied differs from the
 *   files; `schema-newer` when the database has taken files this code does not have
 */
export function planMigrations(files: readonly Migration[], applied: readonly Applied[]) {
  files.forEach(({ file }, index) => {
    if (Number(/^(\d{3})_[a-z0-9_]+\.sql$/.exec(file)?.[1]) !== index + 1)
      throw drift(
        `表结构文件 ${file} 应为第 ${index + 1} 号:编号须连续`,
        `schema file ${file} should be number ${index + 1}: numbers run without a gap`,
      );
  });
  const known = new Map(files.map((migration) => [migration.file, migration]));
  const newer = applied.filter(({ file }) => !known.has(file) && number(file) > files.length);
  if (newer.length > 0)
    throw new StoreFault(
      'schema-newer',
      `数据库的表结构比本程序新(${names(newer)}):请升级程序,数据未作改动`,
      `the database's schema is newer than this program (${names(newer)}): upgrade the program; nothing was changed`,
    );
  for (const { file, sha256 } of applied) {
    const migration = known.get(file);
    if (migration?.sha256 !== sha256)
      throw drift(
        `已执行的表结构文件 ${file} ${migration ? '内容已变' : '不见了'}:请恢复原文件,改动另立新文件`,
        `schema file ${file} was applied and has since ${migration ? 'changed' : 'gone'}: restore it and put changes in a new file`,
      );
  }
  const done = new Set(applied.map(({ file }) => file));
  const pending = files.filter(({ file }) => !done.has(file));
  const late = pending.find(({ file }) => number(file) <= applied.length);
  if (late)
    throw drift(
      `数据库跳过了表结构文件 ${late.file}:请从备份恢复,或换一个空数据库`,
      `the database has passed over schema file ${late.file}: restore a backup or start with an empty database`,
    );
  return pending;
}

/**
 * Applies what is missing, in order, and renews the view `part`. May be killed anywhere and run again: a statement that ran but
 * was not noted yet finds its work done, because schema statements say IF NOT EXISTS.
 *
 * @throws StoreFault `schema-drift`, `schema-newer`
 */
export async function migrate(
  store: Store,
  files: readonly Migration[] = listMigrations(),
): Promise<{ applied: string[] }> {
  const [found] = await store.read<{ tables: number }>(
    `SELECT count() AS tables FROM system.tables
     WHERE database = currentDatabase() AND name = 'schema_migration'`,
  );
  const pending = planMigrations(files, found?.tables ? await listApplied(store) : []);
  await store.define(NOTES_SQL);
  for (const { file, sql, sha256 } of pending) {
    await store.define(sql);
    await store.command(
      'INSERT INTO schema_migration (file, sha256) VALUES ({file:String}, {sha256:String})',
      { file, sha256 },
    );
  }
  await store.define(partViewSql(store.topology, store.database));
  return { applied: pending.map(({ file }) => file) };
}

/** What the database has taken so far. */
export function listApplied(store: Store): Promise<Applied[]> {
  return store.read('SELECT file, sha256 FROM schema_migration FINAL ORDER BY file');
}

/** SHOW CREATE of every table, ordered and freed of the database's name: the golden file. */
export async function schemaSnapshot(store: Store): Promise<string> {
  const rows = await store.read<{ statement: string }>(
    `SELECT formatQuery(create_table_query) AS statement FROM system.tables
     WHERE database = currentDatabase() AND engine NOT LIKE '%View' ORDER BY name`,
  );
  return rows
    .map(({ statement }) => `${statement.replaceAll(`${store.database}.`, '')};\n`)
    .join('\n');
}

function number(file: string): number {
  return Number.parseInt(file, 10);
}

function names(applied: readonly Applied[]): string {
  return applied.map(({ file }) => file).join(', ');
}

function drift(zh: string, en: string): StoreFault {
  return new StoreFault('schema-drift', zh, en);
}
