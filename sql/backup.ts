/**
 * Backup and restore of a whole database by the engine's own BACKUP and RESTORE, with a manifest of
 * ours beside the engine's files: what it is, whether this program can read it, and the SHA-256 of
 * every file. The manifest is written last, so a backup without one was never finished.
 */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type EngineOptions, startEngine } from './engine.ts';
import { StoreFault } from './fault.ts';
import { type Applied, listApplied, listMigrations, planMigrations } from './migrate.ts';
import { openStore, type Store } from './store.ts';

const MANIFEST = 'tongda-backup.json';
const VERSION = 1;
const POLL_MS = 200;

interface BackedUpFile {
  /** Within the backup. */
  readonly path: string;
  readonly sizeB: number;
  readonly sha256: string;
}

export interface Manifest {
  readonly version: number;
  /** UTC; rows that came in while it was made may be in it or not. */
  readonly created: string;
  /** Version of the ClickHouse that wrote it. */
  readonly engine: string;
  readonly database: string;
  readonly schema: readonly Applied[];
  readonly files: readonly BackedUpFile[];
}

/** How far it is; `done` and `total` are bytes. */
export type Progress = (step: 'write' | 'check' | 'restore', done: number, total: number) => void;

/**
 * Writes a backup of the store's database into `directory`, durable when it resolves.
 *
 * @throws StoreFault `backup-target-not-empty`, `backup-failed`
 */
export async function backupStore(
  store: Store,
  directory: string,
  progress: Progress,
): Promise<Manifest> {
  const target = resolve(directory);
  if (isTaken(target))
    throw new StoreFault(
      'backup-target-not-empty',
      `${target} 不是空目录:请为每次备份另选一个新目录`,
      `${target} is not an empty directory: choose a new one for each backup`,
    );
  await mkdir(target, { recursive: true, mode: 0o700 });
  const schema = await listApplied(store);
  const [engine] = await store.read<{ version: string }>('SELECT version() AS version');
  await carryOut(
    store,
    `BACKUP DATABASE ${identifier(store.database)} TO File({path:String})`,
    target,
    (done, total) => progress('write', done, total),
  );
  const files = await listFiles(target, (done, total) => progress('check', done, total));
  const manifest: Manifest = {
    version: VERSION,
    created: new Date().toISOString(),
    engine: engine?.version ?? 'unknown',
    database: store.database,
    schema,
    files,
  };
  await writeDurably(join(target, MANIFEST), `${JSON.stringify(manifest)}\n`);
  return manifest;
}

/**
 * Reads a backup through and says what it is.
 *
 * @throws StoreFault `backup-missing`, `backup-damaged` (naming the first bad file), `backup-newer`
 */
export async function checkBackup(directory: string, progress: Progress): Promise<Manifest> {
  const source = resolve(directory);
  if (!existsSync(join(source, MANIFEST)))
    throw new StoreFault(
      'backup-missing',
      `${source} 中没有完整的备份:缺少 ${MANIFEST}`,
      `there is no finished backup in ${source}: it has no ${MANIFEST}`,
    );
  const manifest = parsed(await readFile(join(source, MANIFEST), 'utf8'));
  if (manifest === null) throw damaged(source, MANIFEST);
  if (manifest.version > VERSION) throw newer(source, `version ${manifest.version}`);
  refuseNewerSchema(source, manifest.schema);
  const found = new Map(
    (await listFiles(source, (done, total) => progress('check', done, total))).map((file) => [
      file.path,
      file,
    ]),
  );
  for (const { path, sha256 } of manifest.files)
    if (found.get(path)?.sha256 !== sha256) throw damaged(source, path);
  return manifest;
}

export interface RestoreOptions extends Pick<EngineOptions, 'log'> {
  readonly backup: string;
  /** The data directory: must be empty or not there. */
  readonly directory: string;
  readonly progress: Progress;
}

/**
 * Restores a checked backup into an empty data directory, which stays empty when that fails.
 *
 * @throws StoreFault `restore-target-not-empty`, `restore-failed`, and those of `checkBackup` and `startEngine`
 */
export async function restoreStore(options: RestoreOptions): Promise<Manifest> {
  const { log, progress } = options;
  const directory = resolve(options.directory);
  if (isTaken(directory))
    throw new StoreFault(
      'restore-target-not-empty',
      `${directory} 不是空目录:恢复不会覆盖任何数据,请另选目录或先移走其中的内容`,
      `${directory} is not empty: restoring overwrites nothing, choose another directory or move its content away first`,
    );
  const manifest = await checkBackup(options.backup, progress);
  const engine = await startEngine({ directory, log });
  try {
    if (isOlder(engine.version, manifest.engine))
      throw newer(options.backup, `ClickHouse ${manifest.engine}`);
    const store = await openStore({ ...engine, database: 'default', log });
    try {
      await carryOut(
        store,
        `RESTORE DATABASE ${identifier(manifest.database)} FROM File({path:String})`,
        resolve(options.backup),
        (done, total) => progress('restore', done, total),
      );
    } finally {
      await store.close();
    }
    await engine.stop();
    return manifest;
  } catch (error) {
    await engine.stop();
    for (const name of await readdir(directory))
      await rm(join(directory, name), { recursive: true, force: true });
    throw error;
  }
}

