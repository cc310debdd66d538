/**
 * An error of the store a user can act on: a stable, untranslated code and one clear sentence in
 * each language, Chinese first.
 */
export class StoreFault extends Error {
  readonly code: string;
  readonly zh: string;
  readonly en: string;

  constructor(code: string, zh: string, en: string, cause?: unknown) {
    super(`${zh} · ${en}`, cause === undefined ? undefined : { cause });
    this.name = 'StoreFault';
    this.code = code;
    this.zh = zh;
    this.en = en;
  }
}
