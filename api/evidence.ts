/**
 * What the store knows of a month: evidence by target, lines, and the register as of its end.
 * Answers are kept for a few seconds, so that twenty readers of a page cost one query.
 */
import { LOOPBACK } from '../ingest/binding.ts';
import { dayOf, monthDays, monthOf, monthSpan } from '../ingest/month.ts';
import { loadRegister, type Register } from '../ingest/register.ts';
import { INDICATORS, type Indicator } from '../sql/indicator.ts';
import type { Store } from '../sql/store.ts';
import type { Evidence } from './figure.ts';
import type { Plan, PlanTarget } from './plan.ts';

const FRESH_MS = 3_000;

export interface Line {
  readonly line: string;
  readonly place: string;
  readonly carrier: string;
  readonly technology: string;
  readonly subscribedDownBps: number | null;
  readonly subscribedUpBps: number | null;
}

export class EvidenceReader {
  readonly store: Store;
  readonly plan: Plan;
  readonly now: () => Date;
  readonly #kept = new Map<string, { readonly at: number; readonly answer: Promise<unknown> }>();

  constructor(store: Store, plan: Plan, now: () => Date) {
    this.store = store;
    this.plan = plan;
    this.now = now;
  }

  indicatorOf(target: PlanTarget): Indicator {
    const indicator = INDICATORS.get(target.indicator);
    if (!indicator) throw new Error(`indicator ${target.indicator} is missing`);
    return indicator;
  }

  /** Lines with enough evidence for `target` in the month, beside every counted line. */
  evidence(target: PlanTarget, month: string): Promise<Evidence> {
    return this.#keep(`evidence ${target.id} ${month}`, async () => {
      const [observed, lines] = await Promise.all([
        this.store.indicator(target.indicator, { ...spanParameters(month), ...target.evidence }),
        this.lines(month),
      ]);
      return { observed, registered: lines.filter(({ technology }) => technology !== LOOPBACK) };
    });
  }

  /** Every line registered at any time in the month, the station's own included. */
  lines(month: string): Promise<Line[]> {
    return this.#keep(`lines ${month}`, () => this.store.query('lines_between', monthDays(month)));
  }

  /** The register as of the month's end, or of today while it runs. */
  register(month: string): Promise<Register> {
    const today = dayOf(this.now());
    const { last } = monthDays(month);
    const day = [last, today].sort()[0] ?? today;
    // The register changes by imports alone; a day's copy may be kept much longer than figures.
    return this.#keep(`register ${day}`, () => loadRegister(this.store, day), 60_000);
  }

  /** Months with measurements, newest first, always with the running one. */
  async months(): Promise<string[]> {
    const rows = await this.#keep('months', () => this.store.query('months', {}));
    const running = monthOf(this.now());
    const months = rows.map(({ month }) => month);
    return months.includes(running) ? months : [running, ...months].sort().reverse();
  }

  async #keep<T>(key: string, ask: () => Promise<T>, freshMs = FRESH_MS): Promise<T> {
    const now = this.now().getTime();
    for (const [old, { at }] of this.#kept) if (now - at > 60_000) this.#kept.delete(old);
    const kept = this.#kept.get(key);
    if (kept && now - kept.at < freshMs) return kept.answer as Promise<T>;
    const answer = ask();
    this.#kept.set(key, { at: now, answer });
    // A failure is nobody's answer but the asker's.
    answer.catch(() => this.#kept.delete(key));
    return answer;
  }
}

/** A month as query parameters. */
export function spanParameters(month: string): { start: string; end: string } {
  const { start, end } = monthSpan(month);
  return { start: start.toISOString(), end: end.toISOString() };
}
