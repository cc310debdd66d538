/**
 * The monthly report as a document. Pure: the same plan, evidence and register give the same bytes,
 * so that anyone can recompute it. Formats are drawn from the document and add nothing to it.
 */
import type { FilingRow } from '../ingest/filing-store.ts';
import type { Level, Place, Register } from '../ingest/register.ts';
import type { Indicator } from '../sql/indicator.ts';
import { canonicalJson } from './canonical.ts';
import type { AreaFigure } from './contract/figure.ts';
import type { LibraryReport } from './contract/library.ts';
import type { Title } from './contract/place.ts';
import type { Goal } from './contract/target.ts';
import type { AreaLevel } from './figure.ts';
import type { Figures } from './figures.ts';
import type { Plan, PlanTarget } from './plan.ts';

const MONTHLY_VERSION = 1;

export interface MonthlyTarget {
  readonly id: string;
  readonly title: Title;
  readonly source: string;
  readonly goal: Goal;
  readonly evidence: PlanTarget['evidence'];
  readonly minimumObserved: number;
  /** Of a standing, what lines must show; null for other kinds. */
  readonly proof: PlanTarget['proof'] | null;
  readonly indicator: Omit<Indicator, 'sql'>;
  readonly overall: AreaFigure;
  readonly carriers: readonly {
    readonly code: string;
    readonly title: Title;
    readonly overall: AreaFigure;
  }[];
  readonly cities: readonly AreaFigure[];
  readonly counties: readonly AreaFigure[];
}

/**
 * Where every carrier of the plan stands with the month's filing. `missing` is none received, before the
 * due instant too: a state that changes by the clock alone would make editions without news.
 */
export interface MonthlyFilings {
  readonly due: string;
  readonly items: readonly FilingRow[];
}

/** What the month's observations say of the library of addresses and names. */
export type MonthlyLibrary = Pick<LibraryReport, 'whole' | 'figures'>;

/** One figure that differs from the edition before. */
export interface Change {
  readonly target: string;
  readonly area: string;
  readonly before: string;
  readonly after: string;
}

export interface MonthlyReport {
  readonly version: typeof MONTHLY_VERSION;
  readonly month: string;
  /** `preliminary` while the month runs; it is never sealed and has edition 0. */
  readonly status: 'preliminary' | 'sealed';
  readonly edition: number;
  /** When the newest measurement or filing behind any figure was received; null without any. */
  readonly asOf: string | null;
  readonly plan: Pick<Plan, 'id' | 'title' | 'source' | 'due'> & {
    readonly area: { code: string; name: string; level: Level };
  };
  readonly register: { readonly places: number; readonly villages: number };
  readonly measurements: number;
  readonly quarantined: number;
  readonly targets: readonly MonthlyTarget[];
  readonly filings: MonthlyFilings;
  readonly library: MonthlyLibrary;
  /** SHA-256 of the edition this one supersedes. */
  readonly supersedes: string | null;
  readonly changes: readonly Change[];
}

export interface MonthlyInput {
  readonly month: string;
  readonly plan: Plan;
  readonly register: Register;
  readonly area: Place;
  readonly measurements: number;
  readonly quarantined: number;
  readonly targets: readonly {
    readonly target: PlanTarget;
    readonly indicator: Indicator;
    readonly figures: Figures;
  }[];
  readonly filings: MonthlyFilings;
  readonly library: MonthlyLibrary;
}

/** The document of a month, before it is made an edition. */
export function monthlyReport({
  month,
  plan,
  register,
  area,
  measurements,
  quarantined,
  targets,
  filings,
  library,
}: MonthlyInput): MonthlyReport {
  const written = targets.map(({ target, indicator, figures }): MonthlyTarget => {
    const overall = (carrier: string | null): AreaFigure => {
      const [figure] = figures({ carrier, within: area.code, level: area.level as AreaLevel });
      if (!figure) throw new Error(`no figure for ${area.code}`);
      return figure;
    };
    const { sql: _, ...described } = indicator;
    return {
      id: target.id,
      title: target.title,
      source: target.source,
      goal: target.goal,
      evidence: target.evidence,
      minimumObserved: target.minimumObserved,
      proof: target.proof ?? null,
      indicator: described,
      overall: overall(null),
      carriers: plan.carriers.map(({ code, title }) => ({ code, title, overall: overall(code) })),
      cities: figures({ carrier: null, within: area.code, level: 'city' }),
      counties: figures({ carrier: null, within: area.code, level: 'county' }),
    };
  });
  return {
    version: MONTHLY_VERSION,
    month,
    status: 'preliminary',
    edition: 0,
    asOf: written.reduce<string | null>(
      (newest, { overall: { figure } }) =>
        figure.asOf && (!newest || figure.asOf > newest) ? figure.asOf : newest,
      null,
    ),
    plan: {
      id: plan.id,
      title: plan.title,
      source: plan.source,
      due: plan.due,
      area: { code: area.code, name: area.name, level: area.level },
    },
    register: { places: register.size, villages: register.villagesBelow(area.code) },
    measurements,
    quarantined,
    targets: written,
    filings,
    library: { whole: library.whole, figures: library.figures },
    supersedes: null,
    changes: [],
  };
}

/** An earlier edition and the hash it was sealed with. */
export interface SealedEdition {
  readonly report: MonthlyReport;
  readonly sha256: string;
}

/**
 * Makes a finished month an edition. Late data make the next edition, with what changed.
 *
 * @returns null when nothing changed since `previous`: there is nothing to seal
 */
export function asEdition(
  report: MonthlyReport,
  previous: SealedEdition | null,
): MonthlyReport | null {
  const sealed = {
    ...report,
    status: 'sealed',
    edition: (previous?.report.edition ?? 0) + 1,
  } as const;
  if (!previous) return sealed;
  const bare = ({ edition: _e, supersedes: _s, changes: _c, ...content }: MonthlyReport) =>
    canonicalJson(content);
  if (bare(sealed) === bare(previous.report)) return null;
  return {
    ...sealed,
    supersedes: previous.sha256,
    changes: changesBetween(previous.report, sealed),
  };
}

function changesBetween(before: MonthlyReport, after: MonthlyReport): Change[] {
  const earlier = new Map(figuresOf(before));
  return figuresOf(after).flatMap(([key, figure]) => {
    const was = earlier.get(key) ?? '';
    const [target = '', area = ''] = key.split(' ');
    return was === figure ? [] : [{ target, area, before: was, after: figure }];
  });
}

/** Every figure as `target area` and what can be said of it in one line. */
function figuresOf(report: MonthlyReport): [key: string, figure: string][] {
  return report.targets.flatMap(({ id, overall, cities, counties }) =>
    [overall, ...cities, ...counties].map(({ area, figure, verdict }): [string, string] => [
      `${id} ${area.code}`,
      `${figure.value ?? '—'} (${figure.observed}/${figure.registered}) ${verdict}`,
    ]),
  );
}
