/**
 * The agent's configuration: a small YAML file, or the same as options of the command line. Parsed
 * once, strictly: a key nobody knows is refused, with its line, rather than ignored.
 */
import { readFileSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import type { AgentConfig } from './agent.ts';
import { Fault } from './fault.ts';
import { nameSchema } from './measurement.ts';
import { SPOOL_LIMIT_B } from './spool.ts';

const MIB = 1024 * 1024;

const settingsSchema = z.strictObject({
  station: z.url({ protocol: /^https?$/ }).describe('站点根地址 · base URL of the station'),
  probe: nameSchema.describe('登记时的探针名 · the name the probe was enrolled under'),
  tokenFile: z
    .string()
    .min(1)
    .optional()
    .describe(
      '只含令牌的文件;相对路径从配置文件所在目录起;不给则用 TONGDA_TOKEN · file that holds the token and nothing else, relative to this file; or else TONGDA_TOKEN',
    ),
  spool: z.string().min(1).describe('缓存目录 · directory of the spool'),
  spoolLimitMiB: z
    .number()
    .min(1)
    .max(65_536)
    .default(SPOOL_LIMIT_B / MIB)
    .describe('缓存上限 · what the spool may take of the disk'),
  monthlyBudgetMiB: z
    .number()
    .positive()
    .max(1_000_000_000)
    .optional()
    .describe(
      '每月(北京时间)测量流量上限,收发合计;不给则不限 · what measuring may move in a month of Asia/Shanghai, both ways; without it there is no limit',
    ),
});
export type Settings = z.infer<typeof settingsSchema>;

/** The JSON Schema (2020-12) of the file, for editors. */
export function settingsJsonSchema(): object {
  return z.toJSONSchema(settingsSchema, { io: 'input' });
}

const TOKEN = /^[\w-]{20,200}$/;

/**
 * Settings from the text of a YAML file.
 *
 * @param directory where relative paths start
 * @throws Fault `config-malformed` (not YAML), `config-invalid`, each with file and line
 */
export function parseSettings(text: string, file: string, directory = dirname(file)): Settings {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, logLevel: 'error' });
  const malformed = (line: number, why: string) =>
    new Fault(
      'config-malformed',
      `${file} 第 ${line} 行不是合法的 YAML:${why}`,
      `${file} line ${line} is not YAML: ${why}`,
    );
  const broken = document.errors[0];
  if (broken) throw malformed(lines.linePos(broken.pos[0]).line, broken.code);
  let values: unknown;
  try {
    values = document.toJS();
  } catch (error) {
    // Aliases that lead nowhere, or to ever more of themselves.
    throw malformed(1, (error as Error).message);
  }
  const lineOf = (path: readonly PropertyKey[]): number => {
    const node = document.getIn(path, true);
    return isNode(node) && node.range ? lines.linePos(node.range[0]).line : 1;
  };
  const settings = checkSettings(values, (path) => `${file}:${lineOf(path)}`);
  const inDirectory = (path: string) => resolve(directory, path);
  return {
    ...settings,
    spool: inDirectory(settings.spool),
    ...(settings.tokenFile === undefined ? {} : { tokenFile: inDirectory(settings.tokenFile) }),
  };
}

/**
 * Settings from a YAML file.
 *
 * @throws Fault `config-unreadable`, and as `parseSettings`
 */
export function readSettings(file: string): Settings {
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

/**
 * @param place where a key stands, for the message: `probe.yaml:3`, or the option
 * @throws Fault `config-invalid`
 */
export function checkSettings(
  values: unknown,
  place: (path: readonly PropertyKey[]) => string,
): Settings {
  const parsed = settingsSchema.safeParse(values);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    const known = Object.keys(settingsSchema.shape).join(', ');
    throw new Fault(
      'config-invalid',
      `${place([...issue.path, key])}:不认识配置项 ${key},可用:${known}`,
      `${place([...issue.path, key])}: there is no setting ${key}; there are: ${known}`,
    );
  }
  const path = issue?.path ?? [];
  const key = path.join('.') || 'config';
  const zh = settingsSchema.safeParse(values, { error: z.locales.zhCN().localeError });
  throw new Fault(
    'config-invalid',
    `${place(path)}:配置项 ${key} 不合要求:${zh.error?.issues[0]?.message}`,
    `${place(path)}: setting ${key} is not as it must be: ${issue?.message}`,
  );
}

/**
 * The token, from its file or else from the environment, put together with the settings.
 *
 * @throws Fault `token-missing`, `token-unreadable`, `token-malformed`
 */
export function agentConfig(settings: Settings, environment: NodeJS.ProcessEnv): AgentConfig {
  const { station, probe, spool, spoolLimitMiB, monthlyBudgetMiB, tokenFile } = settings;
  const token = tokenFile === undefined ? environment.TONGDA_TOKEN : readToken(tokenFile).trim();
  if (token === undefined || token === '')
    throw new Fault(
      'token-missing',
      '没有令牌:请用 --token-file、配置项 tokenFile 或环境变量 TONGDA_TOKEN 给出',
      'there is no token: give --token-file, the setting tokenFile or the environment variable TONGDA_TOKEN',
    );
  if (!TOKEN.test(token))
    throw new Fault(
      'token-malformed',
      '令牌格式不对:应为登记时给出的那一行(20–200 个字母、数字、- 或 _)',
      'this is no token: it is the line given at enrolment (20–200 letters, digits, - or _)',
    );
  return {
    station,
    probe,
    token,
    spool,
    spoolLimitB: spoolLimitMiB * MIB,
    monthlyBudgetB: monthlyBudgetMiB === undefined ? null : monthlyBudgetMiB * MIB,
  };
}

function readToken(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new Fault(
      'token-unreadable',
      `读不到令牌文件 ${file}(${code})`,
      `the token file ${file} cannot be read (${code})`,
    );
  }
}
