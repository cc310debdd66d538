/** Finds the plan a configuration names: the id of a built-in one, or a file. */
import { existsSync } from 'node:fs';
import type { Register } from '../ingest/register.ts';
import { INDICATORS } from '../sql/indicator.ts';
import { builtInPlanFile, loadPlan, type Plan } from './plan.ts';

/** @throws Fault as {@link loadPlan} */
export function planOf(name: string, register: Register): Plan {
  const builtIn = builtInPlanFile(name);
  return loadPlan(existsSync(builtIn) ? builtIn : name, {
    hasPlace: (code) => register.find(code) !== undefined,
    indicators: [...INDICATORS.keys()],
  });
}
