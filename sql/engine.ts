/**
 * The embedded engine: a real ClickHouse HTTP server in one child process, on loopback, with its
 * data in a directory of the station's. The only file that knows of it; everything else talks to a
 * ClickHouse over HTTP and cannot tell the difference.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { createClient } from '@clickhouse/client';
import type { BaseLogger } from 'pino';
import type { Endpoint } from './connection.ts';
import {
  type DirectoryLock,
  directoryInUse,
  identifyProcess,
  isAlive,
  lockDirectory,
  type ProcessIdentity,
} from './directory-lock.ts';
import { engineConfig, engineUsers, type ShardOptions } from './engine-config.ts';
import { engineLibrary } from './engine-library.ts';
import { StoreFault } from './fault.ts';

/** How the engine's process ended; `detail` is the tail of its standard error. */
interface EngineExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly detail: string;
}

export interface Engine extends Endpoint {
  /** As ClickHouse says it: `26.7.2.1`. */
  readonly version: string;
  readonly pid: number;
  /** Parts set aside because a file of theirs was missing or damaged: their rows are absent from every answer. */
  readonly brokenParts: readonly { readonly table: string; readonly name: string }[];
  /** Ends the engine and frees the directory; what was acknowledged is on disk. */
  stop(): Promise<void>;
  readonly exited: Promise<EngineExit>;
}

export interface EngineOptions {
  /** Made when it is not there. Holds the engine's data, its lock, and how to reach it (0600). */
  readonly directory: string;
  readonly log: Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'>;
  /** Of the directory, where the caller holds it already and frees it himself. */
  readonly lock?: DirectoryLock;
  /** Only where engines are to form a cluster: opens a native TCP port on loopback. */
  readonly shard?: ShardOptions;
}

const USERNAME = 'tongda';
/** How another process of the same user reaches the running engine. */
const RUNTIME_FILE = 'engine.json';
/** A directory of many parts is loaded before the engine answers. */
const START_TIMEOUT_MS = 120_000;
/** A predecessor that was killed needs a moment to let go of its files. */
const PREDECESSOR_MS = 5_000;
const PORT_ATTEMPTS = 5;
/** For the answer to a question of the engine's own. */
const PATIENCE_MS = 10_000;

/**
 * Starts the engine on `directory`.
 *
 * @throws StoreFault `engine-not-installed`, `data-directory-unusable`, `data-directory-in-use`,
 *   `engine-failed`
 */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const { directory, log, shard } = options;
  const root = resolve(directory);
  const library = engineLibrary();
  const lock = options.lock ? { release: () => {} } : takeDirectory(root);
  try {
    return await engineOf(await launch(root, library, log, shard), root, lock, log);
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Makes the directory when it is not there and locks it for this process.
 *
 * @throws StoreFault `data-directory-unusable`, `data-directory-in-use`
 */
export function takeDirectory(root: string): DirectoryLock {
  try {
    mkdirSync(root, { recursive: true, mode: 0o700 });
    return lockDirectory(root);
  } catch (error) {
    if (error instanceof StoreFault) throw error;
    throw new StoreFault(
      'data-directory-unusable',
      `数据目录 ${root} 无法使用:请确认它是目录且可写(${(error as Error).message})`,
      `the data directory ${root} cannot be used: see that it is a directory and can be written to (${(error as Error).message})`,
      error,
    );
  }
}

async function engineOf(
  { endpoint, version, child, exited }: Running,
  root: string,
  lock: DirectoryLock,
  log: EngineOptions['log'],
): Promise<Engine> {
  const pid = child.pid as number;
  const runtime = join(root, RUNTIME_FILE);
  const freed = exited.then((exit) => {
    rmSync(runtime, { force: true });
    lock.release();
    return exit;
  });
  const stop = async () => {
    await end(child, exited);
    await freed;
  };
  try {
    writePrivate(runtime, JSON.stringify({ ...endpoint, process: identifyProcess(pid) }));
    const brokenParts = await listBrokenParts(endpoint);
    for (const part of brokenParts) log.error(part, '数据分片损坏,已搁置 · broken part set aside');
    log.info({ pid, url: endpoint.url, version }, '内置引擎已启动 · engine started');
    return { ...endpoint, version, pid, brokenParts, stop, exited: freed };
  } catch (error) {
    await stop();
    throw error;
  }
}

/**
 * How to reach the engine that another process runs on `directory`; null when none does.
 */
export async function attachEngine(directory: string): Promise<Endpoint | null> {
  let runtime: Endpoint & { process: ProcessIdentity };
  try {
    runtime = JSON.parse(readFileSync(join(resolve(directory), RUNTIME_FILE), 'utf8'));
  } catch {
    return null;
  }
  const { process: owner, ...endpoint } = runtime;
  if (!isAlive(owner)) return null;
  return (await askVersion(endpoint)) === null ? null : endpoint;
}

interface Running {
  readonly endpoint: Endpoint;
  readonly version: string;
  readonly child: ChildProcess;
  readonly exited: Promise<EngineExit>;
}

/** Starts the child until it answers: again on a port that was taken, and while a predecessor dies. */
async function launch(
  root: string,
  library: string,
  log: EngineOptions['log'],
  shard?: ShardOptions,
): Promise<Running> {
  const giveUp = Date.now() + PREDECESSOR_MS;
  for (let attempt = 1; ; attempt++) {
    const endpoint: Endpoint = {
      url: `http://127.0.0.1:${await freePort()}`,
      username: USERNAME,
      password: randomBytes(24).toString('base64url'),
    };
    const { child, exited } = spawnChild(root, library, endpoint, shard);
    const outcome = await Promise.race([exited, answering(endpoint, exited)]);
    if (typeof outcome === 'string') return { endpoint, version: outcome, child, exited };
    if (outcome === null) await end(child, exited);
    const { code, signal, detail } = outcome ?? { code: null, signal: null, detail: 'no answer' };
    log.debug({ code, signal, detail, attempt }, 'engine did not start');
    if (detail.includes('Cannot lock file') && Date.now() < giveUp) await sleep(200);
    else if (detail.includes('Cannot lock file')) throw directoryInUse(root, null);
    else if (!detail.includes('Address already in use') || attempt >= PORT_ATTEMPTS)
      throw new StoreFault(
        'engine-failed',
        `内置引擎未能启动(退出码 ${code ?? signal ?? '无'}):${detail}`,
        `the embedded engine did not start (exit ${code ?? signal ?? 'none'}): ${detail}`,
      );
  }
}

function spawnChild(
  root: string,
  library: string,
  { url, password }: Endpoint,
  shard?: ShardOptions,
) {
  const users = join(root, 'users.xml');
  const config = join(root, 'config.xml');
  writePrivate(users, engineUsers(USERNAME, createHash('sha256').update(password).digest('hex')));
  writePrivate(config, engineConfig(users, shard));
  const nativePort = shard ? [String(shard.ports[shard.number - 1])] : [];
  const child = spawn(
    process.execPath,
    [childFile(), library, join(root, 'store'), new URL(url).port, config, ...nativePort],
    {
      // Its own process group: Ctrl-C is the station's to answer, which drains before it stops the engine.
      detached: true,
      stdio: ['pipe', 'ignore', 'pipe'],
      env: { PATH: process.env.PATH, TZ: 'UTC' },
    },
  );
  let tail = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    tail = (tail + text).slice(-4_000);
  });
  // A child that died breaks the pipe; `exited` tells of it.
  child.stdin.on('error', () => {});
  const exited = new Promise<EngineExit>((settle) => {
    child.on('error', (error) => settle({ code: null, signal: null, detail: error.message }));
    child.on('close', (code, signal) => settle({ code, signal, detail: tail.trim() }));
  });
  return { child, exited };
}

