/** `tongda challenge`: standings that are disputed: opened, replied to, decided, with a log of all that was said. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { type Command, Option } from 'commander';
import { dayOf } from '../../ingest/month.ts';
import { Fault } from '../../probes/fault.ts';
import { AUTHORITY, type Challenge } from '../challenge.ts';
import { detailOf, partyText, rowOf, STATE_TITLES, WORD_TITLES } from '../challenge-answer.ts';
import { openingOf, wordOf } from '../challenge-request.ts';
import {
  addToChallenge,
  challengeNamed,
  challengesOfMonth,
  openChallenge,
  unknownChallenge,
} from '../challenges.ts';
import { loadConfig } from '../config.ts';
import { print, printable, withStore } from '../console.ts';
import type { ChallengeDetail, ChallengeFile, ChallengeWord } from '../contract/challenge.ts';
import { EvidenceReader } from '../evidence.ts';
import { fileMissing } from '../import-file.ts';
import { planOn } from '../plan-source.ts';
import { pageOf, requireFilter } from '../routes/challenges.ts';
import { STANDINGS } from '../standing.ts';
import { limitGiven } from './arguments.ts';

interface Saying {
  readonly party?: string;
  readonly by: string;
  readonly why: string;
  readonly row: readonly string[];
  readonly file: readonly string[];
  readonly json?: boolean;
}

export function challengeCommand(program: Command): void {
  const challenge = program
    .command('challenge')
    .description('对核验结论的异议:提出、答复、决定 · challenges of standings: open, reply, decide')
    .addHelpText(
      'after',
      `
异议之后,对方须在规划所定期限内答复;主管部门据此决定。认可本身不改变结论,决定才改变。
The other side replies within the plan's time, then the authority decides. A concession alone changes no
standing; a decision does.

例 Examples:
  tongda challenge open --month 2026-10 --target access-rate --place 320102002001 --carrier telecom \\
    --party telecom --by li --why '该线路 10 月正在割接' --file cutover.pdf
  tongda challenge reply 20261125-k3m9 --rebut --by wang --why '割接只在 3 日,其余各日同样不达标'
  tongda challenge decide 20261125-k3m9 --uphold --set-aside xuanwu-1 --by wang --why '割接期间的测量不予采信'
  tongda challenge list --month 2026-10 --state overdue`,
    );

  saying(
    challenge
      .command('open')
      .description('提出异议 · dispute a standing')
      .requiredOption('--month <YYYY-MM>', '结论的月份 month of the standing')
      .requiredOption('--target <id>', '目标 target')
      .requiredOption('--place <code>', '村、社区或自然村的代码 code of the village or hamlet')
      .requiredOption('--carrier <code>', '运营商 carrier'),
    '理由 the reason',
  )
    .addHelpText(
      'after',
      `
例 Examples:
  tongda challenge open --month 2026-10 --target access-rate --place 320102002001 --carrier telecom \\
    --by wang --why '现场查看,光缆未到村' --file visit.jpg
  tongda challenge open --month 2026-10 --target access-rate --place 320102002001 --carrier telecom \\
    --party telecom --by li --why '该线路当日割接' --row xuanwu-1/4711/2026-10-03T04:00:00.000Z`,
    )
    .action(open);

  saying(
    challenge
      .command('reply')
      .description('对方答复:认可或反驳 · the other side concedes or rebuts')
      .argument('<id>', '异议编号 the challenge')
      .addOption(new Option('--concede', '认可 concede').conflicts('rebut'))
      .option('--rebut', '反驳 rebut'),
    '答复 what it says',
  )
    .addHelpText(
      'after',
      `
例 Examples:
  tongda challenge reply 20261125-k3m9 --concede --by li --why '确未通达,已补报'
  tongda challenge reply 20261125-k3m9 --rebut --by li --why '已于 9 月开通' --file acceptance.pdf`,
    )
    .action(reply);

  saying(
    challenge
      .command('evidence')
      .description('补充证据 · add evidence')
      .argument('<id>', '异议编号 the challenge'),
    '说明 what it shows',
  )
    .addHelpText(
      'after',
      `
例 Example:
  tongda challenge evidence 20261125-k3m9 --party telecom --by li --why '验收记录' --file acceptance.pdf`,
    )
    .action((id: string, options: Saying) => say(id, 'evidence', options, {}));

  saying(
    challenge
      .command('decide')
      .description('主管部门决定 · the authority decides')
      .argument('<id>', '异议编号 the challenge')
      .addOption(new Option('--uphold', '异议成立 the challenge is right').conflicts('dismiss'))
      .option('--dismiss', '异议不成立,结论照旧 it is not, the standing stays')
      .addOption(
        new Option('--sets <standing>', '认定的结论 the standing that holds').choices(STANDINGS),
      )
      .option(
        '--set-aside <line...>',
        '不予采信的线路,其余线路重新裁判 lines whose evidence does not count: judged anew without',
      ),
    '理由 the reason',
  )
    .addHelpText(
      'after',
      `
例 Examples:
  tongda challenge decide 20261125-k3m9 --uphold --sets contradicted --by wang --why '现场查看:无光缆'
  tongda challenge decide 20261125-k3m9 --uphold --set-aside xuanwu-1 --by wang --why '当日割接'
  tongda challenge decide 20261125-k3m9 --dismiss --by wang --why '证据不足'`,
    )
    .action(decide);

  saying(
    challenge
      .command('withdraw')
      .description('撤回异议 · take a challenge back')
      .argument('<id>', '异议编号 the challenge'),
    '理由 the reason',
  )
    .addHelpText(
      'after',
      `
例 Example:
  tongda challenge withdraw 20261125-k3m9 --by li --why '已补报'`,
    )
    .action((id: string, options: Saying) => say(id, 'withdrawn', options, {}));

  challenge
    .command('list')
    .description('列出,最近提出的在前 · list, latest opened first')
    .option('--month <YYYY-MM>', '只看此月 only this month', '')
    .option('--target <id>', '只看此目标 only this target', '')
    .option('--carrier <code>', '只看此运营商 only this carrier', '')
    .option('--place <code>', '只看此地 only this place', '')
    .option('--state <state>', Object.keys(STATE_TITLES).join(' | '), '')
    .option('--limit <number>', '最多几条 at most so many', '50')
    .option('--json', '机器可读的结果 · machine-readable result')
    .addHelpText(
      'after',
      `
例 Example:
  tongda challenge list --month 2026-10 --state overdue --json`,
    )
    .action(list);

  challenge
    .command('show')
    .description('显示一件异议的全部记录 · show all that was said')
    .argument('<id>', '异议编号 the challenge')
    .option('--json', '机器可读的结果 · machine-readable result')
    .addHelpText(
      'after',
      `
例 Example:
  tongda challenge show 20261125-k3m9`,
    )
    .action(show);
}

function saying(command: Command, why: string): Command {
  const another = (value: string, before: readonly string[]) => [...before, value];
  return command
    .option('--party <party>', `谁的话:${AUTHORITY} 或运营商 whose word: authority or a carrier`)
    .requiredOption('--by <name>', '谁来负责 who answers for it')
    .requiredOption('--why <text>', why)
    .option(
      '--row <probe/sequence/start>',
      '作为证据的测量记录,可多次 a measurement as evidence; may be given again',
      another,
      [],
    )
    .option(
      '--file <path>',
      '作为证据的文件,只记其名、大小与 SHA-256,可多次 a file as evidence, of which name, size and SHA-256 are kept',
      another,
      [],
    )
    .option('--json', '机器可读的结果 · machine-readable result');
}

interface Opening extends Saying {
  readonly month: string;
  readonly target: string;
  readonly place: string;
  readonly carrier: string;
}

async function open({ month, target, place, carrier, ...options }: Opening): Promise<void> {
  const opening = openingOf({ month, target, place, carrier, ...(await said(options)) });
  await withReader(async (reader, now) => {
    const opened = await openChallenge(reader, opening, { entered: AUTHORITY, now });
    await tell(reader, opened, now, options);
  });
}

async function reply(
  id: string,
  { concede, rebut, ...options }: Saying & { concede?: boolean; rebut?: boolean },
): Promise<void> {
  if (!concede && !rebut)
    throw new Fault('reply-missing', '请写 --concede 或 --rebut', 'give --concede or --rebut');
  await say(id, concede ? 'conceded' : 'rebutted', options, {});
}

interface Decision extends Saying {
  readonly uphold?: boolean;
  readonly dismiss?: boolean;
  readonly sets?: string;
  readonly setAside?: readonly string[];
}

async function decide(
  id: string,
  { uphold, dismiss, sets, setAside, ...options }: Decision,
): Promise<void> {
  if (!uphold && !dismiss)
    throw new Fault('decision-missing', '请写 --uphold 或 --dismiss', 'give --uphold or --dismiss');
  const effect = { ...(sets && { sets }), ...(setAside && { setsAside: setAside }) };
  await say(id, uphold ? 'upheld' : 'dismissed', options, effect);
}

/** Who says it goes without saying where only one party may. */
async function say(
  id: string,
  kind: ChallengeWord,
  options: Saying,
  effect: { readonly sets?: string; readonly setsAside?: readonly string[] },
): Promise<void> {
  const word = wordOf({ kind, ...(await said(options)), ...effect });
  await withReader(async (reader, now) => {
    const before = await challengeNamed(reader.store, id, now);
    const party = word.party ?? (before && soleSpeaker(before, kind)) ?? AUTHORITY;
    const after = await addToChallenge(reader, id, { ...word, party }, { entered: AUTHORITY, now });
    await tell(reader, after, now, options);
  });
}

