/** `tongda register`: places, lines and probes by file, and what the register was on any day. */
import { writeFileSync } from 'node:fs';
import { type Command, Option } from 'commander';
import { LINE_TEMPLATE } from '../../ingest/line-changes.ts';
import { PLACE_TEMPLATE } from '../../ingest/place-file.ts';
import { PROBE_TEMPLATE } from '../../ingest/probe-changes.ts';
import {
  importLines,
  importPlaces,
  importProbes,
  type NewToken,
  REGISTER_KINDS,
} from '../../ingest/register-import.ts';
import { Fault } from '../../probes/fault.ts';
import { loadConfig } from '../config.ts';
import { print, printable, withStore } from '../console.ts';
import type { PlaceRecord } from '../contract/register.ts';
import { COUNTY_MAP } from '../geometry.ts';
import {
  type ImportOptions,
  importOptions,
  importProgress,
  originOf,
  tellImport,
} from '../import-file.ts';
import { placeRecord } from '../place-record.ts';
import { planOn } from '../plan-source.ts';
import { dayGiven, limitGiven } from './arguments.ts';

type Kind = (typeof REGISTER_KINDS)[number];

const TEMPLATES: Readonly<Record<Kind, string>> = {
  places: PLACE_TEMPLATE,
  lines: LINE_TEMPLATE,
  probes: PROBE_TEMPLATE,
};

export function registerCommand(program: Command): void {
  const register = program
    .command('register')
    .description('地点、线路与探针的登记册 · the register of places, lines and probes')
    .addHelpText(
      'after',
      `
例 Examples:
  tongda register template places > places.csv
  tongda register import places places.csv --by wang --valid-from 2026-12-01 --dry-run
  tongda register import places places.csv --by wang --valid-from 2026-12-01 --note '2026 年自然村普查'
  tongda register import lines lines.csv --by wang
  tongda register import probes probes.csv --by wang --tokens tokens.csv
  tongda register show 320102002001 --on 2026-12-31
  tongda register history --kind places`,
    );
  const bring = register
    .command('import')
    .description(
      '从 CSV 或 XLSX 文件导入,要么全部入库,要么分毫不动 · bring in a CSV or XLSX file, whole or not at all',
    );

  const validFrom = '未写日期的行自何日起有效 YYYY-MM-DD · first day of rows that name none';
  importOptions(bring.command('places').argument('<file>', 'CSV | XLSX'))
    .description(
      '地点的新增、更名、改码、合并、拆分、撤销 · places added, renamed, recoded, merged, split, closed',
    )
    .option('--valid-from <day>', validFrom, dayGiven)
    .addHelpText(
      'after',
      `
每行一件事(action 列,空为新增):新增 add、更名 rename、改码 recode、合并 merge、拆分 split、撤销 close、
省外服务 outside、省内服务 inside、补充 describe(只补位置与人口)。date 是新状态的第一天。
改码与合并时,原地点的线路随之迁往新代码;拆分与撤销时不迁,会提示。
One row, one thing that happens; "date" is the first day of the new state. Lines of a place that is recoded or merged go
along; those of one that is split or closed do not, and a warning says so.

例 Examples:
  action,code,name,kind,newCode,date
  合并,320102002002,,,320102002001,2027-01-01
  更名,320102002001,新村,,,2027-01-01
  新增,320102002099,新桥村,village_committee,,2027-01-01`,
    )
    .action(bringPlaces);
  importOptions(bring.command('lines').argument('<file>', 'CSV | XLSX'))
    .description(
      '接入线路;与现有不同的成为新版本 · access lines; what differs becomes a new version',
    )
    .option('--valid-from <day>', validFrom, dayGiven)
    .addHelpText(
      'after',
      `
文件没有的列保持原值,空格表示没有;不写停用日期则保持原有的,写 2149-06-06 即恢复使用。
A column the file lacks leaves what was, an empty cell says that there is none; without validTo the line keeps the end
it has, and 2149-06-06 takes it away.

例 Example:
  line,place,carrier,technology,subscribedDownMbps,subscribedUpMbps,opticalNode,onu,validFrom
  xuanwu-000001,320102002001,telecom,ftth,500,50,OLT-XW-03,ZTEG12345678,2026-12-01`,
    )
    .action(bringLines);
  importOptions(bring.command('probes').argument('<file>', 'CSV | XLSX'))
    .description('探针与其线路;令牌只给这一次 · probes and their lines; tokens are given once')
    .option(
      '--tokens <file>',
      '令牌写入新文件(权限 600),不写则显示 · write tokens to a new file, mode 600',
    )
    .addHelpText(
      'after',
      `
例 Example:
  tongda register import probes probes.csv --by wang --tokens tokens.csv
  # probes.csv
  probe,line
  xuanwu-p1,xuanwu-000001`,
    )
    .action(bringProbes);

  register
    .command('history')
    .description('导入的历史,最近的在前 · what was brought in, latest first')
    .addOption(new Option('--kind <kind>', '只看一类 only this kind').choices(REGISTER_KINDS))
    .option('--json', '机器可读的结果 · machine-readable result')
    .option('--limit <n>', '最多几次 · how many at most', limitGiven, 100)
    .addHelpText('after', '\n例 Example:\n  tongda register history --kind lines --limit 20 --json')
    .action(history);
  register
    .command('show')
    .description('一个地点的沿革 · a place through time')
    .argument('<code>', '区划代码 code of the place')
    .option('--on <day>', '只看当天 YYYY-MM-DD · only as of that day', dayGiven)
    .option('--json', '机器可读的结果 · machine-readable result')
    .addHelpText('after', '\n例 Example:\n  tongda register show 320102002001 --on 2026-12-31')
    .action(show);
  register
    .command('template')
    .description('打印 CSV 模板 · print a CSV to begin with')
    .argument('<kind>', REGISTER_KINDS.join(' | '))
    .addHelpText('after', '\n例 Example:\n  tongda register template places > places.csv')
    .action(template);
}

