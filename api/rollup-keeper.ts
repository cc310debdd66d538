/**
 * Keeps the rollups up to date: all that is stale, latest first, again and again while the station
 * runs. What is stale is read from the store each time, so a station that was off, killed or joined
 * by another misses nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { dayOf, monthOf } from '../ingest/month.ts';
import { retiredDays } from '../sql/retention.ts';
import {
  monthsToPack,
  packMonth,
  rollUpDay,
  rollUpMonth,
  type Stale,
  staleDays,
  staleMonths,
  sweepRollups,
} from '../sql/rollup.ts';
import type { Store } from '../sql/store.ts';
import { judgementsOf, spanOf } from './judgement.ts';
import type { Plan } from './plan.ts';

/** A newcomer sees his line's first figures within this. */
const PAUSE_MS = 2_000;
/** Of the time that passes, a tenth at most is spent on rollups: a probe beside may be measuring a rate. */
const REST = 9;
/** However long it took: a backlog of years does not keep today's figures waiting for hours. */
const LONGEST_REST_MS = 600_000;

export interface RollUpOptions {
  /** Also what is not stale. */
  readonly anew?: boolean;
  readonly progress?: (done: number, total: number, period: string) => void;
  readonly signal?: AbortSignal;
  /** What is known from the last time. */
  readonly signatures?: RegisterSignatures;
}

/**
 * Draws all that is stale: each month after its days, the latest month first; then packs what is over.
 *
 * @returns how many days and months were drawn
 */
export async function rollUp(
  store: Store,
  plan: Plan,
  { anew = false, progress, signal, signatures = new RegisterSignatures() }: RollUpOptions = {},
): Promise<number> {
  const judgements = judgementsOf(plan);
  const stale = async (): Promise<{ days: Stale[]; months: Stale[] }> => {
    // Rollups stay for ever; of days whose rows were removed none is drawn again.
    const [frozen, measured, done] = await Promise.all([
      retiredDays(store),
      store.query('measured_days', {}),
      store.query('rollups_done', {}),
    ]);
    const months = [...new Set(measured.map(({ day }) => day.slice(0, 7)))];
    const lines = await signatures.of(store, months);
    const known = anew ? [] : done;
    return {
      days: staleDays(measured, known, frozen),
      months: staleMonths(measured, known, frozen, judgements, lines),
    };
  };
  const { days, months } = await stale();
  const total = days.length + months.length;
  let drawn = 0;
  for (const month of months) {
    const steps = [
      ...days.filter(({ period }) => period.startsWith(month.period)).map((day) => ({ day })),
      { month },
    ];
    for (const step of steps) {
      if (signal?.aborted) return drawn;
      const done = await store.query('rollups_done', {});
      if ('day' in step) await rollUpDay(store, step.day, done);
      else await rollUpMonth(store, month, spanOf(month.period), judgements, done);
      drawn += 1;
      progress?.(drawn, total, 'day' in step ? step.day.period : month.period);
    }
  }
  const now = new Date();
  const done = await store.query('rollups_done', {});
  const loose = monthsToPack(done, drawn > 0 ? (await stale()).days : days, monthOf(now));
  for (const month of loose) {
    if (signal?.aborted) return drawn;
    await packMonth(store, month, await store.query('rollups_done', {}));
  }
  if (drawn + loose.length > 0) await sweepRollups(store, now);
  return drawn;
}

/**
 * Signatures of what is registered in months, asked again only when something was written to the register
 * or the libraries or the day is another: they go through all lines and villages.
 */
class RegisterSignatures {
  #key = '';
  #known: ReadonlyMap<string, string> = new Map();

  async of(store: Store, months: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const [written] = await store.query('tables_signature', {
      tables: ['place', 'line', 'probe', 'library_prefix', 'library_service', 'import'],
    });
    const key = JSON.stringify([written?.signature, dayOf(new Date()), months]);
    if (key !== this.#key) {
      const rows = await store.query('register_signature', { months });
      this.#known = new Map(rows.map(({ month, signature }) => [month, signature]));
      this.#key = key;
    }
    return this.#known;
  }
}

/** How long to let the station be after rolling up for so long, ms. Pure. */
export function restAfter(tookMs: number): number {
  return Math.min(Math.max(PAUSE_MS, tookMs * REST), LONGEST_REST_MS);
}

/**
 * Rolls up from now on, until stopped. What comes after a rest in which nothing did is rolled up at once;
 * only what keeps coming waits, and the longer the dearer it is.
 */
export function keepRollups(store: Store, plan: Plan, log: Logger): { stop(): Promise<void> } {
  const stopping = new AbortController();
  const { signal } = stopping;
  const signatures = new RegisterSignatures();
  const keep = async () => {
    while (!signal.aborted) {
      const begun = performance.now();
      try {
        const drawn = await rollUp(store, plan, { signal, signatures });
        if (drawn > 0)
          log.debug({ drawn, tookMs: performance.now() - begun }, '汇总已更新 · rolled up');
      } catch (reason) {
        log.warn({ reason }, '汇总未完成,稍后再试 · rolling up failed, trying again');
      }
      const tookMs = performance.now() - begun;
      await sleep(restAfter(tookMs), undefined, { signal }).catch(() => {});
    }
  };
  const kept = keep();
  return {
    stop: async () => {
      stopping.abort();
      await kept;
    },
  };
}
