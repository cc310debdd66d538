/** `tongda filing`: what carriers state each month, brought in version by version, compared, and who is late. */
import { Argument, type Command } from 'commander';
import type { SheetKind } from '../../ingest/filing.ts';
import { file, filingDue, filingStates, requirePlanned } from '../../ingest/filing-store.ts';
import { dayOf, monthDays, monthOf, monthSpan, requireMonth } from '../../ingest/month.ts';
import { loadRegister } from '../../ingest/register.ts';
import { Fault } from '../../probes/fault.ts';
import { loadConfig } from '../config.ts';
import { print, printable, withStore } from '../console.ts';
import { compareVersions } from '../filing-comparison.ts';
import { filingTemplate } from '../filing-template.ts';
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

  filing
    .command('diff')
    .description('两版之间的增、删、改 · what a version says otherwise than another')
    .requiredOption('--carrier <code>', '运营商 carrier')
    .requiredOption('--month <YYYY-MM>', '填报月份 month')
    .option(
      '--from <version>',
      '旧的一版,默认前一版 the older, by default the one before',
      versionGiven,
    )
    .option('--to <version>', '新的一版,默认最新 the newer, by default the latest', versionGiven)
    .option('--json', '机器可读的结果 · machine-readable result')
    .addHelpText(
      'after',
      `
例 Examples:
  tongda filing diff --carrier telecom --month 2026-10
  tongda filing diff --carrier telecom --month 2026-10 --from 1 --to 3 --json`,
    )
    .action(diff);

  filing
    .command('template')
    .description(
      '打印待填的表,代码与名称取自登记册 · print a sheet to fill in, codes and names from the register',
    )
    .addArgument(new Argument('<sheet>', '地点表或区域表 which sheet').choices(['places', 'areas']))
    .requiredOption('--carrier <code>', '运营商 carrier')
    .requiredOption('--month <YYYY-MM>', '填报月份 month')
    .option('--area <code>', "只要此区划内,默认规划全境 only within, by default the plan's area")
    .addHelpText(
      'after',
      `
不填报的地点请删去其行。Delete the rows of places that nothing is stated of.

例 Example:
  tongda filing template places --carrier telecom --month 2026-10 --area 320102 > places.csv`,
    )
    .action(template);
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

interface DiffOptions {
  readonly carrier: string;
  readonly month: string;
  readonly from?: number;
  readonly to?: number;
  readonly json?: boolean;
}

async function diff({ carrier, month, from, to, json }: DiffOptions): Promise<void> {
  requireMonth(month);
  await withStore(loadConfig(process.env), async ({ store }) => {
    const question = { carrier, month, from: from ?? null, to: to ?? null };
    const found = await compareVersions(store, question);
    if (json) return print(JSON.stringify(found));
    print(
      `第 ${found.from.version} 版 → 第 ${found.to.version} 版 · version ${found.from.version} → ${found.to.version}`,
    );
    for (const kind of ['places', 'areas'] as const) {
      const { added, removed, changed } = found[kind];
      print(
        `${SHEET_TITLES[kind]} ${kind}\t+${added.length} −${removed.length} ±${changed.length}`,
      );
      for (const { code, row } of added) print(`+ ${code}\t第 ${row} 行 line ${row}`);
      for (const { code, row } of removed) print(`− ${code}\t原第 ${row} 行 was line ${row}`);
      for (const { code, to: row, cells } of changed)
        for (const cell of cells)
          print(
            `± ${code}\t第 ${row} 行 line ${row}\t${cell.column}\t${shown(cell.from)} → ${shown(cell.to)}`,
          );
    }
  });
}

const SHEET_TITLES = { places: '地点表', areas: '区域表' } as const;

function shown(cell: string | number | boolean | null): string {
  return cell === null || cell === '' ? '—' : printable(String(cell));
}

/** @throws Fault `version-malformed` */
function versionGiven(text: string): number {
  if (/^[1-9]\d{0,5}$/.test(text)) return Number(text);
  throw new Fault(
    'version-malformed',
    `“${text}” 不是版次:请写 1 起的整数`,
    `"${text}" is no number of a version: write a whole number from 1 on`,
  );
}

interface TemplateOptions {
  readonly carrier: string;
  readonly month: string;
  readonly area?: string;
}

async function template(sheet: SheetKind, options: TemplateOptions): Promise<void> {
  const { carrier, month, area } = options;
  requireMonth(month);
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const plan = planOf(config.plan, await loadRegister(store, dayOf(new Date())));
    requirePlanned(
      carrier,
      plan.carriers.map(({ code }) => code),
    );
    const register = await loadRegister(store, monthDays(month).last);
    const within = area ?? plan.area;
    if (!register.find(within))
      throw new Fault(
        'place-unknown',
        `${month} 末的登记册中没有区划代码 ${within}`,
        `the register has no place ${within} at the end of ${month}`,
      );
    process.stdout.write(filingTemplate(sheet, register, within));
  });
}
