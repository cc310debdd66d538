/** `npm run lab`: a province with known truth, surveyed by the real station and real probes. */
import { readFileSync, writeFileSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { claimOf, trueStanding } from './claims.ts';
import { CALM, compare, type Observation, render, told } from './comparison.ts';
import { LabError } from './fault.ts';
import { surveySeconds } from './programme.ts';
import { buildProvince } from './province.ts';
import { DEFAULT_SITES, MAX_SITES, REGISTER, siteAt, villagesOf } from './sites.ts';
import { survey } from './survey.ts';

const EXIT_DISAGREES = 1;
const EXIT_IMPOSSIBLE = 2;
const EXIT_INTERRUPTED = 130;

interface Options {
  sites: number;
  seconds?: number;
  json?: string;
  keep?: true;
}

const wholeNumber = (most: number) => (text: string) => {
  const number = Number(text);
  if (!Number.isInteger(number) || number < 1 || number > most)
    throw new InvalidArgumentError(
      `请写 1 到 ${most} 的整数。A whole number of 1…${most}, please.`,
    );
  return number;
};

const say = (message: string) => void process.stderr.write(`${message}\n`);

/** On a terminal a bar in place, elsewhere a line every ten seconds. */
function progressBar(total: number): (seconds: number) => void {
  const width = 40;
  return (seconds) => {
    const full = Math.round((width * seconds) / total);
    const bar = `测量 measuring [${'█'.repeat(full)}${'·'.repeat(width - full)}] ${seconds}/${total} s`;
    if (process.stderr.isTTY) process.stderr.write(`\r${bar}${seconds === total ? '\n' : ''}`);
    else if (seconds % 10 === 0 || seconds === total) say(bar);
  };
}

async function lab(options: Options, signal: AbortSignal): Promise<number> {
  const seconds = options.seconds ?? surveySeconds(options.sites);
  const villages = villagesOf(readFileSync(REGISTER, 'utf8'));
  const sites = Array.from({ length: options.sites }, (_, index) => siteAt(index, villages));
  const province = await buildProvince(sites, say);
  try {
    signal.throwIfAborted();
    const passed = progressBar(seconds);
    const { station, observations, standings } = await survey(province, {
      seconds,
      signal,
      step: say,
      passed,
    });
    if (options.json) writeFileSync(options.json, `${JSON.stringify(observations, null, 2)}\n`);
    process.stdout.write(`${render(observations)}\n${told(CALM)}\n${summary(observations)}\n`);
    const verdicts = sites.map((site, index) => ({
      site: site.name,
      filed: claimOf(site),
      stands: standings[index]?.standing ?? '',
      truth: trueStanding(site),
    }));
    const right = verdicts.filter(({ stands, truth }) => stands === truth).length;
    for (const { site, filed, stands, truth } of verdicts)
      process.stdout.write(
        `${site}  填报 filed: ${filed}  结论 stands: ${stands}  真值 truth: ${truth}\n`,
      );
    process.stdout.write(
      `${right}/${sites.length} 个结论与真值一致 · standings agree with the truth\n`,
    );
    if (options.keep) {
      say(
        `站点 station: ${station.url}  用户 user: ${station.user}  口令 password: ${station.password}`,
      );
      say('按 Ctrl-C 拆除。Ctrl-C takes it all down.');
      await new Promise((resolve) => signal.addEventListener('abort', resolve));
    }
    return observations.every(agrees) && right === sites.length ? 0 : EXIT_DISAGREES;
  } finally {
    say('拆除 taking it down');
    await province.close();
  }
}

const agrees = (observation: Observation) => compare(observation).every((check) => check.agrees);

function summary(observations: readonly Observation[]): string {
  const good = observations.filter(agrees).length;
  return `${good}/${observations.length} 个站点与真值一致 · sites agree with the truth`;
}

const interruption = new AbortController();
for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
  process.on(name, () => {
    // The second request is obeyed at once; the exit hook of the province still takes it down.
    if (interruption.signal.aborted) process.exit(EXIT_INTERRUPTED);
    interruption.abort();
  });

const program = new Command('lab')
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : EXIT_IMPOSSIBLE))
  .description('用网络命名空间搭建一个已知真值的省 · a province of known truth, surveyed for real')
  .option('--sites <n>', '站点数 number of sites', wholeNumber(MAX_SITES), DEFAULT_SITES)
  .option('--seconds <s>', '测量时长 how long to measure', wholeNumber(86_400))
  .option('--json <file>', '结果文件 where to write truth and measurement')
  .option('--keep', '测完保留站点,直到 Ctrl-C · keep the station up until Ctrl-C')
  .action(async (options: Options) => {
    try {
      process.exitCode = await lab(options, interruption.signal);
    } catch (reason) {
      if (interruption.signal.aborted) process.exitCode = EXIT_INTERRUPTED;
      else if (reason instanceof LabError) {
        say(`错误 error [${reason.code}] ${reason.zh}\n${reason.en}`);
        process.exitCode = EXIT_IMPOSSIBLE;
      } else throw reason;
    }
  });

await program.parseAsync();
