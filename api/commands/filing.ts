/** `tongda filing`: what carriers state each month, brought in version by version, and who is late. */
import type { Command } from 'commander';
import { file, filingDue, filingStates } from '../../ingest/filing-store.ts';
import { dayOf, monthOf, monthSpan, requireMonth } from '../../ingest/month.ts';
import { loadRegister } from '../../ingest/register.ts';
import { loadConfig } from '../config.ts';
import { print, withStore } from '../console.ts';
import {
  type ImportOptions,
  importOptions,
  importProgress,
  originOf,
  tellImport,
} from '../import-file.ts';
import { planOf } from '../plan-source.ts';

interface FileOptions extends ImportOptions {
  readonly carrier: string;
  readonly month: string;
}

export function filingCommand(program: Command): void {
  const filing = program
    .command('filing')
    .description(
      '运营商每月填报:导入与催报 · monthly filings of carriers: bring in, see who is late',
    );

  importOptions(
    filing
      .command('import')
      .description(
        '导入地点表、区域表(CSV),成为新的一版 · bring in sheets of places and areas (CSV)',
      )
      .argument('<file...>', 'CSV 文件 files')
      .requiredOption('--carrier <code>', '运营商 carrier')
      .requiredOption('--month <YYYY-MM>', '填报月份 month'),
  )
    .addHelpText(
      'after',
      `
例 Examples:
  tongda filing import places.csv areas.csv --carrier telecom --month 2026-10 --by wang
  tongda filing import places.csv --carrier telecom --month 2026-10 --by wang --dry-run`,
    )
    .action(importFiling);

  filing
    .command('list')
    .description('各运营商是否按期填报 · whether every carrier has filed in time')
    .option('--month <YYYY-MM>', '填报月份,默认上月 month, by default the last one')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(list);
}

async function importFiling(paths: string[], options: FileOptions): Promise<void> {
  const { carrier, month, dryRun = false, json } = options;
  const files = paths.map((path) => originOf(path, options));
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const now = new Date();
    const { carriers } = planOf(config.plan, await loadRegister(store, dayOf(now)));
    const codes = carriers.map(({ code }) => code);
    const filed = await file(
      store,
      { carrier, month, files, dryRun },
      codes,
      now,
      importProgress(),
    );
    tellImport(filed, options);
    if (json) return;
    if (filed.version !== null)
      print(
        `第 ${filed.version} 版,${filed.warningCount} 处注意 · version ${filed.version}, ${filed.warningCount} warnings`,
      );
  });
}

async function list(options: { month?: string; json?: boolean }): Promise<void> {
  const now = new Date();
  const month = options.month ?? monthOf(new Date(monthSpan(monthOf(now)).start.getTime() - 1));
  requireMonth(month);
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const plan = planOf(config.plan, await loadRegister(store, dayOf(now)));
    const rows = filingStates(
      await store.query('filing_versions', { month }),
      plan.carriers.map(({ code }) => code),
      filingDue(month, plan.filings.dueDay),
      now,
    );
    if (options.json) print(JSON.stringify(rows));
    else
      for (const { carrier, state, versions, received, places, areas, warnings } of rows)
        print(
          `${carrier}\t${STATE_TITLES[state]} ${state}\t${versions} 版 versions\t${received ?? '—'}\t${places}+${areas} 行 rows\t${warnings} 处注意 warnings`,
        );
  });
}

const STATE_TITLES = {
  'on time': '按期',
  late: '逾期',
  missing: '缺报',
  awaited: '未到期',
  resubmitted: '已重报',
} as const;
