/** Finds the plan a configuration names: the id of a built-in one, or a file. */
import { existsSync } from 'node:fs';
import type { Register } from '../ingest/register.ts';
import { INDICATORS } from '../sql/indicator.ts';
import { builtInPlanFile, loadPlan, type Plan } from './plan.ts';

/** @throws Fault as {@link loadPlan} */
export function planOf(name: string, register: Register): Plan {
  return load(name, (code) => register.find(code) !== undefined);
}

/** The plan without a register to hold its places against, for a look at a store that may have none. */
export function uncheckedPlanOf(name: string): Plan {
  return load(name, () => true);
}

function load(name: string, hasPlace: (code: string) => boolean): Plan {
  const builtIn = builtInPlanFile(name);
  const file = existsSync(builtIn) ? builtIn : name;
  return loadPlan(file, { hasPlace, indicators: [...INDICATORS.keys()] });
}
