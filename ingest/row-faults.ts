/** Collects what is wrong with a file's rows, beyond what their cells say by themselves. */
import { FAULTS_KEPT, type RowFault } from './table-file.ts';

export class RowFaults {
  readonly #kept: RowFault[] = [];
  #count = 0;

  add(line: number, column: string, code: string, zh: string, en: string, text = ''): void {
    this.#count++;
    if (this.#kept.length < FAULTS_KEPT)
      this.#kept.push({ line, column, code, zh, en, text: text.slice(0, 80) });
  }

  get count(): number {
    return this.#count;
  }

  /** In the order of lines. */
  list(): RowFault[] {
    return [...this.#kept].sort((a, b) => a.line - b.line || (a.code < b.code ? -1 : 1));
  }
}
