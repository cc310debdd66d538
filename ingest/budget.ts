/**
 * What the collector holds in memory, in bytes: bodies being read and rows waiting for the store.
 * Beyond the limits it says "later" before it grows, to the probe that holds most first.
 */
import { Refusal } from './refusal.ts';

export interface BudgetLimits {
  readonly totalB: number;
  /** One probe's, so that its backlog leaves room for everybody else. */
  readonly perProbeB: number;
}

export const BUDGET_LIMITS: BudgetLimits = {
  totalB: 160 * 1024 * 1024,
  perProbeB: 32 * 1024 * 1024,
};

/** Of the total, what backlog may hold; the rest is for news. */
const BACKLOG_SHARE = 0.5;

/** One report's part of the budget. */
export interface Holding {
  /** @throws Refusal `busy` (429) */
  grow(moreB: number): void;
  /** From now on it is this much. */
  become(sizeB: number): void;
  free(): void;
}

export class Budget {
  readonly #limits: BudgetLimits;
  readonly #byProbe = new Map<string, number>();
  #heldB = 0;

  constructor(limits: BudgetLimits = BUDGET_LIMITS) {
    this.#limits = limits;
  }

  get heldB(): number {
    return this.#heldB;
  }

  /** @throws Refusal `busy` (429) when there is no room for another report */
  hold(probe: string): Holding {
    let heldB = 0;
    const change = (byB: number) => {
      heldB += byB;
      this.#heldB += byB;
      const ofProbe = (this.#byProbe.get(probe) ?? 0) + byB;
      if (ofProbe > 0) this.#byProbe.set(probe, ofProbe);
      else this.#byProbe.delete(probe);
    };
    this.#bound(probe, 1);
    return {
      grow: (moreB) => {
        this.#bound(probe, moreB);
        change(moreB);
      },
      become: (sizeB) => change(sizeB - heldB),
      free: () => change(-heldB),
    };
  }

  /** @throws Refusal `busy` (429) when `backlogB` of waiting backlog leave no room for more of it */
  boundBacklog(backlogB: number): void {
    if (backlogB > this.#limits.totalB * BACKLOG_SHARE) throw busy();
  }

  #bound(probe: string, moreB: number): void {
    const { totalB, perProbeB } = this.#limits;
    if (this.#heldB + moreB > totalB || (this.#byProbe.get(probe) ?? 0) + moreB > perProbeB)
      throw busy();
  }
}

/** Spread over some seconds, so that those who were refused together do not come back together. */
function busy(): Refusal {
  return new Refusal(
    429,
    'busy',
    '收集端正忙,请稍后重发',
    'the collector is busy: send again later',
    3 + Math.floor(Math.random() * 6),
  );
}
