/**
 * One process per data directory, by a lock file that says who holds it.
 *
 * The holder is named by pid and by the moment that process began, so a lock left behind by a
 * `kill -9` is known to be stale even after its pid went to somebody else. The engine's own kernel
 * lock stands behind this one; this one is there to name the holder.
 */
import { execFileSync } from 'node:child_process';
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StoreFault } from './fault.ts';

/** A process for ever: pids are used again, pid and beginning together are not. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it began, in whatever form the system tells: compared, never read. */
  readonly began: string;
}

export interface DirectoryLock {
  release(): void;
}

/** What the system says of a live process; null when there is none with that pid. */
export function identifyProcess(pid: number): ProcessIdentity | null {
  try {
    return { pid, began: process.platform === 'linux' ? beganOnLinux(pid) : beganByPs(pid) };
  } catch {
    return null;
  }
}

/** Whether exactly that process still lives. */
export function isAlive(identity: ProcessIdentity): boolean {
  return identifyProcess(identity.pid)?.began === identity.began;
}

/**
 * Takes the lock of `directory` for this process.
 *
 * @throws StoreFault `data-directory-in-use` naming the live holder
 */
export function lockDirectory(directory: string): DirectoryLock {
  const path = join(directory, 'station.lock');
  const mine = JSON.stringify(identifyProcess(process.pid));
  const draft = `${path}.${process.pid}`;
  writeFileSync(draft, mine, { mode: 0o600 });
  try {
    while (!linked(draft, path)) {
      const found = read(path);
      if (found === null) continue;
      const holder = parseIdentity(found);
      if (holder && isAlive(holder)) throw directoryInUse(directory, holder.pid);
      discard(path, found);
    }
  } finally {
    rmSync(draft, { force: true });
  }
  return {
    release: () => {
      if (read(path) === mine) rmSync(path, { force: true });
    },
  };
}

/** The sentence for a directory that another process works in. */
export function directoryInUse(directory: string, pid: number | null): StoreFault {
  return new StoreFault(
    'data-directory-in-use',
    `数据目录 ${directory} 正由${pid === null ? '另一进程' : `进程 ${pid}`} 使用:请先停止它,或另选数据目录`,
    `the data directory ${directory} is in use by ${pid === null ? 'another process' : `process ${pid}`}: stop it first or choose another directory`,
  );
}

/** Creates the lock whole or not at all: a reader never sees a lock without its holder. */
function linked(draft: string, path: string): boolean {
  try {
    linkSync(draft, path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

/** Moves a stale lock away; puts it back when a rival renewed it in the meantime. */
function discard(path: string, stale: string): void {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return;
  }
  if (read(aside) !== stale) linked(aside, path);
  rmSync(aside, { force: true });
}

function read(path: string): string | null {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return null;
  }
}

function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const { pid, began } = JSON.parse(text) as Partial<ProcessIdentity>;
    return typeof pid === 'number' && typeof began === 'string' ? { pid, began } : null;
  } catch {
    return null;
  }
}

/** Boot and clock ticks since boot: field 22 of proc(5) stat, counted after the bracketed name. */
function beganOnLinux(pid: number): string {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /s, '')
    .split(' ');
  if (fields[0] === 'Z') throw new Error('a zombie holds nothing');
  return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()} ${fields[19]}`;
}

function beganByPs(pid: number): string {
  const began = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  if (began.trim() === '') throw new Error('no such process');
  return began.trim();
}