function soleSpeaker({ opened, respondent }: Challenge, kind: ChallengeWord): string | null {
  if (kind === 'conceded' || kind === 'rebutted') return respondent;
  return kind === 'withdrawn' ? opened.party : null;
}

async function list({
  limit,
  json,
  ...filter
}: {
  readonly month: string;
  readonly target: string;
  readonly carrier: string;
  readonly place: string;
  readonly state: string;
  readonly limit: string;
  readonly json?: boolean;
}): Promise<void> {
  const most = limitGiven(limit);
  await withReader(async (reader, now) => {
    requireFilter(filter, reader.plan);
    const all = await challengesOfMonth(reader.store, filter.month, now);
    const rows = [];
    for (const challenge of pageOf(all.reverse(), filter, '', most).page)
      rows.push(rowOf(challenge, await reader.register(challenge.opened.month), now));
    if (json) return print(JSON.stringify(rows));
    for (const { id, state, title, month, target, carrier, place, awaits } of rows)
      print(
        [
          id,
          `${title.zh} ${state}`,
          month,
          target,
          carrier,
          `${place.code} ${place.name}`,
          awaits
            ? `${awaits.late ? '逾期 late ' : ''}${awaits.of} → ${dayBeforeDue(awaits.due)}`
            : '',
        ].join('\t'),
      );
  });
}