type DatedOptions = ImportOptions & { readonly validFrom?: string };

async function bringPlaces(file: string, options: DatedOptions): Promise<void> {
  const origin = originOf(file, options);
  await withStore(loadConfig(process.env), async ({ store }) => {
    const imported = await importPlaces(store, origin, {
      ...runOf(options),
      validFrom: options.validFrom ?? null,
      counties: COUNTY_MAP,
    });
    tellImport(imported, options);
  });
}

async function bringLines(file: string, options: DatedOptions): Promise<void> {
  const origin = originOf(file, options);
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const run = runOf(options);
    const plan = await planOn(store, config.plan, run.now);
    const imported = await importLines(store, origin, {
      ...run,
      validFrom: options.validFrom ?? null,
      carriers: plan.carriers.map(({ code }) => code),
    });
    tellImport(imported, options);
  });
}

async function bringProbes(
  file: string,
  options: ImportOptions & { readonly tokens?: string },
): Promise<void> {
  const origin = originOf(file, options);
  await withStore(loadConfig(process.env), async ({ store }) => {
    let shown: readonly NewToken[] = [];
    const handOver = (tokens: readonly NewToken[]) => {
      if (options.tokens === undefined) shown = tokens;
      else writeTokens(options.tokens, tokens);
    };
    const imported = await importProbes(store, origin, { ...runOf(options), handOver });
    if (options.json) tellImport({ ...imported, ...{ tokens: shown } }, options);
    else {
      tellImport(imported, options);
      if (shown.length > 0) print('令牌(只显示一次)· tokens (shown once):');
      for (const { probe, token } of shown) print(`${probe}\t${token}`);
    }
  });
}

function runOf({ dryRun = false }: ImportOptions) {
  return { now: new Date(), dryRun, progress: importProgress() };
}

