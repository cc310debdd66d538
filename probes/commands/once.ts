/** `tongda-probe once`: one measurement, or one of each target of a file, printed. */
import { readFileSync } from 'node:fs';
import { type Command, InvalidArgumentError, Option } from 'commander';
import { METRICS, metricNamed } from '../catalogue.ts';
import { collect, print, stopSignal } from '../console.ts';
import { familyOf } from '../family.ts';
import { Fault } from '../fault.ts';
import { bilingual } from '../log.ts';
import type { Family } from '../measurement.ts';
import { exitCode, measureOnce, parseParameters, parseTargets, summary, table } from '../once.ts';

interface OnceOptions {
  family?: Family;
  param: string[];
  targetsFile?: string;
  json?: true;
}

export function onceCommand(program: Command): void {
  program
    .command('once')
    .description(
      '测量一次并打印,不缓存、不上报 · measure once and print; nothing is spooled or sent',
    )
    .argument('<metric>', '指标,见 tongda-probe metrics · metric')
    .argument('[target]', '主机、地址、host:port 或 URL,依指标而定 · as the metric asks')
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
    .option(
      '--targets-file <file>',
      '每行一个目标,- 为标准输入 · targets, one a line; - is standard input',
    )
    .option(
      '--json',
      '每个目标只输出一行 JSON 测量记录 · print one JSON measurement a line and nothing else',
    )
    .action(async (name: string, target: string | undefined, options: OnceOptions) => {
      const metric = metricNamed(name);
      if (!metric) throw unknownMetric(name);
      const targets = targetsOf(target, options.targetsFile);
      const request = {
        targets,
        family: familyOf(targets[0] ?? '', options.family),
        parameters: parseParameters(options.param),
      };
      const measurements = await measureOnce(metric, request, {
        signal: stopSignal(),
        notice: (notice) => process.stderr.write(`${bilingual(notice)}\n`),
        progress: (done) => showProgress(done, targets.length),
      });
      const [only] = measurements;
      const text =
        options.json || !only
          ? measurements.map((measurement) => JSON.stringify(measurement)).join('\n')
          : options.targetsFile === undefined
            ? table(metric, only)
            : summary(metric, measurements);
      await print(text);
      process.exitCode = exitCode(measurements);
    });
}

/** @throws Fault `targets-wanted`, `targets-unreadable` */
function targetsOf(target: string | undefined, file: string | undefined): string[] {
  if (target !== undefined && file === undefined) return [target];
  if (target !== undefined || file === undefined)
    throw new Fault(
      'targets-wanted',
      '请给出一个目标,或用 --targets-file 给出一份清单,二者取一',
      'give either a target or a list of them with --targets-file',
    );
  let text: string;
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault(
      'targets-unreadable',
      `读不到目标清单 ${file}(${code})`,
      `the list of targets ${file} cannot be read (${code})`,
    );
  }
  const targets = parseTargets(text);
  if (targets.length === 0)
    throw new Fault(
      'targets-wanted',
      `目标清单 ${file} 是空的`,
      `the list of targets ${file} is empty`,
    );
  return targets;
}

/** On a terminal only, and not for every one. */
function showProgress(done: number, all: number): void {
  if (!process.stderr.isTTY || all === 1) return;
  if (done % 100 === 0 || done === all)
    process.stderr.write(`\r${done}/${all}${done === all ? '\n' : ''}`);
}

function unknownMetric(name: string): Fault {
  const known = METRICS.map((metric) => metric.name).join(', ');
  return new Fault(
    'unknown-metric',
    `没有指标 ${name},可用:${known}`,
    `there is no metric ${name}; there are: ${known}`,
  );
}

function parseFamily(text: string): Family {
  if (text === '4') return 4;
  if (text === '6') return 6;
  throw new InvalidArgumentError('4 | 6');
}