async function show(id: string, options: { readonly json?: boolean }): Promise<void> {
  await withReader(async (reader, now) => {
    const challenge = await challengeNamed(reader.store, id, now);
    if (!challenge) throw unknownChallenge(id);
    await tell(reader, challenge, now, options);
  });
}

async function tell(
  reader: EvidenceReader,
  challenge: Challenge,
  now: Date,
  { json }: { readonly json?: boolean },
): Promise<void> {
  const register = await reader.register(challenge.opened.month);
  const detail = await detailOf(reader.store, challenge, register, now);
  if (json) return print(JSON.stringify(detail));
  for (const line of linesOf(detail)) print(line);
}

function linesOf(detail: ChallengeDetail): string[] {
  const { id, state, title, month, target, carrier, place, disputed, awaits, log } = detail;
  const next = awaits
    ? [
        `待 awaits     ${partyText(awaits.of)} ${awaits.what === 'reply' ? '答复 reply' : '决定 decision'},至 until ${dayBeforeDue(awaits.due)}${awaits.late ? ',已逾期 late' : ''}`,
      ]
    : [];
  return [
    `异议 challenge ${id}`,
    `状态 state    ${title.zh} · ${title.en} (${state})`,
    `结论 standing ${month} ${target} ${carrier} ${place.code} ${place.name}:当时 then ${disputed}`,
    ...next,
    ...log.flatMap(({ at, kind, party, by, entered, text, files, measurements, ...entry }) => [
      `${at.slice(0, 19)}Z\t${WORD_TITLES[kind].zh} ${kind}\t${partyText(party)}\t${printable(by)}${entered === party ? '' : `(${entered} 代录 wrote it down)`}${entry.counts ? '' : '\t(无效 without effect)'}`,
      `\t${printable(text)}`,
      ...(entry.sets ? [`\t认定 sets ${entry.sets}`] : []),
      ...(entry.setsAside.length > 0
        ? [`\t不予采信 sets aside ${entry.setsAside.map(printable).join(' ')}`]
        : []),
      ...measurements.map(
        ({ probe, sequence, start, row }) =>
          `\t记录 row ${probe}/${sequence}/${start} ${row ? `${row.metric} ${row.outcome} ${row.line}` : '已不再保存 kept no longer'}`,
      ),
      ...files.map(
        ({ name, sha256, sizeB }) => `\t文件 file ${printable(name)} ${sizeB} B ${sha256}`,
      ),
    ]),
  ];
}