/** Never over a file that is there: its tokens may be the only copy. */
function writeTokens(file: string, tokens: readonly NewToken[]): void {
  const text = ['probe,token', ...tokens.map(({ probe, token }) => `${probe},${token}`), ''];
  try {
    writeFileSync(file, text.join('\n'), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    throw new Fault(
      'tokens-unwritable',
      `不能新建令牌文件 ${file}(可能已存在):请换一个路径;未入库`,
      `cannot create the file of tokens ${file} (it may be there already): choose another; nothing was stored`,
      { cause },
    );
  }
}

interface HistoryOptions {
  readonly kind?: string;
  readonly limit: number;
  readonly json?: boolean;
}

async function history({ kind = '', limit, json }: HistoryOptions): Promise<void> {
  await withStore(loadConfig(process.env), async ({ store }) => {
    // One more than wanted, to know whether there are more.
    const found = await store.query('imports', { kind, limit: limit + 1 });
    const rows = found.slice(0, limit);
    if (json) return print(JSON.stringify(rows));
    for (const { at, kind: what, rows: count, by, file, sha256, note, import: name } of rows)
      printRow([at.slice(0, 19), what, count, by, file, sha256.slice(0, 12), name, note]);
    if (found.length > limit)
      print(`……更早的未列出,可用 --limit 放宽 · earlier ones are not listed: raise --limit`);
  });
}

async function show(code: string, { on, json }: { on?: string; json?: boolean }): Promise<void> {
  await withStore(loadConfig(process.env), async ({ store }) => {
    const whole = await placeRecord(store, code);
    const record = on === undefined ? whole : asOf(whole, on);
    if (json) return print(JSON.stringify(record));
    for (const version of record.versions) {
      const { validFrom, validTo, name, level, kind, ending, successors, outside, outsideFor } =
        version;
      const became = ending ? `${ending} → ${successors.join(' ') || '—'}` : '';
      printRow(
        [
          `${validFrom} … ${validTo ?? ''}`,
          code,
          name,
          `${level} ${kind}`.trim(),
          ...(outside ? ['省外服务 served from outside'] : []),
          ...(outsideFor.length > 0
            ? [`省外服务 served from outside by: ${outsideFor.join(' ')}`]
            : []),
          ...(version.position ? [`${version.position.lat}, ${version.position.lon} WGS84`] : []),
          became,
          version.note,
          version.import,
        ].filter(Boolean),
      );
    }
    for (const { code: before, ending, lastDay } of record.predecessors)
      printRow(['前身 from', before, ending, lastDay]);
    for (const { asOf: year, residents, households, source } of record.statistics)
      printRow([
        year,
        `常住人口 residents ${residents ?? '—'}`,
        `户籍户数 households ${households ?? '—'}`,
        source,
      ]);
  });
}

/** Cells apart by tabs; what files and people brought is made harmless. */
function printRow(cells: readonly (string | number)[]): void {
  print(cells.map((cell) => printable(String(cell))).join('\t'));
}

/** @throws Fault `place-absent` */
function asOf(record: PlaceRecord, on: string): PlaceRecord {
  const versions = record.versions.filter(
    ({ validFrom, validTo }) => validFrom <= on && on <= (validTo ?? on),
  );
  if (versions.length === 0)
    throw new Fault(
      'place-absent',
      `${record.code} 在 ${on} 不在登记册中`,
      `${record.code} is not in the register on ${on}`,
    );
  return { ...record, versions };
}

function template(kind: string): void {
  const text = TEMPLATES[kind as Kind];
  if (text === undefined)
    throw new Fault(
      'kind-unknown',
      `没有 ${kind} 的模板,有:${REGISTER_KINDS.join('、')}`,
      `there is no template of ${kind}; there are: ${REGISTER_KINDS.join(', ')}`,
    );
  process.stdout.write(text);
}
