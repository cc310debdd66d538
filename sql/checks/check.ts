/** What a check of the store is, and how all of them are run. */
import type { Judgement, MonthSpan } from '../judgement.ts';
import type { Store } from '../store.ts';

interface Bilingual {
  readonly zh: string;
  readonly en: string;
}

/** Something that is not as it must be. */
export interface Finding {
  /** Stable, untranslated. */
  readonly code: string;
  /** What it is about: a table, `table/part`, a file, a probe … */
  readonly subject: string;
  readonly what: Bilingual;
  readonly cure: Bilingual;
}

/** A number worth knowing, right or wrong. */
export interface CheckFigure {
  readonly name: string;
  readonly title: Bilingual;
  readonly subject: string;
  readonly value: number;
}

export interface CheckContext {
  readonly store: Store;
  /** An empty database in the same ClickHouse, which the caller drops. */
  readonly openScratch: () => Promise<Store>;
  readonly now: () => Date;
  /** What the plan asks of a month, and when a month is. */
  readonly judgements: readonly Judgement[];
  readonly spanOf: (month: string) => MonthSpan;
  /** How far the check is, in a measure of its own. */
  readonly progress: (done: number, total: number) => void;
}

export interface Checked {
  readonly findings: readonly Finding[];
  readonly figures?: readonly CheckFigure[];
}

export interface StoreCheck {
  readonly name: string;
  readonly title: Bilingual;
  /** Reads only. What it throws is told as a check that could not be made. */
  run(context: CheckContext): Promise<Checked>;
}

export interface CheckResult extends Required<Checked> {
  readonly name: string;
  readonly title: Bilingual;
  /** Why the check could not be made, where a finding before it says what is at fault. */
  readonly unfinished: string | null;
}

/**
 * Makes the checks one after another; one that fails does not keep the others from being made.
 *
 * @param progress share of a check that is done, 0…1
 */
export async function runChecks(
  checks: readonly StoreCheck[],
  context: Omit<CheckContext, 'progress'>,
  progress: (check: StoreCheck, done: number) => void,
): Promise<CheckResult[]> {
  const results: CheckResult[] = [];
  for (const check of checks) {
    const { name, title } = check;
    const told = (done: number, total: number) => progress(check, total > 0 ? done / total : 1);
    told(0, 1);
    try {
      const { findings, figures = [] } = await check.run({ ...context, progress: told });
      results.push({ name, title, findings, figures, unfinished: null });
    } catch (error) {
      const why = (error as Error).message.split('\n')[0]?.slice(0, 300) ?? '';
      // A table that differs or a file that is damaged makes others stumble, who have nothing to add.
      const known = results.some(({ findings }) => findings.length > 0);
      const findings = known ? [] : [failed(name, why)];
      results.push({ name, title, findings, figures: [], unfinished: why });
    }
    told(1, 1);
  }
  return results;
}

function failed(name: string, why: string): Finding {
  return {
    code: 'check-failed',
    subject: name,
    what: { zh: `未能检查:${why}`, en: `could not be checked: ${why}` },
    cure: {
      zh: '按错误提示处理后再检查一次',
      en: 'see to what the error says, then check again',
    },
  };
}
