/** A plan's measured targets as questions to a month of the store, and the month as the store knows it. */
import { monthDays, monthSpan } from '../ingest/month.ts';
import { indicatorNamed, isMeasured } from '../sql/indicator.ts';
import type { Judgement, MonthSpan } from '../sql/judgement.ts';
import type { Plan } from './plan.ts';

export function judgementsOf(plan: Plan): Judgement[] {
  return plan.targets
    .filter(({ indicator }) => isMeasured(indicatorNamed(indicator)))
    .map(({ id, indicator, villageKinds, evidence }) => ({
      target: id,
      indicator,
      villageKinds,
      evidence,
    }));
}

export function spanOf(month: string): MonthSpan {
  return { ...monthDays(month), ...spanParameters(month) };
}

/** A month as query parameters. */
export function spanParameters(month: string): { start: string; end: string } {
  const { start, end } = monthSpan(month);
  return { start: start.toISOString(), end: end.toISOString() };
}
