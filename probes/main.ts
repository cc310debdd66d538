#!/usr/bin/env node
/** The command line `tongda-probe`. */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { dirname } from 'node:path';
import { Command, InvalidArgumentError, Option } from 'commander';
import { pino } from 'pino';
import { runAgent } from './agent.ts';
import { METRICS, metricNamed } from './catalogue.ts';
import { complaint } from './complaint.ts';
import { agentConfig, checkSettings, parseSettings, type Settings } from './config.ts';
import { familyOf } from './family.ts';
import { Fault } from './fault.ts';
import { bilingual } from './log.ts';
import type { Family } from './measurement.ts';
import type { Metric } from './metric.ts';
import { EXIT_CODES, measureOnce, parseParameters, table } from './once.ts';
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
  tongda-probe run --station https://tongda.example --probe village-7 \\
      --token-file /etc/tongda/token --spool /var/lib/tongda
  tongda-probe run --config /etc/tongda/probe.yaml
  tongda-probe check /etc/tongda/probe.yaml             只检查配置 · check a configuration
  tongda-probe peer --host ::1 --port 9090 --dns-port 9053

退出码 · Exit codes
  0 成功 · done    1 不通 · not reached    2 用法或配置有误 · wrong usage
  3 未测 · not looked at    4 运行中出错 · trouble while running`,
  );

program
  .command('once')
  .description('测量一次并打印,不缓存、不上报 · measure once and print; nothing is spooled or sent')
  .argument('<metric>', '指标,见 tongda-probe metrics · metric')
  .argument('<target>', '主机、地址、host:port 或 URL,依指标而定 · as the metric asks')
  .addOption(
    new Option(
      '--family <4|6>',
      'IP 协议族,绝不回落;地址自带协议族,域名默认 4 · pinned; a literal address decides, a name is measured over 4 unless given',
    ).argParser(parseFamily),
  )
  .option(
    '--param <key=value>',
    '指标参数,可重复 · parameter of the metric, repeatable',
    collect,
    [],
  )
  .option('--json', '只输出一行 JSON 测量记录 · print one JSON measurement and nothing else')
  .action(async (name: string, target: string, options: OnceOptions) => {
    const metric = metricNamed(name);
    if (!metric) throw unknownMetric(name);
    const request = {
      target,
      family: familyOf(target, options.family),
      parameters: parseParameters(options.param),
    };
    const measurement = await measureOnce(metric, request, stopSignal(), (notice) =>
      process.stderr.write(`${bilingual(notice)}\n`),
    );
    const text = options.json ? JSON.stringify(measurement) : table(metric, measurement);
    await print(text);
    process.exitCode = EXIT_CODES[measurement.outcome.status];
  });

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

program
  .command('check')
  .description('检查配置文件 · check a configuration file')
  .argument('<file>')
  .action(async (file: string) => {
    const { token: _, ...config } = agentConfig(readSettings(file), process.env);
    await print(`配置无误 · the configuration is good\n${JSON.stringify(config, null, 2)}`);
  });

program
  .command('peer')
  .description(
    '测量对端:HTTP、ndt7、iperf3、STAMP 与 DNS 测试的另一头 · the far end of HTTP, ndt7, iperf3, STAMP and DNS tests',
  )
  .requiredOption('--host <address...>', '监听地址,可多个 · addresses to listen on')
  .option(
    '--port <n>',
    'HTTP 与 ndt7 端口,0 由系统选 · HTTP and ndt7 port, 0 lets the system choose',
    parsePort,
    0,
  )
  .option('--dns-port <n>', 'DNS 端口,0 由系统选 · DNS port', parsePort, 0)
  .option('--iperf-port <n>', 'iperf3 端口,惯用 5201 · iperf3 port, 5201 by custom', parsePort, 0)
  .option('--stamp-port <n>', 'STAMP 端口,登记为 862 · STAMP port, 862 is assigned', parsePort, 0)
  .option(
    '--record <name=address>',
    'DNS 一侧应答的记录,可重复 · what the DNS side answers, repeatable',
    collect,
    [],
  )
  .option('--json', '就绪后打印一行 JSON · print one JSON line when ready')
  .option('--with-parent', '标准输入关闭即退出 · exit when standard input closes')
  .action(async ({ host, port, record, json, withParent, ...ports }: PeerOptions) => {
    const { startPeer } = await import('./peer/index.ts');
    const signal = stopSignal(withParent);
    const peer = await startPeer({
      hosts: host,
      httpPort: port,
      ...ports,
      dnsNames: parseRecords(record),
    }).catch((error) => {
      throw cannotListen(host, error);
    });
    const { close, ...ready } = peer;
    await print(
      json
        ? JSON.stringify(ready)
        : `对端就绪 · peer is up: ${host.join(', ')}  HTTP/ndt7 ${ready.httpPort}  DNS ${ready.dnsPort}  iperf3 ${ready.iperfPort}  STAMP ${ready.stampPort}`,
    );
    if (!signal.aborted) await once(signal, 'abort');
    await close();
  });

program
  .command('metrics')
  .description('列出全部指标、数值与单位 · list the metrics, their values and units')
  .option('--json', '以 JSON 输出 · as JSON')
  .action(({ json }: { json?: true }) =>
    print(
      json ? JSON.stringify(METRICS.map(described), null, 2) : METRICS.map(listed).join('\n\n'),
    ),
  );

interface OnceOptions {
  family?: Family;
  param: string[];
  json?: true;
}
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
interface PeerOptions {
  host: string[];
  port: number;
  dnsPort: number;
  iperfPort: number;
  stampPort: number;
  record: string[];
  json?: true;
  withParent?: true;
}

/** Settings from the file, if there is one, with the options laid over it. */
function settingsOf(file: string | undefined, options: SettingOptions): Settings {
  const before = file === undefined ? {} : readSettings(file);
  return checkSettings({ ...before, ...options }, (path) => `--${kebab(String(path[0] ?? 'run'))}`);
}

function readSettings(file: string): Settings {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault(
      'config-unreadable',
      `读不到配置文件 ${file}(${code})`,
      `the configuration ${file} cannot be read (${code})`,
    );
  }
  return parseSettings(text, file, dirname(file));
}

function described({ name, title, method, source, targetHint, load, values }: Metric) {
  return { name, title, method, source, targetHint, load, values };
}

function listed({ name, title, method, source, targetHint, values }: Metric): string {
  const lines = values.map((value) => {
    const unit = value.unit === '1' ? '' : ` [${value.unit}]`;
    return `    ${value.name}${unit}  ${bilingual(value.title)}`;
  });
  return [`${name}  ${bilingual(title)}`, `    ${method}, ${source}; ${targetHint}`, ...lines].join(
    '\n',
  );
}

function unknownMetric(name: string): Fault {
  const known = METRICS.map((metric) => metric.name).join(', ');
  return new Fault(
    'unknown-metric',
    `没有指标 ${name},可用:${known}`,
    `there is no metric ${name}; there are: ${known}`,
  );
}

function cannotListen(hosts: readonly string[], error: NodeJS.ErrnoException): Error {
  if (error.code === undefined) return error;
  return new Fault(
    'cannot-listen',
    `无法在 ${hosts.join('、')} 上监听(${error.code}):请换地址或端口`,
    `cannot listen on ${hosts.join(', ')} (${error.code}): choose another address or port`,
  );
}

function parseFamily(text: string): Family {
  if (text === '4') return 4;
  if (text === '6') return 6;
  throw new InvalidArgumentError('4 | 6');
}

function parsePort(text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65_535) return port;
  throw new InvalidArgumentError('0–65535');
}

/** Addresses by name, as the DNS side wants them. */
function parseRecords(records: readonly string[]): Record<string, string[]> {
  const names: Record<string, string[]> = {};
  for (const record of records) {
    const [, name, address = ''] = /^([^=]+)=(.*)$/.exec(record) ?? [];
    if (name === undefined || isIP(address) === 0)
      throw new Fault(
        'record-malformed',
        `DNS 记录 ${record} 应写作 名称=地址`,
        `DNS record ${record} is not of the form name=address`,
      );
    names[name] = [...(names[name] ?? []), address];
  }
  return names;
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function kebab(camel: string): string {
  return camel.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

/** Aborts on SIGINT and SIGTERM, and, for a child, when its parent is gone. */
function stopSignal(withParent = false): AbortSignal {
  const control = new AbortController();
  const stop = () => control.abort();
  process.once('SIGINT', stop).once('SIGTERM', stop);
  if (withParent) process.stdin.once('end', stop).once('close', stop).resume();
  return control.signal;
}

/** Resolves when all of it is written: a pipe may take it slowly. */
function print(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(`${text}\n`, () => resolve()));
}

try {
  await program.parseAsync();
} catch (error) {
  const { exitCode, text } = complaint(error);
  process.stderr.write(text);
  process.exitCode = exitCode;
}
// What a metric or an open standard input still holds must not keep a finished command alive.
process.exit();
