/** `tongda store check`: looks the whole store through, and says what is wrong and what to do about it. */
import type { Command } from 'commander';
import { CHECKS } from '../../sql/checks/catalogue.ts';
import { type CheckResult, runChecks, type StoreCheck } from '../../sql/checks/check.ts';
import { loadConfig } from '../config.ts';
import { logger, print } from '../console.ts';
import { judgementsOf, spanOf } from '../judgement.ts';
import { uncheckedPlanOf } from '../plan-source.ts';
import { openForCheck } from '../stored.ts';
import { storeCommand } from './store.ts';

export function checkCommand(program: Command): void {
  storeCommand(program)
    .command('check')
    .description(
      '通查数据,站点可继续运行;有问题则退出码为 1 · look the data through, the station may run; exit code 1 when something is wrong',
    )
    .option('--json', '机器可读的结果 · machine-readable result')
    .action(async ({ json }: { json?: boolean }) => {
      const config = loadConfig(process.env);
      const judgements = judgementsOf(uncheckedPlanOf(config.plan));
      const opened = await openForCheck(config, logger('fatal'));
      try {
        const context = { ...opened, now: () => new Date(), judgements, spanOf };
        const results = await runChecks(CHECKS, context, told());
        const well = results.every(({ findings }) => findings.length === 0);
        print(json ? JSON.stringify({ well, checks: results }) : sentences(results, well));
        if (!well) process.exitCode = 1;
      } finally {
        await opened.close();
      }
    });
}

/** On standard error, once for each tenth of a check. */
function told(): (check: StoreCheck, done: number) => void {
  let shown = '';
  return ({ title }, done) => {
    const text = `${title.zh} ${title.en} ${Math.floor(done * 10) * 10}%`;
    if (text !== shown) process.stderr.write(`${text}\n`);
    shown = text;
  };
}

function sentences(results: readonly CheckResult[], well: boolean): string {
  const lines = results.flatMap(({ title, findings, figures, unfinished }) => [
    `${title.zh} ${title.en}\t${
      findings.length > 0
        ? `${findings.length} 处问题 findings`
        : unfinished === null
          ? '正常 well'
          : `未能检查 not checked:${unfinished}`
    }`,
    ...findings.flatMap(({ code, subject, what, cure }) => [
      `  [${code}] ${subject}:${what.zh} · ${what.en}`,
      `    办法 cure:${cure.zh} · ${cure.en}`,
    ]),
    ...figures.map(({ title: of, subject, value }) => `  ${of.zh} ${of.en}\t${subject}\t${value}`),
  ]);
  return [
    ...lines,
    well ? '一切正常 · all is well' : '有问题,见上 · something is wrong, see above',
  ].join('\n');
}