/** Node runs only JavaScript: from the sources, the child is the one in the build. */
function childFile(): string {
  const built = import.meta.url.endsWith('.ts') ? '../.build/sql/' : './';
  return fileURLToPath(new URL(`${built}engine-child.js`, import.meta.url));
}

/** Resolves with the version once the engine answers, with null when it never does. */
async function answering(endpoint: Endpoint, exited: Promise<unknown>): Promise<string | null> {
  let gone = false;
  exited.then(() => {
    gone = true;
  });
  for (const giveUp = Date.now() + START_TIMEOUT_MS; !gone && Date.now() < giveUp; ) {
    const version = await askVersion(endpoint);
    if (version !== null) return version;
    await sleep(25);
  }
  return null;
}

/** The version the engine states; null when it does not answer in time. */
export async function askVersion(
  endpoint: Endpoint,
  patienceMs = PATIENCE_MS,
): Promise<string | null> {
  try {
    const [row] = await ask<{ version: string }>(
      endpoint,
      'SELECT version() AS version',
      patienceMs,
    );
    return row?.version ?? null;
  } catch {
    return null;
  }
}

/** Parts that the engine set aside at this or an earlier start and nobody has mended since. */
function listBrokenParts(endpoint: Endpoint): Promise<{ table: string; name: string }[]> {
  return ask(
    endpoint,
    `SELECT concat(database, '.', table) AS table, name FROM system.detached_parts
     WHERE startsWith(reason, 'broken') OR reason IN ('unexpected', 'noquorum') ORDER BY table, name`,
  );
}

async function ask<Row>(
  { url, username, password }: Endpoint,
  query: string,
  request_timeout = PATIENCE_MS,
): Promise<Row[]> {
  const client = createClient({ url, username, password, request_timeout, log: { level: 127 } });
  try {
    return await (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
  } finally {
    await client.close();
  }
}

/** Closing standard input is the order to end; a child that does not hear it is killed. */
async function end(child: ChildProcess, exited: Promise<EngineExit>): Promise<void> {
  child.stdin?.end();
  const deaf = setTimeout(() => child.kill('SIGKILL'), 2_000);
  await exited;
  clearTimeout(deaf);
}

/** Whole or not at all, and never readable to others. */
function writePrivate(path: string, text: string): void {
  const draft = `${path}.draft`;
  rmSync(draft, { force: true });
  writeFileSync(draft, text, { mode: 0o600 });
  chmodSync(draft, 0o600);
  renameSync(draft, path);
}

/** A port of 127.0.0.1 that was free a moment ago. */
function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => settle(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
