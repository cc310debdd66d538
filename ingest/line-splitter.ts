/** Cuts a stream of bytes into lines, holding no more than one line that is not whole yet. */
import { Refusal } from './refusal.ts';

const NEWLINE = 10;
/** Of all lines, so that megabytes of empty ones cost nothing; a header announces at most half. */
const LINES_LIMIT = 200_000;

/** Gets the bytes from `from` to `to` (exclusive) of `bytes`; they are its only during the call. */
export type TakeLine = (bytes: Buffer, from: number, to: number) => void;

export class LineSplitter {
  readonly #limitB: number;
  readonly #take: TakeLine;
  #rest: Buffer[] = [];
  #restB = 0;
  #lines = 0;

  /** Lines that are empty are counted but not given. */
  constructor(limitB: number, take: TakeLine) {
    this.#limitB = limitB;
    this.#take = take;
  }

  /** Lines that ended so far. */
  get lines(): number {
    return this.#lines;
  }

  /** @throws Refusal `line-too-long` (413), as soon as that is sure, and whatever `take` throws */
  push(piece: Buffer): void {
    let from = 0;
    for (let to = piece.indexOf(NEWLINE); to >= 0; to = piece.indexOf(NEWLINE, from)) {
      if (this.#restB > 0) this.#join(piece.subarray(from, to));
      else this.#give(piece, from, to);
      from = to + 1;
    }
    if (from === piece.length) return;
    // Copied: the piece may be the socket's own buffer, and a line keeps no body alive.
    this.#rest.push(Buffer.from(piece.subarray(from)));
    this.#restB += piece.length - from;
    this.#bound(this.#restB);
  }

  /** The last line may lack its end. */
  end(): void {
    if (this.#restB > 0) this.#join(Buffer.alloc(0));
  }

  #join(tail: Buffer): void {
    const whole = Buffer.concat([...this.#rest, tail]);
    this.#rest = [];
    this.#restB = 0;
    this.#give(whole, 0, whole.length);
  }

  #give(bytes: Buffer, from: number, to: number): void {
    this.#bound(to - from);
    if (++this.#lines > LINES_LIMIT)
      throw new Refusal(
        413,
        'report-too-large',
        `报告超过 ${LINES_LIMIT} 行:请分批发送`,
        `the report has more than ${LINES_LIMIT} lines: send it in parts`,
      );
    if (to > from) this.#take(bytes, from, to);
  }

  #bound(lengthB: number): void {
    if (lengthB > this.#limitB)
      throw new Refusal(
        413,
        'line-too-long',
        `第 ${this.#lines + 1} 行超过 ${this.#limitB} 字节`,
        `line ${this.#lines + 1} is longer than ${this.#limitB} bytes`,
      );
  }
}