/** The last day that is in time, in Asia/Shanghai. */
function dayBeforeDue(due: string): string {
  return dayOf(new Date(Date.parse(due) - 1));
}

async function said({ party, by, why, row, file }: Saying) {
  return {
    ...(party !== undefined && { party }),
    ...{ by, text: why, measurements: row.map(measurementGiven) },
    files: await Promise.all(file.map(fileGiven)),
  };
}

/** @throws Fault `row-malformed` */
function measurementGiven(text: string) {
  const [, probe, sequence, start] = /^([^/]+)\/(\d{1,15})\/([^/]+)$/.exec(text) ?? [];
  if (probe !== undefined && start !== undefined && !Number.isNaN(Date.parse(start)))
    return { probe, sequence: Number(sequence), start };
  throw new Fault(
    'row-malformed',
    `“${text}” 不合要求:请写 探针/序号/开始时间,如 xuanwu-1/4711/2026-10-03T04:00:00.000Z`,
    `"${text}" will not do: write probe/sequence/start, as in xuanwu-1/4711/2026-10-03T04:00:00.000Z`,
  );
}

/** @throws Fault `file-missing` */
async function fileGiven(path: string): Promise<ChallengeFile> {
  const hash = createHash('sha256');
  let sizeB = 0;
  try {
    await pipeline(createReadStream(path), async (chunks) => {
      for await (const chunk of chunks as AsyncIterable<Buffer>) {
        hash.update(chunk);
        sizeB += chunk.length;
      }
    });
  } catch (cause) {
    throw fileMissing(path, cause);
  }
  return { name: basename(path), sha256: hash.digest('hex'), sizeB };
}

async function withReader(
  work: (reader: EvidenceReader, now: Date) => Promise<void>,
): Promise<void> {
  const config = loadConfig(process.env);
  await withStore(config, async ({ store }) => {
    const now = new Date();
    const plan = await planOn(store, config.plan, now);
    await work(new EvidenceReader(store, plan, () => now), now);
  });
}
