/** A measurement as a probe would write it, for tests that change one thing at a time. */
import type { Measurement } from '../probes/measurement.ts';

export function aMeasurement(changes: Partial<Measurement> = {}): Measurement {
  return {
    version: 1,
    probe: 'xuanwu-1',
    sequence: 1,
    schedule: 'reach',
    task: 'connect-v6',
    metric: 'tcp-connect',
    method: 'tcp-connect/1',
    target: '[2001:db8::1]:80',
    address: '2001:db8::1',
    family: 6,
    start: '2026-11-10T04:00:00.000Z',
    durationMs: 21.4,
    outcome: { status: 'ok' },
    values: { rttMedianMs: 20.125 },
    conflicts: [],
    clock: { synchronised: true, offsetMs: 1.5, uncertaintyMs: 10 },
    software: 'tongda-probe/0.1.0',
    ...changes,
  };
}
