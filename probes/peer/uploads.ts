/** The receiver's side of upload tests: what arrived when, over all connections of one test. */
import { ByteSeries } from '../rate.ts';
import type { UploadCount } from '../transfer/upload.ts';

/** A test nobody has sent to or asked after for this long is forgotten. */
const FORGET_MS = 30_000;

interface Test {
  readonly series: ByteSeries;
  touchedMs: number;
}

export class Uploads {
  readonly #limit: number;
  readonly #tests = new Map<string, Test>();

  /** @param limit tests at one time */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Makes room for a test or finds it again; false where there is no room. */
  admit(id: string, nowMs: number): boolean {
    for (const [other, { touchedMs }] of this.#tests)
      if (nowMs - touchedMs > FORGET_MS) this.#tests.delete(other);
    const test = this.#tests.get(id);
    if (test) test.touchedMs = nowMs;
    else if (this.#tests.size < this.#limit)
      this.#tests.set(id, { series: new ByteSeries(), touchedMs: nowMs });
    return this.#tests.has(id);
  }

  add(id: string, bytes: number, nowMs: number): void {
    const test = this.#tests.get(id);
    if (!test) return;
    test.touchedMs = nowMs;
    test.series.add(bytes, nowMs);
  }

  count(id: string, nowMs: number): UploadCount {
    const series = this.#tests.get(id)?.series;
    return {
      elapsedMs: series?.elapsedMs(nowMs) ?? 0,
      totalB: series?.totalB ?? 0,
      seriesB: series?.seriesB ?? [],
    };
  }
}
