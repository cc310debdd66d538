/** `tongda-probe once`: one measurement, printed. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { METRICS, metricNamed } from '../catalogue.ts';
import { collect, print, stopSignal } from '../console.ts';
import { familyOf } from '../family.ts';
import { Fault } from '../fault.ts';
import { bilingual } from '../log.ts';
import type { Family } from '../measurement.ts';
import { EXIT_CODES, measureOnce, parseParameters, table } from '../once.ts';

interface OnceOptions {
  family?: Family;
  param: string[];
  json?: true;
}

export function onceCommand(program: Command): void {
  program
    .command('once')
    .description(
      '测量一次并打印,不缓存、不上报 · measure once and print; nothing is spooled or sent',
    )
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
