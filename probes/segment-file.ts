/** One segment of the spool on disk, and what is in it. Frames are `segment.ts`'s. */
import { type FileHandle, open, readFile, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { replaceFile, syncDirectory } from './durable.ts';
import type { Measurement, Outcome } from './measurement.ts';
import { type Damage, encodeFrame, type Frame, frameAt, scan } from './segment.ts';

/** Names sort by the first sequence written to the segment. */
export const SEGMENT_NAME = /^\d{16}\.segment$/;

/** What is kept in memory of a spooled measurement. */
export interface Entry {
  readonly sequence: number;
  readonly status: Outcome['status'];
  readonly hasSamples: boolean;
  readonly offset: number;
  /** Of the frame. */
  readonly sizeB: number;
}

/** A measurement and its frame, ready to be written. */
export interface Framed {
  readonly measurement: Measurement;
  readonly frame: Buffer;
}

export class SegmentFile {
  readonly path: string;
  #entries: readonly Entry[];
  #sizeB: number;
  /** Set while the segment may be appended to. */
  #handle: FileHandle | null;

  private constructor(path: string, handle: FileHandle | null, entries: Entry[], sizeB: number) {
    this.path = path;
    this.#handle = handle;
    this.#entries = entries;
    this.#sizeB = sizeB;
  }

  /** A new, empty segment, its name durable. */
  static async create(directory: string, sequence: number): Promise<SegmentFile> {
    const path = join(directory, `${String(sequence).padStart(16, '0')}.segment`);
    const handle = await open(path, 'wx', 0o600);
    await syncDirectory(directory);
    return new SegmentFile(path, handle, [], 0);
  }

  /** A segment found on disk, never appended to again, and what of it is damaged. */
  static async load(path: string): Promise<{ segment: SegmentFile; damages: Damage[] }> {
    const bytes = await readFile(path);
    const { frames, damages } = scan(bytes);
    const read = frames.map((frame) => entryIn(frame) ?? { ...frame, sequence: null });
    const entries = read.filter((each): each is Entry => 'status' in each);
    // Whole, but no measurement of ours: not readable either.
    const foreign = read.filter((each) => !('status' in each));
    return {
      segment: new SegmentFile(path, null, entries, bytes.length),
      damages: [...damages, ...foreign].map(({ offset, sizeB, sequence }) => ({
        ...{ offset, sizeB, sequence },
      })),
    };
  }

  /** Oldest first. */
  get entries(): readonly Entry[] {
    return this.#entries;
  }

  /** Of the file. */
  get sizeB(): number {
    return this.#sizeB;
  }

  get appendable(): boolean {
    return this.#handle !== null;
  }

  /** Durable when it resolves. After an error nothing of it counts and the segment is closed. */
  async append(records: readonly Framed[]): Promise<void> {
    const handle = this.#handle;
    if (!handle) throw new Error('the segment is closed');
    const bytes = Buffer.concat(records.map(({ frame }) => frame));
    try {
      for (let written = 0; written < bytes.length; ) {
        const at = this.#sizeB + written;
        written += (await handle.write(bytes, written, bytes.length - written, at)).bytesWritten;
      }
      await handle.datasync();
    } catch (error) {
      // After a failed sync the kernel may have forgotten what it could not write: only what was
      // synced before is certain, and only a new file is trusted with what comes next.
      await handle.truncate(this.#sizeB).catch(() => {});
      await this.close();
      throw error;
    }
    const entries = [...this.#entries];
    for (const { frame, measurement } of records) {
      entries.push(entryOf(measurement, this.#sizeB, frame.length));
      this.#sizeB += frame.length;
    }
    this.#entries = entries;
  }

  /** Ends appending. */
  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  /** The measurements of `entries`; null in the place of one that was damaged since it was written. */
  async read(entries: readonly Entry[]): Promise<(Measurement | null)[]> {
    const bytes = await readFile(this.path);
    return entries.map(({ offset }) => {
      const frame = frameAt(bytes, offset);
      return frame && (JSON.parse(frame.payload) as Measurement);
    });
  }

  /**
   * Leaves only `entries`, without samples where `shorten` says so, and closes the segment; removes
   * the file when nothing is left. The file is the old or the new one whole, at any moment.
   */
  async retain(
    entries: readonly Entry[],
    shorten: (entry: Entry) => boolean = () => false,
  ): Promise<void> {
    await this.close();
    if (entries.length === 0) {
      await rm(this.path, { force: true });
      await syncDirectory(dirname(this.path));
      this.#entries = [];
      this.#sizeB = 0;
      return;
    }
    const bytes = await readFile(this.path);
    const frames: Buffer[] = [];
    const retained: Entry[] = [];
    let offset = 0;
    for (const old of entries) {
      const whole = bytes.subarray(old.offset, old.offset + old.sizeB);
      const frame = shorten(old) ? withoutSamples(whole) : whole;
      const hasSamples = old.hasSamples && frame === whole;
      retained.push({ ...old, offset, sizeB: frame.length, hasSamples });
      frames.push(frame);
      offset += frame.length;
    }
    await replaceFile(this.path, Buffer.concat(frames));
    this.#entries = retained;
    this.#sizeB = offset;
  }
}

/** null where the record is whole and yet no measurement. */
function entryIn({ payload, offset, sizeB }: Frame): Entry | null {
  try {
    const measurement = JSON.parse(payload) as Measurement;
    const entry = entryOf(measurement, offset, sizeB);
    return Number.isSafeInteger(entry.sequence) && typeof entry.status === 'string' ? entry : null;
  } catch {
    return null;
  }
}

function entryOf(measurement: Measurement, offset: number, sizeB: number): Entry {
  return {
    sequence: measurement.sequence,
    status: measurement.outcome.status,
    hasSamples: measurement.samples !== undefined,
    offset,
    sizeB,
  };
}

/** The record without its samples; itself where it cannot be read, for `read` to notice. */
function withoutSamples(frame: Buffer): Buffer {
  const sound = frameAt(frame, 0);
  if (!sound) return frame;
  const { samples: _, ...rest } = JSON.parse(sound.payload) as Measurement;
  return encodeFrame(JSON.stringify(rest));
}
