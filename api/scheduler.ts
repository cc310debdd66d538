/**
 * Seals each month unattended, and catches up on months it slept through. node-cron only wakes it:
 * what is due is read from the store, so a station that was off for a year misses nothing.
 */
import cron from 'node-cron';
import type { Logger } from 'pino';
import { monthSpan } from '../ingest/month.ts';
import { editions, writeMonthlyReport } from './editions.ts';
import type { EvidenceReader } from './evidence.ts';

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

/** Seals what is due now and every hour from now on. */
export function startScheduler(
  reader: EvidenceReader,
  directory: string,
  seal: SealTime,
  log: Logger,
): { stop(): Promise<void> } {
  let running: Promise<void> = Promise.resolve();
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
  const task = cron.schedule('0 * * * *', wake, { timezone: 'Asia/Shanghai' });
  wake();
  return {
    stop: async () => {
      await task.destroy();
      await running;
    },
  };
}
