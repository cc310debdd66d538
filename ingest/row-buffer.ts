/** Rows being written as RowBinary: bytes that grow at the end and can be taken back. */
export class RowBuffer {
  bytes: Buffer;
  view: DataView;
  end = 0;

  constructor(capacityB = 1024) {
    this.bytes = Buffer.allocUnsafeSlow(capacityB);
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes sure that `moreB` can be written at `end`. */
  room(moreB: number): void {
    if (this.end + moreB <= this.bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.bytes.length * 2, this.end + moreB));
    this.bytes.copy(larger, 0, 0, this.end);
    this.bytes = larger;
    this.view = new DataView(larger.buffer);
  }

  append(bytes: Uint8Array): void {
    this.room(bytes.length);
    this.bytes.set(bytes, this.end);
    this.end += bytes.length;
  }

  written(): Buffer {
    return this.bytes.subarray(0, this.end);
  }
}
