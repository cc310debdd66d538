/** Collects what is wrong with a file's rows, beyond what their cells say by themselves. */
import { type Columns, FAULTS_KEPT, type RowFault, type TableRead } from './table-file.ts';

/** What is wrong, in which column, and what stands there. */
export type Blame = (column: string, code: string, zh: string, en: string, text?: string) => void;

type Read = Partial<Pick<TableRead<Columns>, 'titles' | 'faults' | 'faultCount'>>;

export class RowFaults {
  readonly #kept: RowFault[];
  readonly #titles: Readonly<Record<string, string>>;
  #count: number;

  /** @param read what reading the file has found already, and what its header calls the columns */
  constructor({ titles = {}, faults = [], faultCount = 0 }: Read = {}) {
    this.#titles = titles;
    this.#kept = [...faults];
    this.#count = faultCount;
  }

  add(line: number, column: string, code: string, zh: string, en: string, text = ''): void {
    this.#count++;
    if (this.#kept.length < FAULTS_KEPT)
      this.#kept.push({
        line,
        column: this.#titles[column] ?? column,
        code,
        zh,
        en,
        text: text.slice(0, 80),
      });
  }

  /** For one line of the file. */
  at(line: number): Blame {
    return (...fault) => this.add(line, ...fault);
  }

  get count(): number {
    return this.#count;
  }

  /** In the order of lines. */
  list(): RowFault[] {
    return [...this.#kept].sort((a, b) => a.line - b.line || (a.code < b.code ? -1 : 1));
  }
}
