#!/usr/bin/env node
/** The command line `tongda-probe`. */
import { Command } from 'commander';
import { checkCommand } from './commands/check.ts';
import { doctorCommand } from './commands/doctor.ts';
import { metricsCommand } from './commands/metrics.ts';
import { onceCommand } from './commands/once.ts';
import { peerCommand } from './commands/peer.ts';
import { runCommand } from './commands/run.ts';
import { statusCommand } from './commands/status.ts';
import { complaint } from './complaint.ts';
import { VERSION } from './software.ts';

const program = new Command('tongda-probe')
  .description(
    '通达探针:测量本机线路并上报 · tongda probe: measures the line it stands on and reports',
  )
  .version(VERSION, '--version', '版本 · version')
  .helpOption('-h, --help', '帮助 · help')
  .helpCommand(false)
  .exitOverride()
  .configureOutput({ outputError: () => {} })
  .addHelpText(
    'after',
    `
示例 · Examples
  tongda-probe metrics                                  列出全部指标 · what can be measured
  tongda-probe once tcp-connect [2001:db8::1]:443       测一次 · one measurement, over IPv6
  tongda-probe once icmp-rtt example.net --family 6 --json
  tongda-probe once icmp-rtt --targets-file hosts.txt   每行一个目标 · one target a line
  tongda-probe run --station https://tongda.example --probe village-7 \\
      --token-file /etc/tongda/token --spool /var/lib/tongda
  tongda-probe run --config /etc/tongda/probe.yaml
  tongda-probe check /etc/tongda/probe.yaml             只检查配置 · check a configuration
  tongda-probe doctor --config /etc/tongda/probe.yaml   体检 · what is wrong, and the cure
  tongda-probe status --config /etc/tongda/probe.yaml   现状 · what it does now
  tongda-probe peer --host ::1 --port 9090 --dns-port 9053

退出码 · Exit codes
  0 成功 · done    1 不通 · not reached    2 用法或配置有误 · wrong usage
  3 未测 · not looked at    4 运行中出错 · trouble while running`,
  );

const COMMANDS = [
  onceCommand,
  runCommand,
  doctorCommand,
  statusCommand,
  checkCommand,
  peerCommand,
  metricsCommand,
];
for (const add of COMMANDS) add(program);

try {
  await program.parseAsync();
} catch (error) {
  const { exitCode, text } = complaint(error);
  process.stderr.write(text);
  process.exitCode = exitCode;
}
// What a metric or an open standard input still holds must not keep a finished command alive.
process.exit();
