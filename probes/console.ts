/** What the commands share of the terminal: printing, stopping, repeated options. */

/** Resolves when all of it is written: a pipe may take it slowly. */
export function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

/** Aborts on SIGINT and SIGTERM, and, for a child, when its parent is gone. */
export function stopSignal(withParent = false): AbortSignal {
  const control = new AbortController();
  const stop = () => control.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  if (withParent) process.stdin.once('end', stop).once('close', stop).resume();
  return control.signal;
}

/** Of an option that may be given more than once. */
export function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
