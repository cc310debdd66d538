/** `tongda-probe doctor`: what this machine can measure, what it cannot, and the cure. */
import type { Command } from 'commander';
import { agentConfig, readSettings } from '../config.ts';
import { print, stopSignal } from '../console.ts';
import type { Health, Verdict } from '../doctor/check.ts';
import { examine } from '../doctor/index.ts';
import { Fault } from '../fault.ts';
import { bilingual } from '../log.ts';

const WORDS: Readonly<Record<Health, string>> = {
  good: '✔ 好 good',
  warning: '! 注意 warning',
  bad: '✘ 不好 bad',
  unknown: '? 未查 unknown',
};

export function doctorCommand(program: Command): void {
  program
    .command('doctor')
    .description(
      '体检:权限、协议族、域名、站点、时钟、磁盘,各附处方 · privileges, families, DNS, station, clock, disk, each with a cure',
    )
    .option(
      '--config <file>',
      'YAML 配置文件;不给则只查本机 · without it only the machine is examined',
    )
    .option('--json', '以 JSON 输出 · as JSON')
    .addHelpText(
      'after',
      '\n退出码 · Exit codes\n  0 没有不好的 · nothing is bad    1 有不好的 · something is bad',
    )
    .action(async ({ config: file, json }: { config?: string; json?: true }) => {
      const verdicts: Verdict[] = [];
      const config = file === undefined ? null : configured(file, verdicts);
      verdicts.push(...(await examine({ config, signal: stopSignal() })));
      await print(json ? JSON.stringify(verdicts, null, 2) : verdicts.map(written).join('\n'));
      process.exitCode = verdicts.some(({ health }) => health === 'bad') ? 1 : 0;
    });
}

/** A configuration that is no good is the first thing to mend; the rest is looked at all the same. */
function configured(file: string, verdicts: Verdict[]) {
  try {
    return agentConfig(readSettings(file), process.env);
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    const { zh, en, code } = error;
    verdicts.push({
      name: 'config',
      health: 'bad',
      found: { zh, en },
      cure: {
        zh: '改正后用 tongda-probe check 复查',
        en: 'mend it, then see what tongda-probe check says',
      },
      figures: { code },
    });
    return null;
  }
}

function written({ name, health, found, cure }: Verdict): string {
  const lines = [`${WORDS[health]}  ${name}`, `    ${bilingual(found)}`];
  return (cure ? [...lines, `    → ${bilingual(cure)}`] : lines).join('\n');
}
