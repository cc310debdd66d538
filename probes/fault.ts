/**
 * An error an operator can act on: one clear sentence in each language and a stable, untranslated
 * code. At the command line it becomes one line and an exit code, never a stack trace.
 */
export class Fault extends Error {
  readonly code: string;
  readonly zh: string;
  readonly en: string;

  constructor(code: string, zh: string, en: string, options?: ErrorOptions) {
    super(`${zh} · ${en}`, options);
    this.name = 'Fault';
    this.code = code;
    this.zh = zh;
    this.en = en;
  }
}
