/** An error the lab's user can do something about; Chinese first, English second. */
export class LabError extends Error {
  readonly code: string;
  readonly zh: string;
  readonly en: string;

  constructor(code: string, zh: string, en: string) {
    super(`${zh} ${en}`);
    this.name = 'LabError';
    this.code = code;
    this.zh = zh;
    this.en = en;
  }
}
