import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { identifyProcess, isAlive, lockDirectory } from '../../../sql/directory-lock.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tongda-lock-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const lockFile = () => join(directory, 'station.lock');

it('names its holder, refuses a second and leaves nothing behind', () => {
  const lock = lockDirectory(directory);
  expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toEqual(identifyProcess(process.pid));
  expect(() => lockDirectory(directory)).toThrow(
    expect.objectContaining({
      code: 'data-directory-in-use',
      en: expect.stringContaining(`process ${process.pid}`),
    }),
  );
  lock.release();
  expect(readdirSync(directory)).toEqual([]);
  lockDirectory(directory).release();
});

it.each([
  ['of a pid that went to somebody else', { pid: process.pid, began: 'another boot 1' }],
  ['of a pid that is nobody', { pid: 2 ** 22 + 1, began: 'x' }],
  ['that is not a lock', 'torn'],
  ['that is empty', ''],
])('takes over a lock %s', (_name, left) => {
  writeFileSync(lockFile(), typeof left === 'string' ? left : JSON.stringify(left));
  const lock = lockDirectory(directory);
  expect(JSON.parse(readFileSync(lockFile(), 'utf8'))).toEqual(identifyProcess(process.pid));
  lock.release();
  expect(readdirSync(directory)).toEqual([]);
});

it('does not release what another has taken', () => {
  const lock = lockDirectory(directory);
  writeFileSync(lockFile(), '{"pid":1,"began":"other"}');
  lock.release();
  expect(readFileSync(lockFile(), 'utf8')).toBe('{"pid":1,"began":"other"}');
});

it('knows the living from the dead', async () => {
  const child = spawn(process.execPath, ['--eval', 'setInterval(() => {}, 1000)']);
  await once(child, 'spawn');
  const identity = identifyProcess(child.pid as number);
  expect(identity && isAlive(identity)).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(identity && isAlive(identity)).toBe(false);
});
