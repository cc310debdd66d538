/**
 * One process per directory, held by a listening socket rather than by a file with a pid in it.
 *
 * The kernel frees a socket with its process, however that ends, so a lock is never stale and a
 * recycled pid never keeps a probe from starting; and binding is atomic, so two starters cannot
 * both win. On Linux the name is abstract (no file, no path limit; seen by all processes of one
 * network namespace); elsewhere it is a socket file in the temporary directory.
 *
 * Whoever connects is told the holder's pid on the first line, and what the holder has to say of
 * itself behind it.
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
 * @param answer what those who ask are told, beside the pid
 * @throws Fault `spool-locked` when another process (or this one) holds it
 */
export async function lockDirectory(
  directory: string,
  answer: () => string = () => '',
): Promise<DirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const path = await socketOf(directory);
  let server = await listen(path, answer);
  if (!server) {
    const said = await ask(path);
    if (said === null) {
      if (process.platform !== 'linux') await rm(path, { force: true });
      server = await listen(path, answer);
    }
    const holder = said?.split('\n')[0] || '?';
    if (!server)
      throw new Fault(
        'spool-locked',
        `目录 ${directory} 正被进程 ${holder} 使用:请先停止它,或换一个 --spool 目录`,
        `process ${holder} is using ${directory}: stop it, or choose another --spool directory`,
      );
  }
  const held = server;
  return { release: () => new Promise((done) => held.close(() => done())) };
}

/** What the process that holds `directory` says of itself; null where none does. */
export async function askHolder(
  directory: string,
): Promise<{ readonly pid: string; readonly answer: string } | null> {
  const said = await ask(await socketOf(directory));
  if (said === null) return null;
  const [pid = '', ...answer] = said.split('\n');
  return { pid, answer: answer.join('\n') };
}

async function socketOf(directory: string): Promise<string> {
  const { dev, ino } = await stat(directory, { bigint: true });
  const name = `tongda-spool-${dev}-${ino}`;
  return process.platform === 'linux' ? `\0${name}` : join(tmpdir(), `${name}.sock`);
}

/** The listening server; null when the name is taken. */
function listen(path: string, answer: () => string): Promise<Server | null> {
  return new Promise((resolve, reject) => {
    const server = createServer((client) =>
      client.on('error', () => {}).end(`${process.pid}\n${answer()}`),
    );
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(null) : reject(error),
    );
    server.listen(path, () => resolve(server)).unref();
  });
}

/** All that the process that listens says; null when none does, so that a socket file is a leftover. */
function ask(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    let connected = false;
    let said = '';
    const client = connect(path, () => {
      connected = true;
    });
    client.setEncoding('utf8').setTimeout(1_000, () => client.destroy());
    client.on('data', (text) => {
      said += text;
    });
    client.on('error', () => {});
    client.on('close', () => resolve(connected ? said : null));
  });
}
