/** Runs the real commands of the build, each on a data directory of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { builtFile } from './lab/built.ts';

export const BUILD = builtFile('');

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Nothing of the caller's own settings reaches the command. */
function environment(settings: Record<string, string>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TONGDA_|VITEST|NODE_)/.test(name),
  );
  return { ...Object.fromEntries(inherited), ...settings };
}

function launch(entry: string, args: readonly string[], settings: Record<string, string>) {
  const child = spawn(process.execPath, [builtFile(entry), ...args], {
    env: environment(settings),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output.stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    output.stderr += text;
  });
  const ended = once(child, 'close').then(([code, signal]): Ended => ({ code, signal, ...output }));
  return { child, output, ended };
}

/** Runs `tongda …` to its end, as a process. */
export function tongdaProcess(
  args: readonly string[],
  settings: Record<string, string>,
): Promise<Ended> {
  return launch('api/main.js', args, settings).ended;
}

let before: Promise<unknown> = Promise.resolve();

/**
 * Runs the program of `tongda …` to its end in this process, which spares half a second of starting
 * one. Standard streams and environment are the process's own, so one command waits for another.
 */
export function tongda(args: readonly string[], settings: Record<string, string>): Promise<Ended> {
  const ended = before.then(() => runHere(args, settings));
  before = ended.catch(() => {});
  return ended;
}

async function runHere(args: readonly string[], settings: Record<string, string>): Promise<Ended> {
  const { tongdaProgram }: { tongdaProgram(): Command } = await import(builtFile('api/program.js'));
  const { complain }: { complain(reason: unknown): void } = await import(
    builtFile('api/console.js')
  );
  const { stdout, stderr, env, exitCode } = process;
  const output = { stdout: '', stderr: '' };
  const written = { stdout: stdout.write, stderr: stderr.write };
  for (const name of ['stdout', 'stderr'] as const)
    process[name].write = (text: string | Uint8Array) => {
      output[name] += typeof text === 'string' ? text : Buffer.from(text).toString();
      return true;
    };
  process.env = environment(settings);
  process.exitCode = 0;
  try {
    await throwing(tongdaProgram()).parseAsync(args, { from: 'user' });
    return { code: Number(process.exitCode), signal: null, ...output };
  } catch (reason) {
    if (reason instanceof Error && 'exitCode' in reason)
      return { code: Number(reason.exitCode), signal: null, ...output };
    complain(reason);
    return { code: 1, signal: null, ...output };
  } finally {
    Object.assign(stdout, { write: written.stdout });
    Object.assign(stderr, { write: written.stderr });
    process.env = env;
    process.exitCode = exitCode;
  }
}

/** Help and wrong usage end the process; here they are thrown, with the code they would end it with. */
function throwing(command: Command): Command {
  command.commands.forEach(throwing);
  return command.exitOverride();
}

/** Runs `tongda-probe …` to its end. */
export function tongdaProbe(
  args: readonly string[],
  settings: Record<string, string> = {},
): Promise<Ended> {
  return launch('probes/main.js', args, settings).ended;
}

export interface RunningStation {
  readonly url: string;
  readonly process: ChildProcess;
  readonly ended: Promise<Ended>;
  /** Ctrl-C, and how the station took it. */
  stop(signal?: NodeJS.Signals): Promise<Ended>;
}

/** Starts `tongda start` on any free port and waits until it serves. */
export async function startStation(settings: Record<string, string>): Promise<RunningStation> {
  const { child, output, ended } = launch('api/main.js', ['start'], {
    TONGDA_PORT: '0',
    ...settings,
  });
  for (;;) {
    const url = /is up: (\S+)/.exec(output.stdout)?.[1];
    if (url)
      return {
        url,
        process: child,
        ended,
        stop: (signal = 'SIGINT') => {
          child.kill(signal);
          return ended;
        },
      };
    if (child.exitCode !== null) throw new Error(`the station did not start:\n${output.stderr}`);
    await sleep(20);
  }
}

/** A directory that goes when the test does. */
export function scratch(): { readonly path: string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'tongda-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

/** Asks again until `ready`, at most a minute. */
export async function eventually<T>(
  ask: () => Promise<T>,
  ready: (answer: T) => boolean,
): Promise<T> {
  const giveUp = Date.now() + 60_000;
  for (;;) {
    const answer = await ask();
    if (ready(answer)) return answer;
    if (Date.now() > giveUp)
      throw new Error(
        `not within a minute; last answer:\n${JSON.stringify(answer).slice(0, 2_000)}`,
      );
    await sleep(250);
  }
}

export async function getJson<T>(url: string, init?: RequestInit): Promise<T> {
  const response = await fetch(url, init);
  if (!response.ok) throw new Error(`${response.status} ${url}: ${await response.text()}`);
  return (await response.json()) as T;
}
