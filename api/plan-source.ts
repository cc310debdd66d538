/** Finds the plan a configuration names: the id of a built-in one, or a file. */
import { existsSync } from 'node:fs';
import type { Register } from '../ingest/register.ts';
import { INDICATORS } from '../sql/indicator.ts';
import { builtInPlanFile, loadPlan, type Plan, type PlanReferences } from './plan.ts';

/** @throws Fault as {@link loadPlan} */
export function planOf(name: string, register: Register): Plan {
  return load(name, {
    hasPlace: (code) => register.find(code) !== undefined,
    villageKinds: register.villageKinds,
  });
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
