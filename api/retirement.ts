/** Removes what the plan keeps no longer, once everything that is drawn from it is drawn. */
import { dayOf } from '../ingest/month.ts';
import { planRetention, type Retention, retentionState, retire } from '../sql/retention.ts';
import type { Store } from '../sql/store.ts';
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
