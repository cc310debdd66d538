/** `tongda report`: writes the monthly report; a month that has ended is sealed. */
import { join } from 'node:path';
import type { Command } from 'commander';
import { loadConfig } from '../config.ts';
import { print, withStore } from '../console.ts';
import { writeMonthlyReport } from '../editions.ts';
import { EvidenceReader } from '../evidence.ts';
import { planOn } from '../plan-source.ts';

export function reportCommand(program: Command): void {
  program
    .command('report')
    .description('写出某月月报(HTML、JSON、CSV);已结束的月份封存为一版 · write the monthly report')
    .argument('<month>', 'YYYY-MM')
    .option('-o, --output <directory>', '写到何处,默认数据目录下的 reports · where to write')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async (month: string, options: { output?: string; json?: boolean }) => {
      const config = loadConfig(process.env);
      await withStore(config, async ({ store }) => {
        const plan = await planOn(store, config.plan, new Date());
        const reader = new EvidenceReader(store, plan, () => new Date());
        const written = await writeMonthlyReport(
          reader,
          month,
          options.output ?? join(config.data, 'reports'),
        );
        const { report, sha256, files, changed } = written;
        if (options.json)
          return print(
            JSON.stringify({
              month,
              status: report.status,
              edition: report.edition,
              sha256,
              files,
              changed,
            }),
          );
        const what =
          report.status === 'preliminary'
            ? '月中试算,不封存 · preliminary, not sealed'
            : `第 ${report.edition} 版${changed ? '' : ',与上次相同'} · edition ${report.edition}${changed ? '' : ', unchanged'}`;
        print([`${month} ${what}`, `SHA-256 ${sha256}`, ...files].join('\n'));
      });
    });
}
