/**
 * What the crash test's writer said, kept outside of everything that is killed, and what follows
 * from it: the rows the store must hold and the figures it must answer. Pure.
 */
import { dayOf } from '../../ingest/month.ts';
import { median } from '../bench/bench.ts';

/** As the writer says it: sequence, metric, start, outcome, round trip in ms. */
export type Fact = readonly [
  sequence: number,
  metric: string,
  start: string,
  outcome: 'ok' | 'failed',
  rttMs: number | null,
];

export class Journal {
  /** Everything that was durable in the spool, by sequence. */
  readonly written = new Map<number, Fact>();
  /** Everything the station said it holds. */
  readonly acknowledged = new Set<number>();
  resent = 0;

  /** Takes one line of the writer; one that a kill cut short says nothing. */
  take(line: string): void {
    const said = parsed(line.slice(2));
    if (said === undefined) return;
    if (line.startsWith('+')) this.written.set((said as Fact)[0], said as Fact);
    else if (line.startsWith('!'))
      for (const [from, to] of said as [number, number][])
        for (let sequence = from; sequence <= to; sequence++) this.acknowledged.add(sequence);
    else if (line.startsWith('.')) this.resent += (said as { resent: number }).resent;
  }

  /** Runs by metric and outcome, counted anew. */
  outcomes(): Record<string, number> {
    const runs: Record<string, number> = {};
    for (const [, metric, , outcome] of this.written.values())
      runs[`${metric} ${outcome}`] = (runs[`${metric} ${outcome}`] ?? 0) + 1;
    return runs;
  }

  /** Median round trip by metric, ms, and the number of runs behind it. */
  medians(): Record<string, { median: number; n: number }> {
    return this.#mediansBy(([, metric]) => metric);
  }

  /** The same by metric and day, Asia/Shanghai. */
  mediansByDay(): Record<string, { median: number; n: number }> {
    return this.#mediansBy(([, metric, start]) => `${metric} ${dayOf(new Date(start))}`);
  }

  #mediansBy(keyOf: (fact: Fact) => string): Record<string, { median: number; n: number }> {
    const rtts = new Map<string, number[]>();
    for (const fact of this.written.values()) {
      const [, , , , rttMs] = fact;
      if (rttMs === null) continue;
      const found = rtts.get(keyOf(fact));
      if (found) found.push(rttMs);
      else rtts.set(keyOf(fact), [rttMs]);
    }
    return Object.fromEntries(
      [...rtts].map(([key, values]) => [key, { median: median(values), n: values.length }]),
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
