/** `tongda library`: who holds which addresses and names, held against what probes saw. */
import type { Command } from 'commander';
import { addressText, parseAddress } from '../../ingest/address-space.ts';
import { FOREVER } from '../../ingest/days.ts';
import { loadLibrary, PREFIX_IMPORT, SERVICE_IMPORT, SERVICE_KINDS } from '../../ingest/library.ts';
import { importPrefixes, PREFIX_COLUMNS } from '../../ingest/library-prefixes.ts';
import { importServices, SERVICE_COLUMNS } from '../../ingest/library-services.ts';
import { dayOf, monthOf, requireMonth } from '../../ingest/month.ts';
import { Fault } from '../../probes/fault.ts';
import type { Store } from '../../sql/store.ts';
import { type Config, loadConfig } from '../config.ts';
import { print, printable, withStore } from '../console.ts';
import type { LibraryReport, LibraryShare } from '../contract/library.ts';
import { EvidenceReader } from '../evidence.ts';
import { cell } from '../formats/csv.ts';
import {
  type ImportOptions,
  importOptions,
  importProgress,
  originOf,
  tellImport,
} from '../import-file.ts';
import { libraryReport, prefixOf, serviceOf } from '../library-report.ts';
import { uncheckedPlanOf } from '../plan-source.ts';
import { dayGiven, limitGiven } from './arguments.ts';

const KINDS = { prefixes: importPrefixes, services: importServices } as const;
type Kind = keyof typeof KINDS;

const EXAMPLES = {
  prefixes: [
    [
      '58.240.0.0/15',
      '中国联通江苏分公司',
      'unicom',
      '32',
      'backbone',
      '',
      '2013-06-15',
      '',
      'APNIC',
    ],
    [
      '58.240.16.0/24',
      '南京市人民政府',
      '',
      '3201',
      'government',
      '58.240.0.0/15',
      '2020-01-01',
      '',
      '备案',
    ],
    ['240e:3a0::/28', '中国电信江苏公司', 'telecom', '32', 'access', '', '2018-01-01', '', 'APNIC'],
  ],
  services: [
    [
      'nanjing.gov.cn',
      '南京市人民政府',
      'agency',
      'city',
      '3201',
      'https://www.nanjing.gov.cn/',
      '4+6',
      'nanjing-gov-1',
      '2013-06-15',
      '',
      '备案',
    ],
  ],
} as const;

export function libraryCommand(program: Command): void {
  const library = program
    .command('library')
    .description('IP 地址与域名基础资源库 · the library of addresses and domain names')
    .addHelpText(
      'after',
      `
例 Examples:
  tongda library template prefixes > prefixes.csv
  tongda library import prefixes prefixes.csv --by wang --dry-run
  tongda library import services services.csv --by wang --note 年度备案
  tongda library lookup 240e:3a0::1 --on 2026-10-01
  tongda library check --month 2026-10
  tongda library targets --kind agency --area 3201 --json`,
    );

  importOptions(library.command('import'))
    .description(
      '导入 CSV 或 XLSX,全部入库或全不入库 · bring a CSV or XLSX file in, whole or not at all',
    )
    .argument('<kind>', 'prefixes | services')
    .argument('<file>', 'CSV | XLSX')
    .action(bringIn);

  library
    .command('lookup')
    .description('谁持有这个地址,由细到粗 · who holds an address, the most specific first')
    .argument('<address>', 'IPv4 或 or IPv6')
    .option('--on <day>', '哪一天 YYYY-MM-DD,默认今天 · as of a day')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(lookup);

  library
    .command('targets')
    .description('供探针测量的服务清单 · services as targets for a schedule')
    .option('--kind <kind>', SERVICE_KINDS.join(' | '), '')
    .option('--area <code>', '区划代码 code of the area', '')
    .option('--on <day>', '哪一天 YYYY-MM-DD,默认今天 · as of a day')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(targets);

  library
    .command('check')
    .description(
      '完整、准确、出口、重叠与空白;有重叠则退出码为 1 · completeness, accuracy, egress, overlaps (exit code 1) and gaps',
    )
    .option('--month <month>', 'YYYY-MM,默认本月 · this month')
    .option('--limit <number>', '每项最多几条 at most so many of each', '20')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(check);

  library
    .command('export')
    .description('导出为可再导入的 CSV · as a CSV that can be imported again')
    .argument('<kind>', 'prefixes | services')
    .action(exportAll);

  library
    .command('template')
    .description('带样例的空表 · a table to fill in, with examples')
    .argument('<kind>', 'prefixes | services')
    .action((kind: string) => {
      const known = kindOf(kind);
      writeTable(known, EXAMPLES[known]);
    });

  library
    .command('history')
    .description('导入记录,最近的在前 · what was brought in, latest first')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(history);
}

