/** How much of one page is in another. Pure. */

/** A word, a number, or a single Han character. */
const TOKEN = /\p{Script=Han}|[\p{Letter}\p{Number}]+/gu;

/**
 * Share of the words two pages have in common: 2·|A∩B| / (|A|+|B|) of their multisets (Dice 1945),
 * mark-up included. 1 for equal pages, near 1 for one page with another time or nonce in it, low for
 * an error page in place of the real one.
 */
export function similarityRatio(a: Buffer, b: Buffer): number {
  if (a.equals(b)) return 1;
  const [left, right] = [tokens(a), tokens(b)];
  const counts = new Map<string, number>();
  for (const token of left) counts.set(token, (counts.get(token) ?? 0) + 1);
  let shared = 0;
  for (const token of right) {
    const rest = counts.get(token) ?? 0;
    if (rest === 0) continue;
    counts.set(token, rest - 1);
    shared++;
  }
  return left.length + right.length === 0 ? 0 : (2 * shared) / (left.length + right.length);
}

function tokens(page: Buffer): readonly string[] {
  return page.toString('utf8').match(TOKEN) ?? [];
}
