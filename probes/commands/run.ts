/** `tongda-probe run`: the agent. */
import type { Command } from 'commander';
import { pino } from 'pino';
import { runAgent } from '../agent.ts';
import { metricNamed } from '../catalogue.ts';
import { agentConfig, checkSettings, readSettings, type Settings } from '../config.ts';
import { stopSignal } from '../console.ts';

interface SettingOptions {
  station?: string;
  probe?: string;
  tokenFile?: string;
  spool?: string;
}
interface RunOptions extends SettingOptions {
  config?: string;
  withParent?: true;
}

export function runCommand(program: Command): void {
  program
    .command('run')
    .description('持续测量并上报 · measure by the station’s instruction, spool and report')
    .option('--config <file>', 'YAML 配置文件;命令行选项优先 · YAML file; options go before it')
    .option('--station <url>', '站点地址 · base URL of the station')
    .option('--probe <name>', '登记时的探针名 · name the probe was enrolled under')
    .option('--token-file <file>', '令牌文件,或环境变量 TONGDA_TOKEN · token file, or TONGDA_TOKEN')
    .option('--spool <dir>', '缓存目录,每个目录一个进程 · spool directory, one process each')
    .option('--with-parent', '标准输入关闭即退出 · exit when standard input closes')
    .action(async ({ config, withParent, ...options }: RunOptions) => {
      await runAgent(agentConfig(settingsOf(config, options), process.env), {
        signal: stopSignal(withParent),
        log: pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime }, pino.destination(2)),
        metricNamed,
      });
    });
}

/** Settings from the file, if there is one, with the options laid over it. */
function settingsOf(file: string | undefined, options: SettingOptions): Settings {
  const before = file === undefined ? {} : readSettings(file);
  return checkSettings({ ...before, ...options }, (path) => `--${kebab(String(path[0] ?? 'run'))}`);
}

function kebab(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}
