/** `tongda filing`: what carriers state each month, brought in version by version, compared, and who is late. */
import { writeFileSync } from 'node:fs';
import { Argument, type Command } from 'commander';
import type { SheetKind } from '../../ingest/filing.ts';
import { file, filingDue, filingStates, requirePlanned } from '../../ingest/filing-store.ts';
import {
  issueFilingToken,
  type ListedToken,
  listFilingTokens,
  revokeFilingTokens,
} from '../../ingest/filing-token.ts';
import { monthDays, monthOf, monthSpan, requireMonth } from '../../ingest/month.ts';
import { loadRegister } from '../../ingest/register.ts';
import { Fault } from '../../probes/fault.ts';
import { loadConfig } from '../config.ts';
import { print, printable, withStore } from '../console.ts';
import { compareVersions } from '../filing-comparison.ts';
import { filingTemplate, filingWorkbook, SHEET_TITLES } from '../filing-template.ts';
import {
  type ImportOptions,
  importOptions,
  importProgress,
  originOf,
  tellImport,
} from '../import-file.ts';
import { planOn } from '../plan-source.ts';

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
        '导入地点表、区域表(CSV 或 XLSX),成为新的一版 · bring in sheets of places and areas (CSV or XLSX)',
      )
      .argument(
        '<file...>',
        'CSV 或 XLSX 文件,一个工作簿可含两表 · files; one workbook may hold both sheets',
      )
      .requiredOption('--carrier <code>', '运营商 carrier')
      .requiredOption('--month <YYYY-MM>', '填报月份 month'),
  )
    .addHelpText(
      'after',
      `
例 Examples:
  tongda filing import filled.xlsx --carrier telecom --month 2026-10 --by wang
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
      '待填的表,代码与名称取自登记册 · a sheet to fill in, codes and names from the register',
    )
    .addArgument(
      new Argument(
        '[sheet]',
        '地点表或区域表;工作簿默认两表都有 · which sheet; of a workbook both',
      ).choices(['places', 'areas']),
    )
    .requiredOption('--carrier <code>', '运营商 carrier')
    .requiredOption('--month <YYYY-MM>', '填报月份 month')
    .option('--area <code>', "只要此区划内,默认规划全境 only within, by default the plan's area")
    .option(
      '--xlsx <file>',
      '写成新的工作簿,不写则打印 CSV · write a new workbook instead of printing CSV',
    )
    .addHelpText(
      'after',
      `
不填报的地点请删去其行;只报一张表时请删去另一张。
Delete the rows of places that nothing is stated of, and the sheet that is not filed.

例 Examples:
  tongda filing template --carrier telecom --month 2026-10 --area 320102 --xlsx telecom-2026-10.xlsx
  tongda filing template places --carrier telecom --month 2026-10 --area 320102 > places.csv`,
    )
    .action(template);

  filing
    .command('token')
    .description(
      '运营商经 HTTP 填报的令牌:发放(只显示一次)、吊销、列出 · tokens for filing over HTTP: issue (shown once), revoke, list',
    )
    .argument('[carrier]', '运营商;不写则列出全部 · carrier; without it all tokens are listed')
    .option('--revoke [id]', '吊销其全部令牌或某一个 · revoke all of them, or the one of this id')
    .option('--json', '机器可读的结果 · machine-readable result')
    .addHelpText(
      'after',
      `
例 Examples:
  tongda filing token telecom                        # 发放 issue
  tongda filing token --json                         # 列出 list
  tongda filing token telecom --revoke 3fa1b2c4d5e6  # 吊销一个 revoke one; 不写编号则全部 without an id all
  curl -H "Authorization: Bearer $TOKEN" -H 'Content-Type: text/csv' --data-binary @places.csv \\
    'http://STATION:8080/v1/filings?carrier=telecom&month=2026-10&dryRun=true'`,
    )
    .action(token);
}

async function importFiling(paths: string[], options: FileOptions): Promise<void> {
  const { carrier, month, dryRun = false, json } = options;
  const files = paths.map((path) => originOf(path, options));
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const now = new Date();
    const { carriers } = await planOn(store, config.plan, now);
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
    const plan = await planOn(store, config.plan, now);
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
  readonly xlsx?: string;
}

async function template(sheet: SheetKind | undefined, options: TemplateOptions): Promise<void> {
  const { carrier, month, area, xlsx } = options;
  requireMonth(month);
  if (sheet === undefined && xlsx === undefined)
    throw new Fault(
      'sheet-missing',
      '请写明 places 或 areas,或用 --xlsx 写成工作簿',
      'say places or areas, or write a workbook with --xlsx',
    );
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const plan = await planOn(store, config.plan, new Date());
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
    if (xlsx === undefined) {
      process.stdout.write(filingTemplate(sheet ?? 'places', register, within, carrier));
      return;
    }
    const kinds = sheet === undefined ? (['places', 'areas'] as const) : [sheet];
    writeWorkbook(xlsx, filingWorkbook(kinds, register, within, carrier, month));
    print(`已写入 written: ${xlsx}`);
  });
}

/** Never over a file that is there: somebody may have filled it in. */
function writeWorkbook(path: string, workbook: Buffer): void {
  try {
    writeFileSync(path, workbook, { flag: 'wx' });
  } catch (cause) {
    throw new Fault(
      'template-unwritable',
      `不能新建文件 ${path}(可能已存在):请换一个路径`,
      `cannot create ${path} (it may be there already): choose another`,
      { cause },
    );
  }
}

interface TokenOptions {
  readonly revoke?: string | true;
  readonly json?: boolean;
}

async function token(carrier: string | undefined, options: TokenOptions): Promise<void> {
  const { revoke, json } = options;
  if (carrier === undefined && revoke !== undefined)
    throw new Fault(
      'carrier-missing',
      '请写明吊销哪家运营商的令牌',
      'say whose tokens are to be revoked',
    );
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const now = new Date();
    if (carrier === undefined) return tellTokens(await listFilingTokens(store), json);
    if (revoke !== undefined) {
      const id = revoke === true ? null : revoke;
      return tellTokens(await revokeFilingTokens(store, carrier, id, now), json);
    }
    const plan = await planOn(store, config.plan, now);
    requirePlanned(
      carrier,
      plan.carriers.map(({ code }) => code),
    );
    const issued = await issueFilingToken(store, carrier, now);
    print(
      json
        ? JSON.stringify({ carrier, ...issued })
        : `令牌 token(只显示一次 shown once): ${issued.token}\n编号 id(吊销时用 to revoke it): ${issued.id}`,
    );
  });
}

function tellTokens(tokens: readonly ListedToken[], json = false): void {
  if (json) {
    print(JSON.stringify(tokens));
    return;
  }
  for (const { carrier, id, issued, revoked } of tokens)
    print(
      `${carrier}\t${id}\t发放 issued ${issued}\t${revoked === null ? '有效 valid' : `已吊销 revoked ${revoked}`}`,
    );
}
