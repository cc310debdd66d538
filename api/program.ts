/** The command line put together: every command of `tongda`. */
import { Command } from 'commander';
import { backupCommand } from './commands/backup.ts';
import { challengeCommand } from './commands/challenge.ts';
import { checkCommand } from './commands/check.ts';
import { filingCommand } from './commands/filing.ts';
import { libraryCommand } from './commands/library.ts';
import { planCommand } from './commands/plan.ts';
import { probeCommand } from './commands/probe.ts';
import { quarantineCommand } from './commands/quarantine.ts';
import { registerCommand } from './commands/register.ts';
import { reportCommand } from './commands/report.ts';
import { retainCommand } from './commands/retain.ts';
import { rollupCommand } from './commands/rollup.ts';
import { startCommand } from './commands/start.ts';
import { SOFTWARE } from './station.ts';

const COMMANDS = [
  startCommand,
  reportCommand,
  registerCommand,
  probeCommand,
  quarantineCommand,
  planCommand,
  filingCommand,
  challengeCommand,
  libraryCommand,
  backupCommand,
  rollupCommand,
  retainCommand,
  checkCommand,
];

/** A program afresh: what one run was given stays with it. */
export function tongdaProgram(): Command {
  const program = new Command('tongda')
    .description(
      '通达:村村可查的宽带与 IPv6 覆盖核验 · village-by-village verification of broadband and IPv6 plans',
    )
    .version(SOFTWARE, '-V, --version')
    .addHelpText(
      'after',
      `
环境 Environment:
  TONGDA_PORT            端口 port (8080)
  TONGDA_HOST            监听地址 address to listen on (127.0.0.1)
  TONGDA_DATA            数据目录 data directory (./data)
  TONGDA_CLICKHOUSE_URL  外部 ClickHouse;不设则用内嵌引擎 · a ClickHouse server instead of the embedded engine
  TONGDA_CLICKHOUSE_CLUSTER  它所属的集群名 · the cluster that server belongs to
  TONGDA_PASSWORD        页面与接口口令,用户 reviewer;对外监听时必设 · needed beyond loopback
  TONGDA_CONFIG          YAML 配置文件 configuration file

例 Examples:
  tongda start
  tongda register import places villages.csv --by 'wang' --dry-run
  tongda probe add xuanwu-1 --line xuanwu-1 --place 320102002001 --carrier telecom
  tongda report 2026-10
  tongda filing list --month 2026-10
  tongda challenge list --state overdue
  tongda quarantine count
  tongda plan check my-plan.yaml
  tongda library check --month 2026-10
  tongda store backup /backup/2026-11-24
  tongda store retain --dry-run
  tongda store check`,
    );
  for (const add of COMMANDS) add(program);
  return program;
}
