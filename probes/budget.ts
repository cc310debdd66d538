/**
 * The month's data budget: how many bytes measuring may move over the line, by months of Asia/Shanghai.
 *
 * A run is charged its worst case before it begins and what it moved when it has ended. What stands
 * on disk is never less than what was charged: a kill at any moment, or the power going, may charge
 * too much (a run in flight, and `HEADROOM_B`), but never gives a byte twice.
 *
 * Every month keeps a charge of its own, so that a clock that strays into another month and comes
 * back finds what it left.
 */
import { join } from 'node:path';
import { z } from 'zod';
import { readJson, replaceFile } from './durable.ts';

const FILE = 'budget.json';
/** Charged on disk ahead of use, so that quiet tasks do not write the file every time. */
const HEADROOM_B = 1024 * 1024;
/** A clock that is set about does not make the file grow for ever. */
const MONTHS_KEPT = 12;
/** China has one zone and no summer time. */
const SHANGHAI_MS = 8 * 3_600_000;

const storedSchema = z.object({
  version: z.literal(1),
  /** Bytes charged, by month; the month charged last stands last. */
  chargedB: z.record(z.string(), z.number().nonnegative()),
});

export interface BudgetState {
  /** `2026-11`, Asia/Shanghai. */
  readonly month: string;
  readonly chargedB: number;
  /** null: without limit. */
  readonly limitB: number | null;
}

/** The worst case of one run, charged. Whoever does not settle it leaves it charged. */
export interface Reservation {
  settle(movedB: number): Promise<void>;
}

export class Budget {
  readonly #path: string;
  readonly #chargedB: Map<string, number>;
  /** What the file surely holds; per month never less than `#chargedB` once a reservation was given. */
  #onDiskB: ReadonlyMap<string, number>;
  #limitB: number | null;
  #saving: Promise<void> = Promise.resolve();

  private constructor(path: string, chargedB: Map<string, number>, limitB: number | null) {
    this.#path = path;
    this.#chargedB = chargedB;
    this.#onDiskB = new Map(chargedB);
    this.#limitB = limitB;
  }

  /** What was charged before this process began, from `directory`. A damaged file charges nothing. */
  static async open(directory: string, limitB: number | null): Promise<Budget> {
    const stored = await storedBudget(directory);
    return new Budget(join(directory, FILE), new Map(Object.entries(stored)), limitB);
  }

  limit(limitB: number | null): void {
    this.#limitB = limitB;
  }

  state(nowMs: number): BudgetState {
    const month = monthAt(nowMs);
    return { month, chargedB: this.#chargedB.get(month) ?? 0, limitB: this.#limitB };
  }

  /**
   * Charges `costB` to the month of `nowMs`; durable when it resolves.
   *
   * @returns null where that would be over the limit: nothing is charged
   */
  async reserve(costB: number, nowMs: number): Promise<Reservation | null> {
    const { month, chargedB } = this.state(nowMs);
    if (this.#limitB !== null && chargedB + costB > this.#limitB) return null;
    const charge = async (deltaB: number) => {
      this.#charge(month, deltaB);
      if ((this.#chargedB.get(month) ?? 0) <= (this.#onDiskB.get(month) ?? 0)) return;
      await this.#save(Math.min(HEADROOM_B, (this.#limitB ?? Number.POSITIVE_INFINITY) / 64));
    };
    await charge(costB).catch((error) => {
      this.#charge(month, -costB);
      throw error;
    });
    return { settle: (movedB) => charge(movedB - costB) };
  }

  /** Writes exactly what is charged. */
  async close(): Promise<void> {
    if (this.#chargedB.size > 0) await this.#save(0);
  }

  #charge(month: string, deltaB: number): void {
    const chargedB = Math.max(0, (this.#chargedB.get(month) ?? 0) + deltaB);
    this.#chargedB.delete(month);
    this.#chargedB.set(month, chargedB);
    for (const stale of [...this.#chargedB.keys()].slice(0, -MONTHS_KEPT))
      this.#chargedB.delete(stale);
  }

  /** One write after the other; the headroom is the newest month's alone. */
  #save(headroomB: number): Promise<void> {
    this.#saving = this.#saving
      .catch(() => {})
      .then(async () => {
        const chargedB = new Map(this.#chargedB);
        const newest = [...chargedB].at(-1);
        if (newest) chargedB.set(newest[0], newest[1] + Math.floor(headroomB));
        const stored = { version: 1, chargedB: Object.fromEntries(chargedB) };
        // Until the write has ended the file is the old or the new one: the lesser of both is sure.
        const beforeB = this.#onDiskB;
        this.#onDiskB = new Map(
          [...chargedB].map(([month, bytes]) => [month, Math.min(bytes, beforeB.get(month) ?? 0)]),
        );
        await replaceFile(this.#path, `${JSON.stringify(stored)}\n`);
        this.#onDiskB = chargedB;
      });
    return this.#saving;
  }
}

/** What the file in `directory` says is charged, by month. */
export async function storedBudget(directory: string): Promise<Readonly<Record<string, number>>> {
  const stored = storedSchema.safeParse(await readJson(join(directory, FILE)));
  return stored.success ? stored.data.chargedB : {};
}

/** The month in Asia/Shanghai, `2026-11`. */
export function monthAt(unixMs: number): string {
  return new Date(unixMs + SHANGHAI_MS).toISOString().slice(0, 7);
}
