/**
 * Whose rows are stored next. Live reports go before backlog, and within either the probes take
 * turns, so that neither one probe's weeks nor many probes' return after an outage keep the news
 * waiting; yet backlog always gets a share, so that it ends. Pure.
 */

export interface Queued {
  readonly probe: string;
  readonly rows: number;
  readonly sizeB: number;
  readonly live: boolean;
}

export interface BatchLimit {
  readonly rows: number;
  readonly sizeB: number;
}

/** Of a batch, while both wait. */
const BACKLOG_SHARE = 0.25;

export class FairQueue<Item extends Queued> {
  readonly #live = new Lanes<Item>();
  readonly #backlog = new Lanes<Item>();

  push(item: Item): void {
    (item.live ? this.#live : this.#backlog).push(item);
  }

  get length(): number {
    return this.#live.length + this.#backlog.length;
  }

  /** Bytes that wait as backlog. */
  get backlogB(): number {
    return this.#backlog.sizeB;
  }

  /** The next batch: at least one item where any waits, else as many as fit. */
  take(limit: BatchLimit): Item[] {
    const batch = new Batch<Item>(limit);
    const share = this.#backlog.length > 0 ? 1 - BACKLOG_SHARE : 1;
    batch.fill(this.#live, share);
    batch.fill(this.#backlog, 1);
    batch.fill(this.#live, 1);
    return batch.items;
  }
}

class Batch<Item extends Queued> {
  readonly items: Item[] = [];
  readonly #limit: BatchLimit;
  #rows = 0;
  #sizeB = 0;

  constructor(limit: BatchLimit) {
    this.#limit = limit;
  }

  /** Takes from `lanes` up to `share` of the limit. */
  fill(lanes: Lanes<Item>, share: number): void {
    for (let next = lanes.peek(); next && this.#fits(next, share); next = lanes.peek()) {
      lanes.shift();
      this.items.push(next);
      this.#rows += next.rows;
      this.#sizeB += next.sizeB;
    }
  }

  #fits({ rows, sizeB }: Item, share: number): boolean {
    if (this.items.length === 0) return true;
    const limit = this.#limit;
    return this.#rows + rows <= limit.rows * share && this.#sizeB + sizeB <= limit.sizeB * share;
  }
}

/** One lane a probe; the lanes take turns, and a lane keeps its order. */
class Lanes<Item extends Queued> {
  readonly #lanes = new Map<string, Item[]>();
  length = 0;
  sizeB = 0;

  push(item: Item): void {
    const lane = this.#lanes.get(item.probe);
    if (lane) lane.push(item);
    else this.#lanes.set(item.probe, [item]);
    this.length++;
    this.sizeB += item.sizeB;
  }

  peek(): Item | undefined {
    const [lane] = this.#lanes.values();
    return lane?.[0];
  }

  shift(): void {
    const [turn] = this.#lanes;
    if (!turn) return;
    const [probe, lane] = turn;
    const item = lane.shift();
    // Behind all others: a Map keeps the order of insertion.
    this.#lanes.delete(probe);
    if (lane.length > 0) this.#lanes.set(probe, lane);
    this.length--;
    this.sizeB -= item?.sizeB ?? 0;
  }
}
