/**
 * What the store knows of a month: figures, evidence by target, lines, and the register as of its end.
 * Answers are kept for a few seconds, so that twenty readers of a page cost one query.
 *
 * Figures come from the rollups once the month is rolled up under the plan's present rules, and from
 * the measurements themselves until then. What is sealed comes from the measurements, always.
 */
import { LOOPBACK } from '../ingest/binding.ts';
import { grouped } from '../ingest/grouped.ts';
import { dayOf, monthDays, monthOf } from '../ingest/month.ts';
import { loadRegister, type Register } from '../ingest/register.ts';
import { INDICATORS, type Indicator } from '../sql/indicator.ts';
import { monthRules } from '../sql/judgement.ts';
import type {
  IndicatorParameters,
  IndicatorRow,
  QueryName,
  QueryParameters,
  QueryRow,
} from '../sql/questions.ts';
import { retiredDays } from '../sql/retention.ts';
import type { Done } from '../sql/rollup.ts';
import type { Store } from '../sql/store.ts';
import { Answers } from './answers.ts';
import type { AreaFigure } from './contract/figure.ts';
import {
  areaFigures,
  type Evidence,
  ofCarrier,
  ofVillages,
  type RegisteredSubject,
  rolledFigures,
  type Scope,
} from './figure.ts';
import { judgementsOf, spanParameters } from './judgement.ts';
import type { Plan, PlanTarget } from './plan.ts';

/** A line as it last stood in a month. */
export type Line = QueryRow<'lines_between'>;

/** What the station holds of a month. */
export interface Holdings {
  readonly measurements: number;
  readonly linesHeard: number;
  readonly newest: string | null;
}

/** Days, and of each the run of the rollups that counts. */
export interface DayRuns {
  readonly days: readonly string[];
  readonly runs: readonly number[];
}

export class EvidenceReader {
  readonly store: Store;
  readonly plan: Plan;
  readonly now: () => Date;
  readonly #answers: Answers;

  constructor(store: Store, plan: Plan, now: () => Date) {
    this.store = store;
    this.plan = plan;
    this.now = now;
    this.#answers = new Answers(now);
  }

  indicatorOf(target: PlanTarget): Indicator {
    const indicator = INDICATORS.get(target.indicator);
    if (!indicator) throw new Error(`indicator ${target.indicator} is missing`);
    return indicator;
  }

