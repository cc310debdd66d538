/**
 * The spool: measurements wait here, durable, until the collector's acknowledgement names them.
 *
 * Whatever removes records from a segment (an acknowledgement, the size limit, damage) writes it
 * anew beside the old one and renames, so that every state on disk is a whole one. A crash between
 * acknowledgement and rewriting sends records again, which changes no figure; it never loses any.
 */
import { readdir, readFile, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { replaceFile, UNFINISHED } from './durable.ts';
import { Fault } from './fault.ts';
import { type DirectoryLock, lockDirectory } from './lock.ts';
import type { Measurement } from './measurement.ts';
import type { SequenceRange } from './report.ts';
import { type Damage, encodeFrame, frameAt } from './segment.ts';
import { type Entry, type Framed, SEGMENT_NAME, SegmentFile } from './segment-file.ts';

export const SPOOL_LIMIT_B = 64 * 1024 * 1024;
const SEGMENT_B = 256 * 1024;
/** Sequences reserved at a time: how many numbers, at most, a crash leaves unused. */
const RESERVE = 256;
const MARK = 'mark';

/** A measurement that has no number yet. */
export type Draft = Omit<Measurement, 'sequence'>;

/** What was given up since the spool was created, by kind. */
export interface SpoolLosses {
  /** Measurements kept without their samples. */
  samples: number;
  skipped: number;
  ok: number;
  failed: number;
  /** Could not be read any more. */
  damaged: number;
}

/** One record that cannot be read any more: where it stood, and which it was if that can be told. */
export interface SpoolDamage extends Damage {
  readonly segment: string;
}

export interface SpoolOptions {
  /** Of all segment files together. */
  readonly limitB?: number;
  /** Unix milliseconds. */
  readonly now?: () => number;
  /** What those are told who ask who holds the directory (`lock.ts`). */
  readonly answer?: () => string;
}

/** The content of the file `mark`, one record as in a segment. */
interface Mark {
  readonly version: 1;
  /** No sequence from here on was ever given. */
  readonly reserved: number;
  readonly losses: SpoolLosses;
}

interface Waiting extends Framed {
  readonly durable: (measurement: Measurement) => void;
  readonly failed: (reason: unknown) => void;
}

export class Spool {
  readonly #losses: SpoolLosses = { samples: 0, skipped: 0, ok: 0, failed: 0, damaged: 0 };
  readonly #directory: string;
  readonly #limitB: number;
  readonly #segmentB: number;
  readonly #lock: DirectoryLock;
  /** Oldest first; only the last may be appended to. */
  #segments: SegmentFile[] = [];
  #waiting: Waiting[] = [];
  /** All work on files, one after the other. */
  #work: Promise<unknown> = Promise.resolve();
  /** What was found damaged and not yet told. */
  #damages: SpoolDamage[] = [];
  #next = 0;
  #reserved = 0;
  #closed = false;

  private constructor(directory: string, limitB: number, lock: DirectoryLock) {
    this.#directory = directory;
    this.#limitB = limitB;
    this.#segmentB = Math.min(SEGMENT_B, Math.ceil(limitB / 8));
    this.#lock = lock;
  }

  /**
   * Opens or creates the spool in `directory` and reads what is in it.
   *
   * The first sequence of a new spool is the time in milliseconds: a probe whose disk was replaced
   * does not give old numbers to new measurements.
   *
   * @throws Fault `spool-locked`
   */
  static async open(directory: string, options: SpoolOptions = {}): Promise<Spool> {
    const lock = await lockDirectory(directory, options.answer);
    try {
      const spool = new Spool(directory, options.limitB ?? SPOOL_LIMIT_B, lock);
      await spool.#recover((options.now ?? Date.now)());
      return spool;
    } catch (error) {
      await lock.release();
      throw error;
    }
  }

  /** Measurements waiting for acknowledgement. */
  get pending(): number {
    return this.#segments.reduce((sum, { entries }) => sum + entries.length, 0);
  }

  /** Bytes on disk. */
  get sizeB(): number {
    return this.#segments.reduce((sum, segment) => sum + segment.sizeB, 0);
  }

  get losses(): Readonly<SpoolLosses> {
    return { ...this.#losses };
  }

  /** What was found damaged since this was asked last, record by record. */
  takeDamages(): readonly SpoolDamage[] {
    const damages = this.#damages;
    this.#damages = [];
    return damages;
  }

  /**
   * Gives the measurement its sequence and writes it. Resolves when it is durable; rejects when it
   * may not be (disk full, …), and then the number is not used again.
   */
  append({ version, probe, ...rest }: Draft): Promise<Measurement> {
    return new Promise((durable, failed) => {
      if (this.#closed) throw new Fault('spool-closed', '缓存已关闭', 'the spool is closed');
      const measurement: Measurement = { version, probe, sequence: this.#next, ...rest };
      const frame = encodeFrame(JSON.stringify(measurement));
      this.#next++;
      this.#waiting.push({ frame, measurement, durable, failed });
      // Whatever arrives until the flush gets its turn shares its fsync.
      if (this.#waiting.length === 1) void this.#serially(() => this.#flush());
    });
  }

  /** The newest measurements first, at most `count` and `sizeB` (but at least one, if any waits). */
  newest({ count, sizeB }: { count: number; sizeB: number }): Promise<Measurement[]> {
    return this.#serially(async () => {
      const taken: Measurement[] = [];
      let takenB = 0;
      for (const segment of [...this.#segments].reverse()) {
        const wanted: Entry[] = [];
        for (const entry of [...segment.entries].reverse()) {
          const any = taken.length + wanted.length;
          if (any >= count || (any > 0 && takenB + entry.sizeB > sizeB)) break;
          wanted.push(entry);
          takenB += entry.sizeB;
        }
        const read = await segment.read(wanted);
        taken.push(...read.filter((measurement) => measurement !== null));
        const damaged = new Set(wanted.filter((_, index) => read[index] === null));
        if (damaged.size > 0) {
          this.#damaged(segment, [...damaged]);
          await this.#retain(segment, (entry) => !damaged.has(entry));
        }
        if (wanted.length < segment.entries.length) break;
      }
      return taken;
    });
  }

  /** Removes exactly the measurements in `ranges`; says how many there were. */
  acknowledge(ranges: readonly SequenceRange[]): Promise<number> {
    const covered = ({ sequence }: Entry) =>
      ranges.some(([from, to]) => from <= sequence && sequence <= to);
    return this.#serially(async () => {
      const before = this.pending;
      for (const segment of [...this.#segments])
        await this.#retain(segment, (entry) => !covered(entry));
      return before - this.pending;
    });
  }

  /** Writes what waits, remembers the next sequence exactly, and frees the directory. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#serially(async () => {
      await this.#segments.at(-1)?.close();
      this.#reserved = this.#next;
      // Where the disk is full the older mark stays, which is as safe.
      await this.#remember().catch(() => {});
      await this.#lock.release();
    });
  }

  #serially<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#work.then(work);
    this.#work = done.catch(() => {});
    return done;
  }

  async #recover(nowMs: number): Promise<void> {
    const names = await readdir(this.#directory);
    for (const name of names.filter((name) => name.endsWith(UNFINISHED)))
      await rm(join(this.#directory, name), { force: true });

    const mark = names.includes(MARK) ? await this.#recall() : null;
    Object.assign(this.#losses, mark?.losses);

    let last = -1;
    for (const name of names.filter((name) => SEGMENT_NAME.test(name)).sort()) {
      const { segment, damages } = await SegmentFile.load(join(this.#directory, name));
      this.#segments.push(segment);
      last = Math.max(last, Number.parseInt(name, 10), segment.entries.at(-1)?.sequence ?? -1);
      this.#damaged(segment, damages);
      // Rewritten, damage is counted once and not at every start.
      if (damages.length > 0 || segment.entries.length === 0)
        await this.#rewrite(segment).catch(() => {});
    }
    this.#next = Math.max(mark?.reserved ?? nowMs, last + 1);
    // A probe with a full disk still starts, to report what it holds: the first append reserves.
    this.#reserved = this.#next;
  }

  #damaged(segment: SegmentFile, damages: readonly Damage[]): void {
    this.#losses.damaged += damages.length;
    for (const { offset, sizeB, sequence } of damages)
      this.#damages.push({ segment: basename(segment.path), offset, sizeB, sequence });
  }

  async #rewrite(segment: SegmentFile): Promise<void> {
    await segment.retain(segment.entries);
    if (segment.entries.length === 0) this.#forget(segment);
    await this.#remember();
  }

  async #flush(): Promise<void> {
    const batch = this.#waiting;
    this.#waiting = [];
    try {
      const neededB = batch.reduce((sum, { frame }) => sum + frame.length, 0);
      await this.#reserve(batch.at(-1)?.measurement.sequence ?? 0);
      if (this.sizeB + neededB > this.#limitB) await this.#giveUp(neededB);
      const segment = await this.#appendable(batch[0]?.measurement.sequence ?? 0);
      await segment.append(batch).catch(async (error) => {
        if (segment.entries.length === 0) await this.#retain(segment, () => false);
        throw error;
      });
      for (const { durable, measurement } of batch) durable(measurement);
    } catch (error) {
      for (const { failed } of batch) failed(error);
    }
  }

  async #appendable(sequence: number): Promise<SegmentFile> {
    const last = this.#segments.at(-1);
    if (last?.appendable && last.sizeB < this.#segmentB) return last;
    await last?.close();
    const segment = await SegmentFile.create(this.#directory, sequence);
    this.#segments.push(segment);
    return segment;
  }

  async #retain(segment: SegmentFile, keep: (entry: Entry) => boolean): Promise<void> {
    const kept = segment.entries.filter(keep);
    if (kept.length === segment.entries.length && kept.length > 0) return;
    await segment.retain(kept);
    if (kept.length === 0) this.#forget(segment);
  }

  #forget(segment: SegmentFile): void {
    this.#segments = this.#segments.filter((other) => other !== segment);
  }

  /**
   * Makes room, and one segment more so that it is not asked again at once: first the samples, then
   * the oldest results that reached or skipped, and only when nothing else is left the oldest
   * failures, which are the evidence of an outage.
   */
  async #giveUp(neededB: number): Promise<void> {
    const enough = () => this.sizeB + neededB <= this.#limitB - this.#segmentB;
    for (const segment of this.#segments) {
      if (enough()) break;
      const long = segment.entries.filter(({ hasSamples }) => hasSamples).length;
      if (long === 0) continue;
      await segment.retain(segment.entries, ({ hasSamples }) => hasSamples);
      this.#losses.samples += long;
    }
    for (const statuses of [['ok', 'skipped'], ['failed']])
      for (const segment of [...this.#segments]) {
        if (enough()) break;
        const given = new Set(segment.entries.filter(({ status }) => statuses.includes(status)));
        await this.#retain(segment, (entry) => !given.has(entry));
        for (const { status } of given) this.#losses[status]++;
      }
    await this.#remember();
  }

  /** Makes sure that no number up to `sequence` is ever given again, whenever the power goes. */
  async #reserve(sequence: number): Promise<void> {
    if (sequence < this.#reserved) return;
    const previous = this.#reserved;
    this.#reserved = sequence + RESERVE;
    await this.#remember().catch((error) => {
      this.#reserved = previous;
      throw error;
    });
  }

  #remember(): Promise<void> {
    const mark: Mark = { version: 1, reserved: this.#reserved, losses: this.#losses };
    return replaceFile(join(this.#directory, MARK), encodeFrame(JSON.stringify(mark)));
  }

  /** null where the mark is damaged: then, too, the clock gives the next sequence. */
  async #recall(): Promise<Mark | null> {
    const frame = frameAt(await readFile(join(this.#directory, MARK)), 0);
    return frame && (JSON.parse(frame.payload) as Mark);
  }
}
