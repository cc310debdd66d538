/** What the commands share: their store, their output, and how they complain. */

import { type Logger, pino } from 'pino';
import { importBuiltInRegister } from '../ingest/register.ts';
import type { Fault } from '../probes/fault.ts';
import type { Config } from './config.ts';
import { type OpenedStore, openForCommand } from './stored.ts';

/** Runs `work` on the configured store, the running station's own when there is one. */
export async function withStore(
  config: Config,
  work: (opened: OpenedStore) => Promise<void>,
): Promise<void> {
  const opened = await openForCommand(config, logger('warn'));
  try {
    await importBuiltInRegister(opened.store);
    await work(opened);
  } finally {
    await opened.close();
  }
}

export function logger(level = 'info'): Logger {
  return pino(
    { level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: 2, sync: true }),
  );
}

export function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** What strangers wrote must not steer the reader's terminal. */
export function printable(text: string): string {
  return text.replace(
    /\p{C}/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

/** One sentence in each language and the code; a stack trace only for what we did not foresee. */
export function complain(reason: unknown): void {
  const { code, zh, en } = reason as Partial<Fault>;
  if (zh && en) process.stderr.write(`错误 error [${code}] ${zh}\n${en}\n`);
  else
    process.stderr.write(
      `错误 error [internal] ${reason instanceof Error ? reason.stack : String(reason)}\n`,
    );
}
