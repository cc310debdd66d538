/** Starts the writer of `crash-writer.ts` and keeps its journal. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { builtFile } from '../lab/built.ts';
import type { Journal } from './journal.ts';

export interface WriterOptions {
  readonly url: string;
  readonly probe: string;
  readonly token: string;
  readonly spool: string;
  readonly seed: number;
  readonly journal: Journal;
  /** Between two writes of forty measurements, 10 ms unless told. */
  readonly pauseMs?: number;
}

export interface Writer {
  readonly process: ChildProcess;
  /** SIGKILL; resolves when all it said was heard. */
  kill(): Promise<void>;
  /** Has it report what is spooled, and end. */
  drain(): Promise<void>;
}

export function startWriter(options: WriterOptions): Writer {
  const { url, probe, token, spool, seed, journal, pauseMs = 10 } = options;
  const child = spawn(
    process.execPath,
    [
      builtFile('test/faults/crash-writer.js'),
      ...[url, probe, spool, String(seed), String(pauseMs)],
    ],
    {
      stdio: ['pipe', 'pipe', 'inherit'],
      env: { PATH: process.env.PATH, TONGDA_TOKEN: token },
    },
  );
  // A pipe to a killed reader breaks; that it was killed is known.
  child.stdin.on('error', () => {});
  const lines = createInterface({ input: child.stdout });
  lines.on('line', (line) => journal.take(line));
  const heard = once(lines, 'close');
  const closed = once(child, 'close');
  return {
    process: child,
    kill: async () => {
      child.kill('SIGKILL');
      await Promise.all([heard, closed]);
    },
    drain: async () => {
      child.stdin.write('drain\n');
      const [[code]] = await Promise.all([closed, heard]);
      if (code !== 0) throw new Error(`the writer ended with ${code}`);
    },
  };
}