  /** A measured target's figure and verdict of every place of a level, also of those nobody measured. */
  async figures(target: PlanTarget, month: string, scope: Scope): Promise<AreaFigure[]> {
    const { carrier, within, level } = scope;
    const [register, rolled] = await Promise.all([this.register(month), this.#rolled(month)]);
    const indicator = this.indicatorOf(target);
    if (!rolled) {
      const evidence = ofCarrier(await this.evidence(target, month), carrier, indicator);
      return areaFigures(target, indicator, evidence, register, within, level);
    }
    const rows = isMapped(level)
      ? ((await this.#map(month, rolled.run)).get(cell(target.id, carrier, level)) ?? [])
      : await this.store.query('area_month_figures', {
          month,
          run: rolled.run,
          target: target.id,
          carrier: carrier ?? '',
          level,
          within,
        });
    return rolledFigures(target, indicator, rows, register, within, level);
  }

  /**
   * A month's maps down to the counties, every target and carrier at once: a few thousand cells, read
   * in the time of one map, and never changed, for a run is written once.
   */
  #map(month: string, run: number): Promise<ReadonlyMap<string, readonly MapRow[]>> {
    return this.lastingOf(`map ${month}`, String(run), async () =>
      grouped(
        await this.store.query('area_month_map', { month, run }),
        ({ target, carrier, level }) => cell(target, carrier, level),
      ),
    );
  }

  /** A question of the page's: those who ask it while it is under way share the answer, later ones do not. */
  ask<Name extends QueryName>(
    name: Name,
    params: QueryParameters<Name>,
  ): Promise<QueryRow<Name>[]> {
    return this.shared(`${name} ${JSON.stringify(params)}`, () => this.store.query(name, params));
  }

  /** What is drawn from several answers, for those who ask while it is drawn. */
  shared<T>(key: string, draw: () => Promise<T>): Promise<T> {
    return this.#answers.shared(key, draw);
  }

  /** What is drawn from several answers, at most three seconds old. */
  recent<T>(key: string, draw: () => Promise<T>): Promise<T> {
    return this.#answers.recent(key, draw);
  }

  /** What never changes under its key, kept while it is wanted. */
  lasting<T>(key: string, draw: () => Promise<T>): Promise<T> {
    return this.#answers.lasting(key, draw);
  }

  /** What changes with the state it is drawn from, kept until that is another. */
  lastingOf<T>(key: string, state: string, draw: () => Promise<T>): Promise<T> {
    this.#answers.forget(`${key} `, `${key} ${state}`);
    return this.#answers.lasting(`${key} ${state}`, draw);
  }

  /**
   * All that standings and filed figures of a month are drawn from, as one text: another text, other figures
   * perhaps. Null while the month is not rolled up, for then every measurement may change them.
   */
  async state(month: string): Promise<string | null> {
    const [rolled, [written]] = await Promise.all([
      this.#rolled(month),
      this.#answers.renewed('written', () =>
        this.store.query('tables_signature', {
          tables: ['place', 'line', 'import', 'challenge_event'],
        }),
      ),
    ]);
    return rolled && `${rolled.run} ${dayOf(this.now())} ${written?.signature}`;
  }

  /** An indicator's rows, asked once however many readers ask within seconds. */
  indicator(name: string, params: IndicatorParameters): Promise<IndicatorRow[]> {
    return this.#answers.recent(`indicator ${name} ${JSON.stringify(params)}`, () =>
      this.store.indicator(name, params),
    );
  }

  /** Lines registered in the month, the station's own left out. */
  async linesRegistered(month: string): Promise<number> {
    const [counted] = await this.store.query('lines_registered', monthDays(month));
    return counted?.lines ?? 0;
  }

  async holdings(month: string): Promise<Holdings> {
    const rolled = await this.#rolled(month);
    if (rolled)
      return { measurements: rolled.rows, linesHeard: rolled.lines, newest: rolled.newest };
    return this.#answers.recent(`holdings ${month}`, async () => {
      const [counted] = await this.store.query('month_counts', spanParameters(month));
      return counted ?? { measurements: 0, linesHeard: 0, newest: null };
    });
  }

  /** When the first rows may have come, and the last that are rolled up did; null while nothing is. */
  async receivedSpan(): Promise<{ readonly first: string; readonly last: string } | null> {
    const days = (await this.#done()).filter(({ scope }) => scope === 'day');
    const first = days[0]?.period;
    const last = days.reduce(
      (newest, day) => (day.newest && day.newest > newest ? day.newest : newest),
      '',
    );
    return first && last ? { first: `${first}T00:00:00Z`, last } : null;
  }

  /**
   * Days that have rows received since an instant: those whose rollup saw such rows, or has not seen all.
   */
  async daysReceivedSince(instant: string): Promise<string[]> {
    const [measured, done] = await Promise.all([
      this.store.query('measured_days', {}),
      this.#done(),
    ]);
    const rolled = new Map(
      done.filter(({ scope }) => scope === 'day').map((run) => [run.period, run]),
    );
    return measured
      .filter(({ day, signature }) => {
        const run = rolled.get(day);
        return run?.signature !== signature || (run.newest ?? '') >= instant;
      })
      .map(({ day }) => day);
  }

  /** Rows in quarantine that were received in the month. */
  async quarantined(month: string): Promise<number> {
    const [counted] = await this.store.query('quarantined_between', spanParameters(month));
    return counted?.rows ?? 0;
  }

  /**
   * The runs that count of the days of a span (`YYYY-MM-DD`, both inclusive); null while one that has
   * measurements is not rolled up.
   */
  async runsBetween(first: string, last: string): Promise<DayRuns | null> {
    const [measured, done] = await Promise.all([this.#measuredDays(), this.#done()]);
    const within = (day: string) => day >= first && day <= last;
    const rolled = done.filter(({ scope, period }) => scope === 'day' && within(period));
    const days = rolled.map(({ period }) => period);
    const known = new Set(days);
    const missing = measured.some(({ day }) => within(day) && !known.has(day));
    if (missing && !(await this.retiredBetween(first, last))) return null;
    return { days, runs: rolled.map(({ run }) => run) };
  }

  /** Days whose rows are no longer whole: what is drawn from them now would be failures alone. */
  async retiredBetween(first: string, last: string): Promise<boolean> {
    const retired = await this.#answers.renewed('retired', () => retiredDays(this.store));
    return [...retired].some((day) => day >= first && day <= last);
  }

  /**
   * The run that counts for a month; null while there is none under the plan's rules. A month that
   * retention has begun to trim keeps the run it was last judged by, whatever the rules are now.
   */
  async #rolled(month: string): Promise<Done | null> {
    const rules = monthRules(judgementsOf(this.plan));
    const run = (await this.#done()).find(
      ({ scope, period }) => scope === 'month' && period === month,
    );
    if (!run || run.rules === rules) return run ?? null;
    const { first, last } = monthDays(month);
    return (await this.retiredBetween(first, last)) ? run : null;
  }

  /** The station's own lines, which no area counts. */
  async ownLines(): Promise<string[]> {
    const own = await this.#answers.renewed('own lines', () => this.store.query('own_lines', {}));
    return own.map(({ line }) => line);
  }

  #measuredDays(): Promise<QueryRow<'measured_days'>[]> {
    return this.#answers.renewed('measured days', () => this.store.query('measured_days', {}));
  }

  #done(): Promise<Done[]> {
    return this.#answers.renewed('rollups', () => this.store.query('rollups_done', {}));
  }

  /** Subjects with enough evidence for `target` in the month, beside every one that counts. */
  evidence(target: PlanTarget, month: string): Promise<Evidence> {
    return this.#answers.recent(`evidence ${target.id} ${month}`, async () => {
      const [observed, registered, register] = await Promise.all([
        this.store.indicator(target.indicator, { ...spanParameters(month), ...target.evidence }),
        this.#registered(this.indicatorOf(target), month),
        this.register(month),
      ]);
      return ofVillages({ observed, registered }, target.villageKinds, register);
    });
  }

  /** Every subject there is in the month; what all carriers look at once for each that has lines, and for all. */
  async #registered({ subject }: Indicator, month: string): Promise<RegisteredSubject[]> {
    const lines = (await this.lines(month)).filter(({ technology }) => technology !== LOOPBACK);
    if (subject === 'line') return lines;
    const carriers = ['', ...new Set(lines.map(({ carrier }) => carrier))];
    const places =
      subject === 'service'
        ? await this.store.query('services_between', monthDays(month))
        : (await this.register(month))
            .below(this.plan.area, 'village')
            .map(({ code }) => ({ place: code }));
    return places.flatMap(({ place }) => carriers.map((carrier) => ({ place, carrier })));
  }

  /** Every line registered at any time in the month, the station's own included. */
  lines(month: string): Promise<Line[]> {
    return this.#answers.recent(`lines ${month}`, () =>
      this.store.query('lines_between', monthDays(month)),
    );
  }

  /** The register as of the month's end, or of today while it runs. */
  async register(month: string): Promise<Register> {
    const today = dayOf(this.now());
    const { last } = monthDays(month);
    const day = [last, today].sort()[0] ?? today;
    const [current] = await this.#answers.renewed('register signature', () =>
      this.store.query('tables_signature', { tables: ['place', 'import'] }),
    );
    // Tens of thousands of places are read once, and again when an import changed them.
    const key = `register ${day} ${current?.signature}`;
    return this.#answers.lasting(key, () => loadRegister(this.store, day));
  }

  /** Months with measurements, newest first, always with the running one. */
  async months(): Promise<string[]> {
    const rows = await this.#answers.recent('months', () => this.store.query('months', {}));
    const running = monthOf(this.now());
    const months = rows.map(({ month }) => month);
    return months.includes(running) ? months : [running, ...months].sort().reverse();
  }
}

type MapRow = QueryRow<'area_month_map'>;

/** Levels whose figures come from the map of the month. */
function isMapped(level: Scope['level']): boolean {
  return level === 'province' || level === 'city' || level === 'county';
}

function cell(target: string, carrier: string | null, level: string): string {
  return `${target} ${carrier ?? ''} ${level}`;
}
