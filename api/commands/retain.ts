/** `tongda store retain`: what the station does every night, now; or what it would do. */
import type { Command } from 'commander';
import { dayOf } from '../../ingest/month.ts';
import {
  countStep,
  planRetention,
  type RetentionOutcome,
  retentionState,
  type WaitingMonth,
} from '../../sql/retention.ts';
import type { Store } from '../../sql/store.ts';
import { loadConfig } from '../config.ts';
import { print, withStore } from '../console.ts';
import type { Plan } from '../plan.ts';
import { planOn } from '../plan-source.ts';
import { retentionOn, retireDue } from '../retirement.ts';
import { storeCommand } from './store.ts';

export function retainCommand(program: Command): void {
  storeCommand(program)
    .command('retain')
    .description(
      '按规划的留存天数整理原始记录 · remove raw rows that are past the plan’s retention',
    )
    .option('--dry-run', '只列出,不改动 · list only, change nothing')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async ({ dryRun = false, json }: { dryRun?: boolean; json?: boolean }) => {
      const config = loadConfig(process.env);
      await withStore(config, async ({ store }) => {
        const plan = await planOn(store, config.plan, new Date());
        const { done, waiting } = await (dryRun ? foresee : carryOut)(store, plan);
        if (json)
          return print(
            JSON.stringify({
              ...plan.retention,
              dryRun,
              days: done.map(({ begun, ...step }) => step),
              waiting,
            }),
          );
        print(sentences(plan, dryRun, done, waiting));
      });
    });
}

interface Retained {
  readonly done: readonly RetentionOutcome[];
  readonly waiting: readonly WaitingMonth[];
}

function carryOut(store: Store, plan: Plan): Promise<Retained> {
  return retireDue(store, plan, { now: () => new Date() });
}

async function foresee(store: Store, plan: Plan): Promise<Retained> {
  const retention = retentionOn(store, plan);
  const state = await retentionState(store);
  const { steps, waiting } = planRetention(state, retention, dayOf(new Date()));
  const done: RetentionOutcome[] = [];
  for (const step of steps) done.push({ ...step, ...(await countStep(store, step)) });
  return { done, waiting };
}

function sentences(
  { retention }: Plan,
  dryRun: boolean,
  done: Retained['done'],
  waiting: Retained['waiting'],
): string {
  const { successDays, failureDays } = retention;
  const removed = done.reduce((sum, { rowsBefore, rowsKept }) => sum + rowsBefore - rowsKept, 0);
  return [
    `全部记录留存 ${successDays} 天,失败与跳过的留存 ${failureDays} 天 · all rows are kept ${successDays} days, failed and skipped ones ${failureDays}`,
    ...(done.length > 0 ? ['日期 day\t表 table\t原有 rows\t保留 kept'] : []),
    ...done.map(
      ({ day, table, rowsBefore, rowsKept }) => `${day}\t${table}\t${rowsBefore}\t${rowsKept}`,
    ),
    ...waiting.map(
      ({ month, days }) =>
        `${month}\t${days} 天已到期,月报尚未封存,故保留 · ${days} days are due and stay: the month is not sealed (tongda report ${month})`,
    ),
    dryRun
      ? `将移除 ${removed} 行,未作改动 · ${removed} rows would be removed, nothing was changed`
      : `已移除 ${removed} 行 · ${removed} rows removed`,
  ].join('\n');
}