async function bringIn(kind: string, file: string, options: ImportOptions): Promise<void> {
  const bring = KINDS[kindOf(kind)];
  const origin = originOf(file, options);
  const now = new Date();
  const { dryRun = false } = options;
  await open(async (store, { plan }) => {
    const carriers = uncheckedPlanOf(plan).carriers.map(({ code }) => code);
    const run = { now, dryRun, progress: importProgress(), carriers };
    tellImport(await bring(store, origin, run), options);
  });
}

interface On {
  readonly on?: string;
  readonly json?: boolean;
}

async function lookup(text: string, { on, json }: On): Promise<void> {
  const day = dayGiven(on ?? dayOf(new Date()));
  const address = parseAddress(text);
  if (address === null)
    throw new Fault(
      'address-malformed',
      `${text} 不是 IP 地址:应如 58.240.1.2 或 240e:3a0::1`,
      `${text} is no address: write 58.240.1.2 or 240e:3a0::1`,
    );
  await open(async (store) => {
    const chain = (await loadLibrary(store)).chain(address, day).map(prefixOf);
    if (json) return print(JSON.stringify({ address: addressText(address), on: day, chain }));
    if (chain.length === 0)
      print(`${day} 没有登记覆盖 ${addressText(address)} · no entry covers it on that day`);
    for (const { prefix, holder, carrier, area, purpose, validFrom, validTo } of chain)
      print(
        [prefix, holder, carrier || '-', area, purpose, validFrom, endText(validTo)].join('\t'),
      );
  });
}

async function targets({
  kind,
  area,
  on,
  json,
}: On & { kind: string; area: string }): Promise<void> {
  const day = dayGiven(on ?? dayOf(new Date()));
  if (kind !== '' && !(SERVICE_KINDS as readonly string[]).includes(kind))
    throw new Fault(
      'kind-unknown',
      `不认识类别 ${kind},可用:${SERVICE_KINDS.join('、')}`,
      `kind ${kind} is not known; there are: ${SERVICE_KINDS.join(', ')}`,
    );
  await open(async (store) => {
    const found = (await loadLibrary(store)).servicesOn(day, { kind, area }).map(serviceOf);
    if (json) return print(JSON.stringify(found));
    for (const { host, port, url, families, original, holder } of found)
      print([host, port, url, families.join('+'), original, holder].join('\t'));
  });
}

/** Ends with exit code 1 when entries overlap. */
async function check(options: { month?: string; limit: string; json?: boolean }): Promise<void> {
  const now = new Date();
  const { month = monthOf(now), json } = options;
  requireMonth(month);
  const limit = limitGiven(options.limit);
  await open(async (store, { plan }) => {
    const reader = new EvidenceReader(store, uncheckedPlanOf(plan), () => now);
    const report = await libraryReport(reader, await loadLibrary(store), month, limit);
    if (report.overlaps.count > 0) process.exitCode = 1;
    if (json) print(JSON.stringify(report));
    else tell(report);
  });
}

