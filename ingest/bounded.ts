/** Lists that are counted in full and kept in part. Pure. */

/** At most so many are listed; `count` tells of all. */
export interface Bounded<Item> {
  readonly count: number;
  readonly items: readonly Item[];
}

/** Counts all and keeps the first. */
export function bounded<Item>(limit: number) {
  const items: Item[] = [];
  let count = 0;
  return {
    add(item: Item): void {
      count++;
      if (items.length < limit) items.push(item);
    },
    /** Such as need not be drawn, once the list is full. */
    addUnlisted(more: number): void {
      count += more;
    },
    isFull: (): boolean => items.length >= limit,
    list: (): Bounded<Item> => ({ count, items }),
  };
}

/** A shorter list of the same count. */
export function firstOf<Item>({ count, items }: Bounded<Item>, limit: number): Bounded<Item> {
  return { count, items: items.slice(0, limit) };
}
