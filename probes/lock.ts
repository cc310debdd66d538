/**
 * One process per directory, held by a listening socket rather than by a file with a pid in it.
 *
 * The kernel frees a socket with its process, however that ends, so a lock is never stale and a
 * recycled pid never keeps a probe from starting; and binding is atomic, so two starters cannot
 * both win. On Linux the name is abstract (no file, no path limit; seen by all processes of one
 * network namespace); elsewhere it is a socket file in the temporary directory.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import { connect, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Fault } from './fault.ts';

export interface DirectoryLock {
  release(): Promise<void>;
}

/**
 * Creates `directory` where needed and locks it.
 *
 * @throws Fault `spool-locked` when another process (or this one) holds it
 */
export async function lockDirectory(directory: string): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const { dev, ino } = await stat(directory, { bigint: true });
  const name = `tongda-spool-${dev}-${ino}`;
  const path = process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
  let server = await listen(path);
  if (!server) {
    const holder = await holderOf(path);
    if (holder === null) {
      if (process.platform !== 'linux') await rm(path, { force: true });
      server = await listen(path);
    }
    if (!server)
      throw new Fault(
        'spool-locked',
        `目录 ${directory} 正被进程 ${holder ?? '?'} 使用:请先停止它,或换一个 --spool 目录`,
        `process ${holder ?? '?'} is using ${directory}: stop it, or choose another --spool directory`,
      );
  }
  const held = server;
  return { release: () => new Promise((done) => held.close(() => done())) };
}

/** The listening server, whose clients are told our pid; null when the name is taken. */
function listen(path: string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((client) => client.on('error', () => {}).end(`${process.pid}`));
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(path, () => resolve(server)).unref();
  });
}

/** The pid of the process that listens; null when none does, so that a socket file is a leftover. */
function holderOf(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let connected = false;
    let pid = '';
    const client = connect(path, () => {
      connected = true;
    });
    client.setEncoding('utf8').setTimeout(1_000, () => client.destroy());
    client.on('data', (text) => {
      pid += text;
    });
    client.on('error', () => {});
    client.on('close', () => resolve(connected ? pid || '?' : null));
  });
}
