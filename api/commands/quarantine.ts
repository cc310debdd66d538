/** `tongda quarantine`: what was refused and why; released by a reviewer, with a log. */
import type { Command } from 'commander';
import { horizonOf } from '../../ingest/horizon.ts';
import { type QuarantineEntry, quarantinedAs, release } from '../../ingest/quarantine.ts';
import { Fault } from '../../probes/fault.ts';
import { newestRetiredDay } from '../../sql/retention.ts';
import { loadConfig } from '../config.ts';
import { print, printable, withStore } from '../console.ts';
import { planOn } from '../plan-source.ts';
import { NEWEST, quarantineRow, titleOf } from '../routes/quarantine.ts';
import { limitGiven } from './arguments.ts';

interface Filter {
  readonly code: string;
  readonly probe: string;
  readonly limit: string;
  readonly json?: boolean;
}

export function quarantineCommand(program: Command): void {
  const quarantine = program
    .command('quarantine')
    .description('查看与放行被隔离的记录 · look at rows that were refused, and release them');

  const filtered = (command: Command) =>
    command
      .option('--code <code>', '只看这种原因 only this reason', '')
      .option('--probe <name>', '只看这个探针 only this probe', '')
      .option('--limit <number>', '最多几条 at most so many', '50')
      .option('--json', '机器可读的结果 · machine-readable result');

  filtered(quarantine.command('list'))
    .description('列出,最近收到的在前 · list, latest received first')
    .action((filter: Filter) => list('', filter));

  filtered(quarantine.command('search'))
    .description('在原文与原因中查找 · search originals and reasons')
    .argument('<text>', '要找的文字 what to look for')
    .action((text: string, filter: Filter) => list(text, filter));

  quarantine
    .command('show')
    .description('显示一条的原文与处理记录 · show an original and what was done with it')
    .argument('<sha256>', '原文的 SHA-256,至少开头 8 位 · of the original, at least 8 digits')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(show);

  quarantine
    .command('count')
    .description('按原因与探针计数 · count by reason and probe')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(count);

  quarantine
    .command('release')
    .description('按现行规则重新判定,合格者入库并留痕 · judge again, store what passes, and log it')
    .argument('<sha256...>', '原文的 SHA-256,至少开头 8 位 · of the originals, at least 8 digits')
    .requiredOption('--by <name>', '放行人 who releases')
    .requiredOption('--why <reason>', '理由 the reason')
    .option('--vouch-clock', '为测量时间作保(仅限时钟原因)· answer for when it was measured')
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(releaseAll);
}

async function list(text: string, { code, probe, limit, json }: Filter): Promise<void> {
  await withStore(loadConfig(process.env), async ({ store }) => {
    const rows = await store.query('quarantine_page', {
      ...NEWEST,
      code,
      probe,
      text,
      limit: limitGiven(limit),
    });
    if (json) return print(JSON.stringify(rows.map(quarantineRow)));
    for (const row of rows) {
      const { zh, en } = titleOf(row.code);
      print(
        [
          row.sha256.slice(0, 12),
          row.received.slice(0, 19),
          row.probe,
          row.sequence ?? '-',
          `${row.code}(${zh} · ${en})`,
          printable(row.reason),
          row.released ? '已放行 released' : '',
        ].join('\t'),
      );
    }
  });
}

async function show(sha256: string, { json }: { json?: boolean }): Promise<void> {
  await withStore(loadConfig(process.env), async ({ store }) => {
    const [entries, log] = await Promise.all([
      quarantinedAs(store, sha256),
      store.query('quarantine_log_of', { sha256 }),
    ]);
    const shown = entries.map((entry) => ({
      ...entry,
      title: titleOf(entry.code),
      original: entry.original.toString('utf8'),
      releases: log.filter((line) => isOf(entry, line)),
    }));
    if (json) return print(JSON.stringify(shown));
    for (const { releases, original, title, ...entry } of shown) {
      print(
        [
          `SHA-256     ${entry.sha256}`,
          `原因 reason  ${entry.code}:${title.zh} · ${title.en}(${printable(entry.reason)})`,
          `探针 probe   ${entry.probe},序号 sequence ${entry.sequence ?? '-'},第 ${entry.line} 行 line`,
          `收到 received ${entry.received},来自 from ${entry.source}`,
          ...releases.map(
            ({ at, by, why, admission }) =>
              `放行 released ${at} ${printable(by)}:${printable(why)}(规则 rules ${admission})`,
          ),
          printable(original),
          '',
        ].join('\n'),
      );
    }
  });
}

async function count({ json }: { json?: boolean }): Promise<void> {
  await withStore(loadConfig(process.env), async ({ store }) => {
    const counts = await store.query('quarantine_counts', {});
    if (json)
      return print(JSON.stringify(counts.map((row) => ({ ...row, title: titleOf(row.code) }))));
    print('条数 rows\t已放行 released\t原因 reason\t探针 probe');
    for (const { rows, released, code, probe } of counts) {
      const { zh, en } = titleOf(code);
      print(`${rows}\t${released}\t${code}(${zh} · ${en})\t${probe}`);
    }
  });
}

interface ReleaseOptions {
  readonly by: string;
  readonly why: string;
  readonly vouchClock?: boolean;
  readonly json?: boolean;
}

/** Ends with exit code 1 when any of them was not released. */
async function releaseAll(
  prefixes: readonly string[],
  { by, why, vouchClock = false, json }: ReleaseOptions,
): Promise<void> {
  if (by.trim() === '' || why.trim() === '')
    throw new Fault(
      'release-unsigned',
      '放行须写明放行人(--by)与理由(--why)',
      'a release names who (--by) and why (--why)',
    );
  const now = new Date();
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const { retention } = await planOn(store, config.plan, now);
    const horizonMs = horizonOf(retention, await newestRetiredDay(store), now);
    const outcomes: object[] = [];
    for (const prefix of prefixes)
      for (const entry of await quarantinedAs(store, prefix)) {
        const outcome = await release(store, entry, { by, why, vouchClock }, now, horizonMs);
        outcomes.push({ sha256: entry.sha256, probe: entry.probe, ...outcome });
        if (!outcome.released) process.exitCode = 1;
        if (json) continue;
        const short = `${entry.sha256.slice(0, 12)} ${entry.probe}`;
        if (outcome.released) print(`已放行 released\t${short}\t${outcome.sequence}`);
        else {
          const { zh, en } = titleOf(outcome.code);
          print(
            `未放行 not released\t${short}\t${outcome.code}(${zh} · ${en}):${printable(outcome.reason)}`,
          );
        }
      }
    if (json) print(JSON.stringify(outcomes));
  });
}

function isOf(
  entry: QuarantineEntry,
  line: { readonly code: string; readonly probe: string; readonly sha256: string },
): boolean {
  return line.code === entry.code && line.probe === entry.probe && line.sha256 === entry.sha256;
}
