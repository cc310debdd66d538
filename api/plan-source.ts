/** Finds the plan a configuration names: the id of a built-in one, or a file. */
import { existsSync } from 'node:fs';
import { dayOf } from '../ingest/month.ts';
import { loadRegister, type Register } from '../ingest/register.ts';
import { INDICATORS } from '../sql/indicator.ts';
import type { Store } from '../sql/store.ts';
import { builtInPlanFile, loadPlan, type Plan, type PlanReferences } from './plan.ts';

/** @throws Fault as {@link loadPlan} */
export function planOf(name: string, register: Register): Plan {
  return load(name, {
    hasPlace: (code) => register.find(code) !== undefined,
    villageKinds: register.villageKinds,
  });
}

/**
 * The same, held against the register that the store has for the day of `now` (Asia/Shanghai).
 *
 * @throws Fault as {@link loadPlan}
 */
export async function planOn(store: Store, name: string, now: Date): Promise<Plan> {
  return planOf(name, await loadRegister(store, dayOf(now)));
}

/** The plan without a register to hold its places against, for a look at a store that may have none. */
export function uncheckedPlanOf(name: string): Plan {
  return load(name, { hasPlace: () => true, villageKinds: null });
}

function load(name: string, register: Omit<PlanReferences, 'indicators'>): Plan {
  const builtIn = builtInPlanFile(name);
  const file = existsSync(builtIn) ? builtIn : name;
  return loadPlan(file, { ...register, indicators: INDICATORS });
}
