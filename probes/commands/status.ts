/** `tongda-probe status`: what the agent does, without disturbing it. */
import type { Command } from 'commander';
import { readSettings } from '../config.ts';
import { print } from '../console.ts';
import { Fault } from '../fault.ts';
import { type Status, statusOf, type Trouble } from '../status.ts';

/** As systemctl: 3 for what does not run. */
const EXIT_NOT_RUNNING = 3;

export function statusCommand(program: Command): void {
  program
    .command('status')
    .description(
      '代理现状:在测什么、待报多少、丢了什么、预算还剩多少 · what runs, what waits, what was lost, what is left of the budget',
    )
    .option('--config <file>', 'YAML 配置文件 · YAML file')
    .option('--spool <dir>', '缓存目录 · spool directory')
    .option('--json', '以 JSON 输出 · as JSON')
    .addHelpText(
      'after',
      '\n退出码 · Exit codes\n  0 在运行 · running    3 没有运行,所示为其遗留 · not running, what it left is shown',
    )
    .action(async ({ config, spool, json }: { config?: string; spool?: string; json?: true }) => {
      const directory = spool ?? (config === undefined ? undefined : readSettings(config).spool);
      if (directory === undefined)
        throw new Fault('spool-unnamed', '请给出 --config 或 --spool', 'give --config or --spool');
      const status = await statusOf(directory, Date.now()).catch((error) => {
        throw unreadable(directory, error);
      });
      await print(json ? JSON.stringify(status, null, 2) : written(status));
      process.exitCode = status.running ? 0 : EXIT_NOT_RUNNING;
    });
}

function written(status: Status): string {
  const { spool, budget, next } = status;
  const head = status.running
    ? [
        `● 运行中 running  ${status.probe}  pid ${status.pid}  ${status.software}  自 since ${status.since}`,
        `站点 station    ${status.station}`,
        `在测 measuring  ${status.tasks.join(', ') || '–'}`,
        `上报 reported   ${status.reported ?? '本次启动后尚未 · not since it started'}`,
        ...troubles('指令 instruction', status.trouble.instruction),
        ...troubles('报告 report', status.trouble.report),
        `时钟 clock      ${clockText(status.clock.offsetMs, status.clock.uncertaintyMs)}`,
      ]
    : [
        `○ 没有运行 not running  ${status.probe ?? '?'}`,
        `遗留 stale      以下为停止前所留,最后写于 ${status.changed ?? '?'} · what it left, last written then`,
      ];
  const lost = Object.entries(spool.losses ?? {}).filter(([, count]) => count > 0);
  return [
    ...head,
    `缓存 spool      ${spool.pending} 条待报 pending, ${mebibytes(spool.sizeB)} MiB`,
    `舍弃 lost       ${lost.map(([kind, count]) => `${kind} ${count}`).join(', ') || (spool.losses ? '无 nothing' : '? 计数文件损坏 the counters cannot be read')}`,
    `预算 budget     ${budgetText(budget)}`,
    ...Object.entries(next).map(
      ([name, at]) => `下次 next       ${name}  ${at ?? '已抑制 suppressed'}`,
    ),
  ].join('\n');
}

function troubles(what: string, trouble: Trouble | null): string[] {
  return trouble
    ? [`困难 trouble    ${what} ${trouble.at} [${trouble.code}] ${trouble.message}`]
    : [];
}

function clockText(offsetMs: number | null, uncertaintyMs: number | null): string {
  if (offsetMs === null) return '未知 unknown';
  return `站点 − 本机 station − probe ${offsetMs.toFixed(1)} ms ± ${uncertaintyMs?.toFixed(1)} ms`;
}

function budgetText({ month, chargedB, limitB }: Status['budget']): string {
  const used = `${month} 已用 used ${mebibytes(chargedB)} MiB`;
  if (limitB === null) return used;
  const leftB = Math.max(0, limitB - chargedB);
  return `${used} / ${mebibytes(limitB)} MiB, 余 left ${mebibytes(leftB)} MiB`;
}

function mebibytes(bytes: number): string {
  return (bytes / 1024 / 1024).toFixed(1);
}

function unreadable(directory: string, error: NodeJS.ErrnoException): Error {
  if (error.code === undefined) return error;
  return new Fault(
    'spool-unreadable',
    `看不到缓存目录 ${directory}(${error.code}):核对路径;DynamicUser 的目录须以 root 查看`,
    `the spool directory ${directory} cannot be looked at (${error.code}): check the path; a DynamicUser's is root's to see`,
  );
}
