/** A disk that fills up under the station: it stays, refuses by name, and goes on when there is room. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, statfsSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Measurement } from '../../probes/measurement.ts';
import {
  enrolProbe,
  killEngine,
  quietStation,
  sendReport,
  withEngine,
} from '../faults/quiet-station.ts';
import { aMeasurement } from '../measurement.ts';
import { eventually, type RunningStation, scratch, startStation } from '../tongda.ts';

/** The engine keeps 64 MiB of it free; the register and its own files take a few. */
const DISK = '192m';
const MIB = 1024 * 1024;

const directory = scratch();
const disk = join(directory.path, 'disk');
const ballast = join(disk, 'ballast');
const mounted = mount();
if (!mounted)
  console.warn(
    '跳过满盘测试:需要 root 才能挂载 tmpfs · SKIPPED the full-disk test: mounting a tmpfs needs root',
  );

function mount(): boolean {
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK}`, 'tmpfs', disk], {
      stdio: 'ignore',
    });
    return true;
  } catch {
    return false;
  }
}

/** Takes what is free, but for `leaveB`. */
function fill(leaveB: number): void {
  const { bavail, bsize } = statfsSync(disk);
  const file = openSync(ballast, 'a');
  try {
    for (let leftB = bavail * bsize - leaveB; leftB > 0; leftB -= MIB)
      writeSync(file, Buffer.alloc(Math.min(MIB, leftB), 1));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(file);
  }
}

describe.skipIf(!mounted)('a station on a disk that fills up', () => {
  let settings: Record<string, string>;
  let station: RunningStation;
  let token: string;
  const acknowledged = new Set<number>();
  let next = 0;

  beforeAll(async () => {
    settings = { ...quietStation(directory.path), TONGDA_DATA: join(disk, 'data') };
    station = await startStation(settings);
    token = await enrolProbe(settings, 'xuanwu-1');
  });
  afterAll(async () => {
    await station?.stop();
    execFileSync('umount', [disk]);
    directory.remove();
  });

  /** Rows that do not compress. */
  const report = (count: number): Measurement[] =>
    Array.from({ length: count }, () =>
      aMeasurement({
        sequence: next++,
        outcome: {
          status: 'failed',
          stage: 'connect',
          code: 'timeout',
          detail: randomBytes(225).toString('base64'),
        },
        values: {},
      }),
    );
  const send = async (measurements: readonly Measurement[]) => {
    const answer = await sendReport(station.url, token, measurements);
    if ('acknowledgement' in answer)
      for (const { sequence } of measurements) acknowledged.add(sequence);
    return answer;
  };
  const REFUSED = {
    status: 507,
    retryAfter: expect.stringMatching(/^\d+$/),
    problem: { code: 'store-full', detail: expect.stringContaining('磁盘已满') },
  };
  const stored = () =>
    withEngine(settings, async (store) => {
      const rows = await store.read<{ sequence: number }>(
        'SELECT sequence FROM measurement FINAL ORDER BY sequence',
      );
      return rows.map(({ sequence }) => sequence);
    });
  const ascending = () => [...acknowledged].sort((a, b) => a - b);

  it('that somebody else fills refuses, serves its readers, and loses nothing', async () => {
    expect((await send(report(500))).status).toBe(200);
    fill(0);
    const refused = report(2_000);
    expect(await send(refused)).toMatchObject(REFUSED);
    expect((await fetch(`${station.url}/healthz`)).status).toBe(200);
    expect((await fetch(`${station.url}/v1/measurements?limit=5`)).status).toBe(200);
    expect(await stored()).toEqual(ascending());
    rmSync(ballast);
    expect((await send(refused)).status).toBe(200);
    expect(await stored()).toEqual(ascending());
  });

  it('that it fills itself refuses at the edge; what was refused counts once when it is sent again', async () => {
    // Twenty megabytes above the engine's reserve.
    fill(84 * MIB);
    const refused: Measurement[][] = [];
    for (let reports = 0; refused.length < 3; reports++) {
      const measurements = report(2_000);
      const answer = await send(measurements);
      if (answer.status === 200) expect(reports).toBeLessThan(200);
      else {
        expect(answer).toMatchObject(REFUSED);
        refused.push(measurements);
      }
    }
    expect(await stored()).toEqual(ascending());
    rmSync(ballast);
    for (const measurements of refused) expect((await send(measurements)).status).toBe(200);
    for (const measurements of refused) expect((await send(measurements)).status).toBe(200);
    expect(await stored()).toEqual(ascending());
  });

  it('survives the death of its engine on a full disk and serves again when there is room', async () => {
    fill(0);
    killEngine(settings);
    const late = report(2_000);
    expect([503, 507]).toContain((await send(late)).status);
    rmSync(ballast);
    await eventually(
      async () => (await fetch(`${station.url}/healthz`)).status,
      (status) => status === 200,
    );
    expect((await send(late)).status).toBe(200);
    expect(await stored()).toEqual(ascending());
    expect(station.process.exitCode).toBeNull();
  });
});
