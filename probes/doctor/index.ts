/** All checks, in the order in which an operator mends things. */
import { ceiling } from './ceiling.ts';
import type { Check, Patient, Verdict } from './check.ts';
import { disk } from './disk.ts';
import { families } from './families.ts';
import { names } from './names.ts';
import { rawSocket } from './raw-socket.ts';
import { station } from './station.ts';

const CHECKS: readonly Check[] = [rawSocket, families, names, station, disk, ceiling];

/** Every check, one after the other: two at once would disturb each other's figures. */
export async function examine(patient: Patient): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (const check of CHECKS) verdicts.push(...(await check(patient)));
  return verdicts;
}
