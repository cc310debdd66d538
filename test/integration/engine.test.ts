/** What the house relies on in the embedded engine, whose route into the library is undocumented. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createClient } from '@clickhouse/client';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../sql/connection.ts';
import { identifyProcess } from '../../sql/directory-lock.ts';
import { attachEngine, type Engine, startEngine } from '../../sql/engine.ts';
import { removeDirectory, silent, temporaryDirectory } from './engine-fixture.ts';

const BUILT_ENGINE = pathToFileURL(join(import.meta.dirname, '../../.build/sql/engine.js')).href;

async function ask<Row>(endpoint: Endpoint, query: string): Promise<Row[]> {
  const client = createClient({ ...endpoint, log: { level: 127 } });
  try {
    return await (await client.query({ query, format: 'JSONEachRow' })).json<Row>();
  } finally {
    await client.close();
  }
}

/** Status and body of a request that brings no credentials. */
async function askAsStranger(engine: Engine, sql: string) {
  const response = await fetch(engine.url, { method: 'POST', body: sql });
  return { status: response.status, body: await response.text() };
}

/** A station of its own: a process that starts an engine on `directory` and then only lives. */
async function spawnStation(directory: string): Promise<{ station: ChildProcess; engine: Engine }> {
  const station = spawn(
    process.execPath,
    [
      '--input-type=module',
      '--eval',
      `import { startEngine } from ${JSON.stringify(BUILT_ENGINE)};
       const log = { debug() {}, info() {}, warn() {}, error() {} };
       const engine = await startEngine({ directory: process.argv[1], log });
       console.log(JSON.stringify(engine));
       setInterval(() => {}, 1000);`,
      directory,
    ],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  const [line] = await once(station.stdout, 'data');
  return { station, engine: JSON.parse(String(line)) };
}

async function gone(pid: number): Promise<void> {
  while (identifyProcess(pid) !== null) await sleep(10);
}

describe('one engine on one directory', () => {
  const directory = temporaryDirectory();
  let engine: Engine;
  beforeAll(async () => {
    engine = await startEngine({ directory, log: silent });
    const client = createClient({ ...engine });
    await client.command({ query: 'CREATE DATABASE secret' });
    await client.command({
      query: 'CREATE TABLE secret.plan (x UInt8) ENGINE = MergeTree ORDER BY x',
    });
    await client.close();
  });
  afterAll(async () => {
    await engine.stop();
    removeDirectory(directory);
  });

  it('answers the stock client on loopback', async () => {
    expect(new URL(engine.url).hostname).toBe('127.0.0.1');
    expect(await ask(engine, 'SELECT version() AS version, timezone() AS zone')).toEqual([
      { version: engine.version, zone: expect.stringMatching(/UTC$/) },
    ]);
    expect(engine.brokenParts).toEqual([]);
  });

  it.each([
    ["SELECT * FROM file('/etc/passwd', 'LineAsString')", 'ACCESS_DENIED'],
    ['CREATE DATABASE stranger', 'ACCESS_DENIED'],
    ['SELECT * FROM secret.plan', 'ACCESS_DENIED'],
    ["SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", 'ACCESS_DENIED'],
    ['SYSTEM SHUTDOWN', 'ACCESS_DENIED'],
  ])('refuses a stranger: %s', async (sql, error) => {
    const { status, body } = await askAsStranger(engine, sql);
    expect(status).not.toBe(200);
    expect(body).toContain(error);
  });

  it('refuses a wrong password', async () => {
    await expect(ask({ ...engine, password: 'guess' }, 'SELECT 1')).rejects.toMatchObject({
      code: '516',
    });
  });

  it('keeps its secrets from other users of the machine', () => {
    for (const file of ['engine.json', 'users.xml', 'config.xml', 'station.lock'])
      expect([file, statSync(join(directory, file)).mode & 0o777]).toEqual([file, 0o600]);
  });

  it('can be reached by another process of the same user', async () => {
    const endpoint = await attachEngine(directory);
    expect(endpoint).toEqual({
      url: engine.url,
      username: engine.username,
      password: engine.password,
    });
  });

  it('refuses a second station on its directory and names the first', async () => {
    await expect(startEngine({ directory, log: silent })).rejects.toMatchObject({
      code: 'data-directory-in-use',
      zh: expect.stringContaining(String(process.pid)),
      en: expect.stringContaining(directory),
    });
    expect(await ask(engine, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('is refused by the engine itself when the lock file is lost', async () => {
    rmSync(join(directory, 'station.lock'));
    await expect(startEngine({ directory, log: silent })).rejects.toMatchObject({
      code: 'data-directory-in-use',
    });
    expect(await ask(engine, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('an engine over its life', () => {
  const directory = temporaryDirectory();
  afterAll(() => removeDirectory(directory));

  it('finds its data again, with another password', async () => {
    const first = await startEngine({ directory, log: silent });
    const client = createClient({ ...first });
    await client.command({ query: 'CREATE DATABASE kept' });
    await client.command({
      query: 'CREATE TABLE kept.row (x UInt32) ENGINE = MergeTree ORDER BY x',
    });
    await client.insert({ table: 'kept.row', values: [{ x: 7 }], format: 'JSONEachRow' });
    await client.close();
    await first.stop();
    expect(await first.exited).toMatchObject({ signal: 'SIGKILL' });
    expect(identifyProcess(first.pid)).toBeNull();
    expect(await attachEngine(directory)).toBeNull();
    expect(readdirSync(directory)).not.toContain('station.lock');

    const second = await startEngine({ directory, log: silent });
    expect(second.password).not.toBe(first.password);
    expect(await ask(second, 'SELECT x FROM kept.row')).toEqual([{ x: 7 }]);
    await second.stop();
  });

  it('dies with a parent that was killed, and leaves a directory that starts again', async () => {
    const { station, engine } = await spawnStation(directory);
    await expect(startEngine({ directory, log: silent })).rejects.toMatchObject({
      code: 'data-directory-in-use',
      en: expect.stringContaining(`process ${station.pid}`),
    });
    station.kill('SIGKILL');
    await once(station, 'exit');
    // Not waiting for the orphan: the successor does.
    const successor = await startEngine({ directory, log: silent });
    expect(await ask(successor, 'SELECT x FROM kept.row')).toEqual([{ x: 7 }]);
    await gone(engine.pid);
    await successor.stop();
  });

  it('is not fooled by a lock whose pid went to somebody else', async () => {
    writeFileSync(
      join(directory, 'station.lock'),
      JSON.stringify({ pid: process.pid, began: 'another boot 1' }),
    );
    const engine = await startEngine({ directory, log: silent });
    await engine.stop();
  });

  it('tells when the engine died by itself, and frees the directory', async () => {
    const engine = await startEngine({ directory, log: silent });
    process.kill(engine.pid, 'SIGKILL');
    expect(await engine.exited).toMatchObject({ signal: 'SIGKILL' });
    await engine.stop();
    const next = await startEngine({ directory, log: silent });
    await next.stop();
  });

  it('notices a part that lost a file', async () => {
    const before = await startEngine({ directory, log: silent });
    const [part] = await ask<{ path: string; name: string }>(
      before,
      "SELECT path, name FROM system.parts WHERE database = 'kept' AND active",
    );
    await before.stop();
    rmSync(join(part?.path ?? '', 'count.txt'));

    const after = await startEngine({ directory, log: silent });
    expect(after.brokenParts).toEqual([
      { table: 'kept.row', name: expect.stringContaining(part?.name ?? '?') },
    ]);
    await after.stop();
  });

  it('refuses a directory that is none', async () => {
    const file = join(directory, 'not-a-directory');
    writeFileSync(file, '');
    await expect(startEngine({ directory: file, log: silent })).rejects.toMatchObject({
      code: 'data-directory-unusable',
      en: expect.stringContaining(file),
    });
  });
});
