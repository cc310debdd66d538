/** `tongda-probe metrics`: what can be measured. */
import type { Command } from 'commander';
import { METRICS } from '../catalogue.ts';
import { print } from '../console.ts';
import { bilingual } from '../log.ts';
import type { Metric } from '../metric.ts';

export function metricsCommand(program: Command): void {
  program
    .command('metrics')
    .description('列出全部指标、数值与单位 · list the metrics, their values and units')
    .option('--json', '以 JSON 输出 · as JSON')
    .action(({ json }: { json?: true }) =>
      print(
        json ? JSON.stringify(METRICS.map(described), null, 2) : METRICS.map(listed).join('\n\n'),
      ),
    );
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