/** Starts BACKUP or RESTORE and follows it: a province takes longer than any request may. */
async function carryOut(
  store: Store,
  statement: string,
  path: string,
  progress: (done: number, total: number) => void,
): Promise<void> {
  const [began] = await store.read<{ id: string }>(`${statement} ASYNC`, { path });
  for (;;) {
    const [row] = await store.read<BackupRow>(
      `SELECT status, error, total_size AS total, bytes_read AS done
       FROM system.backups WHERE id = {id:String}`,
      { id: began?.id ?? '' },
    );
    const finished = row && ['BACKUP_CREATED', 'RESTORED'].includes(row.status);
    // A backup's own bytes are not counted as it writes them, a restore's are.
    if (row) progress(finished ? row.total : row.done, row.total);
    if (finished) return;
    if (!row || /FAILED|CANCELLED/.test(row.status)) throw failed(statement, row?.error ?? '');
    await sleep(POLL_MS);
  }
}

interface BackupRow {
  readonly status: string;
  readonly error: string;
  readonly total: number;
  readonly done: number;
}

/** Every file but the manifest, in order, with its SHA-256; each is on disk when it resolves. */
async function listFiles(
  directory: string,
  progress: (done: number, total: number) => void,
): Promise<BackedUpFile[]> {
  const entries = await readdir(directory, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(directory, join(entry.parentPath, entry.name)))
    .filter((path) => path !== MANIFEST)
    .sort();
  let total = 0;
  for (const path of paths) total += (await stat(join(directory, path))).size;
  const files: BackedUpFile[] = [];
  let done = 0;
  for (const path of paths) {
    const { sizeB, sha256 } = await digest(join(directory, path));
    files.push({ path, sizeB, sha256 });
    done += sizeB;
    progress(done, total);
  }
  return files;
}

async function digest(path: string): Promise<{ sizeB: number; sha256: string }> {
  const hash = createHash('sha256');
  let sizeB = 0;
  const file = await open(path, 'r');
  try {
    for await (const chunk of file.createReadStream({ autoClose: false })) {
      hash.update(chunk);
      sizeB += chunk.length;
    }
    await file.sync();
  } finally {
    await file.close();
  }
  return { sizeB, sha256: hash.digest('hex') };
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(`${path}.draft`, 'w', 0o600);
  await file.writeFile(text);
  await file.sync();
  await file.close();
  await rename(`${path}.draft`, path);
  const directory = await open(resolve(path, '..'), 'r');
  await directory.sync();
  await directory.close();
}

function isTaken(directory: string): boolean {
  return existsSync(directory) && readdirSync(directory).length > 0;
}

/** Names of databases are ours, yet they stand in SQL. */
function identifier(name: string): string {
  return `\`${name.replace(/[^\w-]/g, '')}\``;
}

function parsed(text: string): Manifest | null {
  try {
    const manifest = JSON.parse(text) as Partial<Manifest>;
    const whole = [manifest.files, manifest.schema].every(Array.isArray);
    return typeof manifest.version === 'number' && whole ? (manifest as Manifest) : null;
  } catch {
    return null;
  }
}

function refuseNewerSchema(source: string, schema: readonly Applied[]): void {
  try {
    planMigrations(listMigrations(), schema);
  } catch (error) {
    if ((error as Partial<StoreFault>).code !== 'schema-newer') throw error;
    throw newer(source, schema.at(-1)?.file ?? 'its schema');
  }
}

/** Whether release `a` of ClickHouse is older than `b`, by year and number: `26.7` before `26.8`. */
export function isOlder(a: string, b: string): boolean {
  const [yearA = 0, numberA = 0] = a.split('.').map(Number);
  const [yearB = 0, numberB = 0] = b.split('.').map(Number);
  return yearA < yearB || (yearA === yearB && numberA < numberB);
}

function damaged(source: string, path: string): StoreFault {
  return new StoreFault(
    'backup-damaged',
    `备份 ${source} 已损坏:文件 ${path} 缺失或内容不符;未作任何恢复,请换一份备份`,
    `the backup ${source} is damaged: ${path} is missing or not as it was written; nothing was restored, take another backup`,
  );
}

function newer(source: string, what: string): StoreFault {
  return new StoreFault(
    'backup-newer',
    `备份 ${source} 由更新的程序写成(${what}):请先升级本程序再恢复`,
    `the backup ${source} was written by a newer program (${what}): upgrade this program, then restore`,
  );
}

function failed(statement: string, error: string): StoreFault {
  const restoring = statement.startsWith('RESTORE');
  const why = (error.split(', Stack trace')[0] ?? '').slice(0, 300) || 'no reason given';
  return restoring
    ? new StoreFault(
        'restore-failed',
        `恢复没有完成:${why}`,
        `the restore was not finished: ${why}`,
      )
    : new StoreFault(
        'backup-failed',
        `备份没有完成,目录中的文件不可用:${why}`,
        `the backup was not finished, what lies in the directory is of no use: ${why}`,
      );
}
