/** A fixed delay: what goes in comes out in the same order, no earlier than `delayMs` later. */
export class DelayLine {
  readonly delayMs: number;
  #ids = new Uint32Array(1024);
  #dues = new Float64Array(1024);
  #head = 0;
  #length = 0;

  constructor(delayMs: number) {
    this.delayMs = delayMs;
  }

  get length(): number {
    return this.#length;
  }

  /** When the first packet is due, ms on the caller's clock; Infinity when there is none. */
  get due(): number {
    return this.#length > 0 ? (this.#dues[this.#head] ?? Infinity) : Infinity;
  }

  push(id: number, nowMs: number): void {
    if (this.#length === this.#ids.length) this.#grow();
    const tail = (this.#head + this.#length) % this.#ids.length;
    this.#ids[tail] = id;
    this.#dues[tail] = nowMs + this.delayMs;
    this.#length++;
  }

  /** Removes all that is due and returns the id of the last of it; −1 where nothing is. */
  release(nowMs: number): number {
    let last = -1;
    while (this.due <= nowMs) {
      last = this.#ids[this.#head] ?? -1;
      this.#head = (this.#head + 1) % this.#ids.length;
      this.#length--;
    }
    return last;
  }

  #grow(): void {
    const size = this.#ids.length;
    const ids = new Uint32Array(2 * size);
    const dues = new Float64Array(2 * size);
    for (let index = 0; index < this.#length; index++) {
      ids[index] = this.#ids[(this.#head + index) % size] ?? 0;
      dues[index] = this.#dues[(this.#head + index) % size] ?? 0;
    }
    this.#ids = ids;
    this.#dues = dues;
    this.#head = 0;
  }
}
