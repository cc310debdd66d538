/** Measurements for tests of what carries them: not numbered yet. */
import type { Draft } from '../../../probes/spool.ts';
import { aMeasurement } from '../../measurement.ts';

export function draft(changes: Partial<Draft> = {}): Draft {
  const { sequence: _, ...unnumbered } = aMeasurement(changes);
  return unnumbered;
}

export const FAILED = { status: 'failed', stage: 'connect', code: 'timeout' } as const;