function tell(report: LibraryReport): void {
  const { figures, uncovered, unregistered, contradictions, outsideEgress, overlaps, gaps } =
    report;
  print(`${report.month}\tn/N\t值 value\t95% 区间 interval\t截至 as of\t方法 method`);
  if (!report.whole)
    print(
      '部分原始记录已过保存期,不据余下的记录出数 · some raw rows are past their retention: no figure is drawn from what is left',
    );
  print(figureText('地址完整 prefixes complete', figures.prefixCompleteness));
  print(figureText('域名完整 names complete', figures.domainCompleteness));
  print(figureText('登记准确 entries accurate', figures.accuracy));
  print(figureText('政府出口 government egress', figures.egress));
  section('未登记的地址 addresses not covered', uncovered, (one) =>
    [one.address, one.day, one.line, printable(one.target) || one.seenAs].join('\t'),
  );
  section('未登记的域名 names not registered', unregistered, ({ name, day, line }) =>
    [name, day, line].join('\t'),
  );
  section('与实测矛盾 contradicted', contradictions, ({ entry, seen, line, address, day }) =>
    [
      entry.prefix,
      entry.holder,
      `${entry.carrier || '-'} ${entry.area}`,
      '≠',
      `${seen.carrier} ${seen.place}`,
      line,
      address,
      day,
    ].join('\t'),
  );
  section('不走核准出口 outside approved egress', outsideEgress, (one) =>
    [one.agency, one.line, one.address, one.day, one.prefix || '-'].join('\t'),
  );
  section('重叠 overlaps', overlaps, ({ kind, wider, narrower }) =>
    [kind, `${wider.prefix} ${wider.holder}`, `${narrower.prefix} ${narrower.holder}`].join('\t'),
  );
  section(`空白 gaps(${report.gapsOn})`, gaps, ({ within, prefix }) =>
    [prefix, `${within.prefix} ${within.holder}`].join('\t'),
  );
}

function figureText(
  title: string,
  { value, passed, observed, interval, asOf, method }: LibraryShare,
) {
  const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
  return [
    title,
    observed === null ? '-' : `${passed}/${observed}`,
    value === null ? '无证据 no evidence' : percent(value),
    interval ? `${percent(interval.low)}–${percent(interval.high)}` : '-',
    asOf ?? '-',
    method,
  ].join('\t');
}

function section<Item>(
  title: string,
  { count, items }: { readonly count: number; readonly items: readonly Item[] },
  row: (item: Item) => string,
): void {
  print(`\n${title}:${count}`);
  for (const item of items) print(row(item));
  if (count > items.length)
    print(`……另有 ${count - items.length} 条 · and ${count - items.length} more`);
}

async function exportAll(kind: string): Promise<void> {
  const known = kindOf(kind);
  await open(async (store) => {
    const rows =
      known === 'prefixes'
        ? (await store.query('library_prefixes', {})).map((row) =>
            Object.keys(PREFIX_COLUMNS).map((column) =>
              column === 'validTo'
                ? endText(row.validTo)
                : row[column as keyof typeof PREFIX_COLUMNS],
            ),
          )
        : (await store.query('library_services', {})).map((row) =>
            Object.keys(SERVICE_COLUMNS).map((column) => {
              if (column === 'name') return row.original;
              if (column === 'validTo') return endText(row.validTo);
              if (column === 'families') return row.families.join('+');
              if (column === 'lines') return row.lines.join(';');
              return row[column as 'holder'];
            }),
          );
    writeTable(known, rows);
  });
}

async function history({ json }: { json?: boolean }): Promise<void> {
  await open(async (store) => {
    const of = (kind: string) => store.query('imports', { kind, limit: 1_000 });
    const [prefixes, services] = await Promise.all([of(PREFIX_IMPORT), of(SERVICE_IMPORT)]);
    const all = [...prefixes, ...services].sort((a, b) => (a.at > b.at ? -1 : 1));
    if (json) return print(JSON.stringify(all));
    for (const { at, kind, file, rows, by, note, import: name } of all)
      print([at.slice(0, 19), kind, file, rows, by, note, name].join('\t'));
  });
}

function writeTable(kind: Kind, rows: readonly (readonly string[])[]): void {
  const header = Object.keys(kind === 'prefixes' ? PREFIX_COLUMNS : SERVICE_COLUMNS);
  const lines = [header, ...rows].map((cells) => cells.map(cell).join(','));
  process.stdout.write(`\uFEFF${lines.join('\r\n')}\r\n`);
}

function kindOf(kind: string): Kind {
  if (kind === 'prefixes' || kind === 'services') return kind;
  throw new Fault(
    'kind-unknown',
    `不认识 ${kind},可用:prefixes、services`,
    `${kind} is not known; there are: prefixes, services`,
  );
}

function endText(validTo: string): string {
  return validTo === FOREVER ? '' : validTo;
}

function open(work: (store: Store, config: Config) => Promise<void>): Promise<void> {
  const config = loadConfig(process.env);
  return withStore(config, ({ store }) => work(store, config));
}
