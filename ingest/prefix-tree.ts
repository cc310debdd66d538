/**
 * Dated entries by prefix, for the longest match of both families. The tree is an array: prefixes
 * sorted by their first address, the wider first, each with the place of the narrowest that covers it.
 * The last one that begins at or before an address is within every prefix that covers the address, so
 * a binary search and a walk up find them all. About 30 bytes a prefix beside the entries. Pure.
 */
import { covers, lastOf, type Prefix } from './address-space.ts';
import { type Bounded, bounded } from './bounded.ts';

export interface Dated {
  readonly space: Prefix;
  /** First and last day, `YYYY-MM-DD`, both inclusive. */
  readonly validFrom: string;
  readonly validTo: string;
}

/** Two entries that cannot both be right, or of which the narrower is not declared as part of the wider. */
export interface Overlap<Entry> {
  readonly kind: 'same-prefix' | 'undeclared';
  readonly wider: Entry;
  readonly narrower: Entry;
}

/** Space of an entry that no narrower entry describes although some of it is described. */
export interface Gap<Entry> {
  readonly within: Entry;
  readonly space: Prefix;
}

const HALF = (1n << 64n) - 1n;

export class PrefixTree<Entry extends Dated> {
  readonly #entries: readonly Entry[];
  /** Where each node's entries begin; one more than there are nodes. */
  readonly #from: Uint32Array;
  readonly #high: BigUint64Array;
  readonly #low: BigUint64Array;
  /** The node that covers it; −1 for none. */
  readonly #parent: Int32Array;

  constructor(entries: readonly Entry[]) {
    this.#entries = [...entries].sort(inOrder);
    const begins: number[] = [];
    this.#entries.forEach(({ space }, at) => {
      const before = this.#entries[at - 1]?.space;
      if (!before || before.first !== space.first || before.bits !== space.bits) begins.push(at);
    });
    const nodes = begins.length;
    this.#from = Uint32Array.from([...begins, this.#entries.length]);
    this.#high = new BigUint64Array(nodes);
    this.#low = new BigUint64Array(nodes);
    this.#parent = new Int32Array(nodes).fill(-1);
    for (let node = 0; node < nodes; node++) {
      const space = this.#space(node);
      this.#high[node] = space.first >> 64n;
      this.#low[node] = space.first & HALF;
      let above = node - 1;
      while (above >= 0 && !covers(this.#space(above), space)) above = this.#up(above);
      this.#parent[node] = above;
    }
  }

  /** The entries valid on a day that cover an address, the most specific first. */
  chain(address: bigint, day: string): Entry[] {
    const found: Entry[] = [];
    for (let node = this.#last(address); node >= 0; node = this.#up(node))
      if (lastOf(this.#space(node)) >= address) found.push(...this.#validOn(node, day));
    return found;
  }

  /**
   * Pairs whose days meet within a span: of one prefix, or of a prefix and one that covers it, held by
   * another holder or named for another carrier.
   *
   * @param declared whether the narrower is declared as part of the wider
   */
  overlaps(
    { first, last }: { readonly first: string; readonly last: string },
    differ: (one: Entry, other: Entry) => boolean,
    declared: (narrower: Entry, wider: Entry) => boolean,
    limit: number,
  ): Bounded<Overlap<Entry>> {
    const found = bounded<Overlap<Entry>>(limit);
    const within = ({ validFrom, validTo }: Entry) => validFrom <= last && first <= validTo;
    const meet = (one: Entry, other: Entry) =>
      one.validFrom <= other.validTo &&
      other.validFrom <= one.validTo &&
      within(one) &&
      within(other);
    for (let node = 0; node < this.#parent.length; node++)
      this.#at(node).forEach((narrower, index, same) => {
        for (const wider of same.slice(0, index))
          if (meet(wider, narrower) && differ(wider, narrower))
            found.add({ kind: 'same-prefix', wider, narrower });
        for (let above = this.#up(node); above >= 0; above = this.#up(above))
          for (const wider of this.#at(above))
            if (meet(wider, narrower) && differ(wider, narrower) && !declared(narrower, wider))
              found.add({ kind: 'undeclared', wider, narrower });
      });
    return found.list();
  }

  /** What is left of every entry that narrower ones describe in part, on a day, as the fewest prefixes. */
  gaps(day: string, limit: number): Bounded<Gap<Entry>> {
    const found = bounded<Gap<Entry>>(limit);
    const within = new Map<number, number[]>();
    for (let node = 0; node < this.#parent.length; node++) {
      if (this.#validOn(node, day).length === 0) continue;
      let above = this.#up(node);
      while (above >= 0 && this.#validOn(above, day).length === 0) above = this.#up(above);
      if (above < 0) continue;
      const parts = within.get(above);
      if (parts) parts.push(node);
      else within.set(above, [node]);
    }
    for (const [node, parts] of within) {
      const [entry] = this.#validOn(node, day);
      if (!entry) continue;
      let next = entry.space.first;
      const leave = (end: bigint) => {
        // Lists are short and the rest is only counted: to draw a million prefixes takes seconds.
        if (found.isFull()) found.addUnlisted(countOfPrefixes(next, end));
        else
          for (const space of prefixesOf(next, end, entry.space.family))
            found.add({ within: entry, space });
      };
      for (const part of parts) {
        const space = this.#space(part);
        leave(space.first);
        next = lastOf(space) + 1n;
      }
      leave(lastOf(entry.space) + 1n);
    }
    return found.list();
  }

  /** The last node that begins at or before an address; −1 for none. */
  #last(address: bigint): number {
    const [high, low] = [address >> 64n, address & HALF];
    let [from, to] = [0, this.#parent.length];
    while (from < to) {
      const middle = (from + to) >>> 1;
      const there = this.#high[middle] as bigint;
      if (there < high || (there === high && (this.#low[middle] as bigint) <= low))
        from = middle + 1;
      else to = middle;
    }
    return from - 1;
  }

  #up(node: number): number {
    return this.#parent[node] ?? -1;
  }

  #space(node: number): Prefix {
    return (this.#entries[this.#from[node] as number] as Entry).space;
  }

  #at(node: number): readonly Entry[] {
    return this.#entries.slice(this.#from[node], this.#from[node + 1]);
  }

  #validOn(node: number, day: string): Entry[] {
    return this.#at(node).filter(({ validFrom, validTo }) => validFrom <= day && day <= validTo);
  }
}

function inOrder({ space: one }: Dated, { space: other }: Dated): number {
  if (one.first !== other.first) return one.first < other.first ? -1 : 1;
  return one.bits - other.bits;
}

/** The fewest prefixes that make up `first` … `end`, the end not among them. */
function* prefixesOf(first: bigint, end: bigint, family: 4 | 6): Generator<Prefix> {
  for (let next = first; next < end; ) {
    let bits = 128;
    for (let size = 1n; (next & size) === 0n && next + size * 2n <= end && bits > 0; size *= 2n)
      bits--;
    yield { family, first: next, bits };
    next += 1n << BigInt(128 - bits);
  }
}

/**
 * How many {@link prefixesOf} gives. Up to the last address with the most trailing zeros each prefix is
 * wider than the one before, from there on each is narrower: each is a bit of what is left.
 */
function countOfPrefixes(first: bigint, end: bigint): number {
  if (first === end) return 0;
  const top = BigInt((first ^ end).toString(2).length - 1);
  const turn = (end >> top) << top;
  return ones(turn - first) + ones(end - turn);
}

function ones(value: bigint): number {
  return value.toString(2).replaceAll('0', '').length;
}
