import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MeasurementPage } from '../../api/contract/measurement.ts';
import { acknowledgementSchema, encodeReport } from '../../probes/report.ts';
import { quietStation } from '../faults/quiet-station.ts';
import { aMeasurement } from '../measurement.ts';
import { getJson, scratch, startStation, tongda } from '../tongda.ts';

const directory = scratch();
const data = quietStation(directory.path);
let token: string;

beforeAll(async () => {
  const { stdout, stderr } = await tongda(
    [
      'probe',
      'add',
      'xuanwu-1',
      ...['--line', 'line-1', '--place', '320102002001', '--carrier', 'telecom', '--json'],
    ],
    data,
  );
  expect(stderr).toBe('');
  token = JSON.parse(stdout).token;
});
afterAll(() => directory.remove());

it('SIGTERM with reports in flight: finishes and acknowledges, refuses the rest, loses nothing', async () => {
  const station = await startStation(data);
  const acknowledged = new Set<number>();
  const refusals: number[] = [];
  let sequence = 0;
  let stopped = false;

  /** A probe that sends without a pause until the station is gone. */
  const probe = async () => {
    while (!stopped) {
      const measurements = Array.from({ length: 300 }, () =>
        aMeasurement({
          sequence: ++sequence,
          start: new Date(Date.now() - 5_000).toISOString(),
        }),
      );
      const body = encodeReport(
        { date: new Date().toISOString(), agentId: 'xuanwu-1' },
        measurements,
      );
      try {
        const response = await fetch(`${station.url}/v1/reports`, {
          method: 'POST',
          body,
          headers: { authorization: `Bearer ${token}` },
        });
        if (!response.ok) {
          refusals.push(response.status);
          return;
        }
        for (const [from, to] of acknowledgementSchema.parse(await response.json()).covers)
          for (let covered = from; covered <= to; covered++) acknowledged.add(covered);
      } catch {
        // No station any more: nothing was promised.
        return;
      }
    }
  };
  const probes = Array.from({ length: 8 }, probe);
  while (acknowledged.size < 3_000) await sleep(10);
  const ended = await station.stop('SIGTERM');
  stopped = true;
  await Promise.all(probes);
  expect(ended.code).toBe(0);
  expect(ended.stderr).not.toContain('"level":50');
  expect(refusals.every((status) => status === 503)).toBe(true);

  const again = await startStation(data);
  try {
    const stored = new Set<number>();
    for (let cursor = ''; ; ) {
      const page = await getJson<MeasurementPage>(
        `${again.url}/v1/measurements?limit=1000&order=asc${cursor}`,
      );
      for (const item of page.items) stored.add(item.sequence);
      if (page.next === null) break;
      cursor = `&cursor=${page.next}`;
    }
    expect([...acknowledged].filter((covered) => !stored.has(covered))).toEqual([]);
  } finally {
    await again.stop();
  }
});
