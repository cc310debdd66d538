/** Whether the spool's disk has room, takes a write, and how long it takes to sync one. */
import { access, constants, open, rm, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { UNFINISHED } from '../durable.ts';
import { median } from '../sample.ts';
import { type Check, reasonOf, unconfigured } from './check.ts';

/** For the file system's own needs, and for replacing a segment. */
const SPARE_B = 16 * 1024 * 1024;
/** Beyond this a task a second cannot be spooled one by one. */
const SLOW_SYNC_MS = 200;
const SYNCS = 5;

export const disk: Check = async ({ config }) => {
  const name = 'disk';
  if (!config) return [unconfigured(name)];
  const { spool, spoolLimitB } = config;
  try {
    const directory = await existing(spool);
    const { bavail, bsize } = await statfs(directory);
    const freeB = bavail * bsize;
    const syncMs = await syncTimeMs(directory);
    const figures = { freeB, neededB: spoolLimitB + SPARE_B, syncMs };
    const found = {
      zh: `${directory} 可写,余 ${mebibytes(freeB)} MiB,落盘 ${syncMs.toFixed(1)} ms`,
      en: `${directory} can be written, ${mebibytes(freeB)} MiB free, a sync takes ${syncMs.toFixed(1)} ms`,
    };
    if (freeB < spoolLimitB + SPARE_B)
      return [
        {
          name,
          health: 'warning',
          found,
          cure: {
            zh: `缓存可能用到 ${mebibytes(spoolLimitB)} MiB:腾出空间,或调低 spoolLimitMiB`,
            en: `the spool may take ${mebibytes(spoolLimitB)} MiB: make room, or lower spoolLimitMiB`,
          },
          figures,
        },
      ];
    if (syncMs > SLOW_SYNC_MS)
      return [
        {
          name,
          health: 'warning',
          found,
          cure: {
            zh: '落盘过慢:换一块盘或存储卡,或放宽计划的周期',
            en: 'syncing is slow: use another disk or card, or schedules with longer periods',
          },
          figures,
        },
      ];
    return [{ name, health: 'good', found, figures }];
  } catch (error) {
    const reason = reasonOf(error);
    return [
      {
        name,
        health: 'bad',
        found: {
          zh: `缓存目录 ${spool} 写不进去(${reason})`,
          en: `the spool directory ${spool} cannot be written (${reason})`,
        },
        cure: {
          zh: 'EACCES:改属主或用 StateDirectory=;ENOSPC:腾出空间;EROFS:换目录',
          en: 'EACCES: change its owner or use StateDirectory=; ENOSPC: make room; EROFS: choose another directory',
        },
        figures: { reason },
      },
    ];
  }
};

/** The directory, or the nearest one above it that is there: the agent makes what is missing. */
async function existing(path: string): Promise<string> {
  try {
    await access(path, constants.W_OK | constants.X_OK);
    return path;
  } catch (error) {
    if (reasonOf(error) !== 'ENOENT' || dirname(path) === path) throw error;
    return existing(dirname(path));
  }
}

/** Median of a few small writes. What a kill leaves behind goes at the agent's next start. */
async function syncTimeMs(directory: string): Promise<number> {
  const path = join(directory, `doctor-${process.pid}${UNFINISHED}`);
  const handle = await open(path, 'wx', 0o600);
  try {
    const timesMs: number[] = [];
    for (let n = 0; n < SYNCS; n++) {
      const begunMs = performance.now();
      await handle.write(Buffer.alloc(512, n), 0, 512, n * 512);
      await handle.datasync();
      timesMs.push(performance.now() - begunMs);
    }
    return median(timesMs) ?? 0;
  } finally {
    await handle.close();
    await rm(path, { force: true });
  }
}

function mebibytes(bytes: number): number {
  return Math.floor(bytes / 1024 / 1024);
}
