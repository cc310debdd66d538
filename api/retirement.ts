/**
 * Removes what the plan keeps no longer, once everything that is drawn from it is drawn; refuses questions
 * about what is gone.
 */
import { dayOf, monthDays } from '../ingest/month.ts';
import { Refusal } from '../ingest/refusal.ts';
import { planRetention, type Retention, retentionState, retire } from '../sql/retention.ts';
import type { Store } from '../sql/store.ts';
import type { EvidenceReader } from './evidence.ts';
import type { Plan } from './plan.ts';
import { rollUp } from './rollup-keeper.ts';

/** Of a plan, on this store: on shards days stay whole until their failures go too. */
export function retentionOn({ topology }: Store, { retention }: Plan): Retention {
  const { failureDays } = retention;
  return topology.kind === 'single' ? retention : { successDays: failureDays, failureDays };
}

/** @throws StoreFault as `retire` */
export async function retireDue(
  store: Store,
  plan: Plan,
  { now, signal }: { readonly now: () => Date; readonly signal?: AbortSignal },
): Promise<Awaited<ReturnType<typeof retire>>> {
  const retention = retentionOn(store, plan);
  const today = dayOf(now());
  const { steps } = planRetention(await retentionState(store), retention, today);
  if (steps.length > 0) await rollUp(store, plan, signal ? { signal } : {});
  return retire(store, retention, { now, today, ...(signal && { signal }) });
}

/** @throws Refusal `month-retired`: what is left of a trimmed month would be failures alone */
export async function refuseRetired(reader: EvidenceReader, month: string): Promise<void> {
  const { first, last } = monthDays(month);
  if (await reader.retiredBetween(first, last))
    throw new Refusal(
      410,
      'month-retired',
      `${month} 的原始记录已按留存规则移除,线路明细不再可得;区域数字与月报仍在`,
      `the measurements of ${month} were removed as the plan's retention says; of lines nothing is left, figures of areas and the monthly report stay`,
    );
}
