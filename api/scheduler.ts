/**
 * Seals each month unattended and removes what the plan keeps no longer; catches up on what it slept
 * through. node-cron only wakes it: what is due is read from the store, so a station that was off for
 * a year misses nothing.
 */
import cron from 'node-cron';
import type { Logger } from 'pino';
import { monthSpan } from '../ingest/month.ts';
import { editions, writeMonthlyReport } from './editions.ts';
import type { EvidenceReader } from './evidence.ts';
import { retireDue } from './retirement.ts';

export interface SealTime {
  /** Day of the following month and hour, Asia/Shanghai. */
  readonly day: number;
  readonly hour: number;
}

/** Months with measurements that should be sealed by `now` and are not, oldest first. Pure. */
export function monthsDue(
  months: readonly string[],
  sealed: ReadonlySet<string>,
  { day, hour }: SealTime,
  now: Date,
): string[] {
  const waitMs = ((day - 1) * 24 + hour) * 3_600_000;
  return months
    .filter(
      (month) => !sealed.has(month) && monthSpan(month).end.getTime() + waitMs <= now.getTime(),
    )
    .sort();
}

/** Seals what is due now and every hour from now on; removes what is due now and every night. */
export function startScheduler(
  reader: EvidenceReader,
  directory: string,
  seal: SealTime,
  log: Logger,
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
  const stopping = new AbortController();
  const wake = () => {
    running = running.then(async () => {
      try {
        const sealed = new Set((await editions(reader)).map(({ month }) => month));
        for (const month of monthsDue(await reader.months(), sealed, seal, reader.now())) {
          const { report, sha256 } = await writeMonthlyReport(reader, month, directory);
          log.info(
            { month, edition: report.edition, sha256 },
            '月报已封存 · monthly report sealed',
          );
        }
      } catch (reason) {
        log.error(
          { reason },
          '月报未能封存,一小时后再试 · sealing failed, trying again in an hour',
        );
      }
    });
  };
  // Behind the sealing and never beside it: a month that is sealed now may be trimmed next.
  const retain = () => {
    running = running.then(async () => {
      const { store, plan, now } = reader;
      try {
        const { signal } = stopping;
        const { done, waiting } = await retireDue(store, plan, { now, signal });
        for (const { table, day, rule, rowsBefore, rowsKept } of done)
          log.info(
            { table, day, rule, rowsBefore, rowsKept },
            '超过留存期的记录已整理 · rows past their retention removed',
          );
        if (waiting.length > 0)
          log.warn(
            { waiting },
            '月报尚未封存,超过留存期的记录仍保留 · rows past their retention stay until their month is sealed',
          );
      } catch (reason) {
        log.error(
          { reason },
          '留存整理未完成,明日再试 · removing old rows failed, trying again tomorrow',
        );
      }
    });
  };
  const tasks = [
    cron.schedule('0 * * * *', wake, { timezone: 'Asia/Shanghai' }),
    cron.schedule('30 4 * * *', retain, { timezone: 'Asia/Shanghai' }),
  ];
  wake();
  retain();
  return {
    stop: async () => {
      stopping.abort();
      for (const task of tasks) await task.destroy();
      await running;
    },
  };
}
