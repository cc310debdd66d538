/**
 * The station's configuration: defaults, then a YAML file, then the environment. Unknown keys are
 * refused, because a key that is silently ignored is a setting somebody believes in.
 */

import { existsSync, readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import ipaddr from 'ipaddr.js';
import { parse } from 'yaml';
import { z } from 'zod';
import { programmeSchema } from '../ingest/controller.ts';
import { Fault } from '../probes/fault.ts';

const fileSchema = z.strictObject({
  host: z.string().min(1).default('127.0.0.1'),
  port: z.coerce.number().int().min(0).max(65_535).default(8080),
  data: z.string().min(1).default('./data'),
  /** A ClickHouse server or cluster; without it the station starts the embedded engine in `data`. */
  clickhouseUrl: z.url().optional(),
  /** The cluster that server belongs to, as its `remote_servers` names it; without it the server stands alone. */
  clickhouseCluster: z
    .string()
    .regex(/^[A-Za-z_][\w.-]*$/, 'a name of letters, digits, "_", "." and "-"')
    .optional(),
  /** A plan file, or the id of a built-in plan. */
  plan: z.string().min(1).default('jiangsu-2013'),
  /** Whether the station starts a peer and a probe of its own. */
  local: z.boolean().default(true),
  /** What enrolled probes are asked to do. */
  programme: programmeSchema.default([]),
  /** The registered services of its area that each enrolled probe walks besides; `perProbe: 0`: none. */
  services: z
    .strictObject({
      perProbe: z.int().min(0).max(200).default(20),
      periodS: z.number().min(1).max(86_400).default(3_600),
      /** Services whose names lead into private space, as on a government's own network, too. */
      allowPrivate: z.boolean().default(false),
    })
    .prefault({}),
  /** What one probe's measuring may move in a month; a probe's own limit holds where it is lower. None: no limit. */
  monthlyBudgetMiB: z.int().min(1).optional(),
  reportPeriodS: z.number().min(1).max(86_400).default(5),
  instructionPeriodS: z.number().min(1).max(86_400).default(60),
  /** When last month is sealed: day of month and hour, Asia/Shanghai. */
  seal: z
    .strictObject({ day: z.int().min(1).max(28), hour: z.int().min(0).max(23) })
    .default({ day: 3, hour: 3 }),
});

export type Config = z.infer<typeof fileSchema> & {
  /** Of the user `reviewer`, for page and API; null: open to this machine only. */
  readonly password: string | null;
};

const PASSWORD_LENGTH = 12;

const ENVIRONMENT = {
  TONGDA_HOST: 'host',
  TONGDA_PORT: 'port',
  TONGDA_DATA: 'data',
  TONGDA_CLICKHOUSE_URL: 'clickhouseUrl',
  TONGDA_CLICKHOUSE_CLUSTER: 'clickhouseCluster',
} as const;

/**
 * @param environment usually `process.env`; `TONGDA_CONFIG` names the file, `TONGDA_PASSWORD` is
 *   never read from a file
 * @throws Fault `config-missing`, `config-unreadable`, `config-malformed`, `cluster-without-server`,
 *   `password-short`, `credentials-missing`
 */
export function loadConfig(environment: NodeJS.ProcessEnv): Config {
  const file = environment.TONGDA_CONFIG;
  const settings = file ? readFile(file) : {};
  const overrides = Object.entries(ENVIRONMENT).flatMap(([variable, key]) =>
    environment[variable] ? [[key, environment[variable]]] : [],
  );
  const parsed = fileSchema.safeParse({ ...settings, ...Object.fromEntries(overrides) });
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const key = issue?.code === 'unrecognized_keys' ? issue.keys[0] : issue?.path.join('.');
    const variable = Object.entries(ENVIRONMENT).find(
      ([name, to]) => to === key && environment[name],
    )?.[0];
    const where = variable ?? file ?? 'tongda.yaml';
    throw new Fault(
      'config-malformed',
      `配置 ${where} 中的 “${key}” 不合要求:${issue?.message};可用的键:${Object.keys(fileSchema.shape).join('、')}`,
      `"${key}" in ${where} is not as it must be: ${issue?.message}; the keys are: ${Object.keys(fileSchema.shape).join(', ')}`,
    );
  }

  if (parsed.data.clickhouseCluster && !parsed.data.clickhouseUrl)
    throw new Fault(
      'cluster-without-server',
      `设了集群 ${parsed.data.clickhouseCluster} 而没有设服务器:请用 TONGDA_CLICKHOUSE_URL 给出集群中一台 ClickHouse 的地址,或去掉 TONGDA_CLICKHOUSE_CLUSTER`,
      `cluster ${parsed.data.clickhouseCluster} is set and no server: give the address of one of its ClickHouse servers with TONGDA_CLICKHOUSE_URL, or leave out TONGDA_CLICKHOUSE_CLUSTER`,
    );

  const password = environment.TONGDA_PASSWORD || null;
  if (password !== null && password.length < PASSWORD_LENGTH)
    throw new Fault(
      'password-short',
      `TONGDA_PASSWORD 太短:至少 ${PASSWORD_LENGTH} 个字符`,
      `TONGDA_PASSWORD is too short: use at least ${PASSWORD_LENGTH} characters`,
    );
  if (password === null && !isLoopback(parsed.data.host))
    throw new Fault(
      'credentials-missing',
      `TONGDA_HOST=${parsed.data.host} 会让其他机器访问本站:请先设置 TONGDA_PASSWORD(至少 ${PASSWORD_LENGTH} 个字符)`,
      `TONGDA_HOST=${parsed.data.host} opens the station to other machines: set TONGDA_PASSWORD first (at least ${PASSWORD_LENGTH} characters)`,
    );
  return { ...parsed.data, data: resolve(parsed.data.data), password };
}

/** Whether a host to listen on is reachable from this machine alone. */
export function isLoopback(host: string): boolean {
  if (host === 'localhost') return true;
  return ipaddr.isValid(host) && ipaddr.parse(host).range() === 'loopback';
}

function readFile(file: string): Record<string, unknown> {
  if (!existsSync(file))
    throw new Fault(
      'config-missing',
      `没有配置文件 ${file}:请检查 TONGDA_CONFIG`,
      `there is no file ${file}: check TONGDA_CONFIG`,
    );
  try {
    const content: unknown = parse(readFileSync(file, 'utf8')) ?? {};
    if (typeof content === 'object' && !Array.isArray(content))
      return content as Record<string, unknown>;
  } catch {
    // Said below, in the user's words.
  }
  throw new Fault(
    'config-unreadable',
    `配置文件 ${file} 不是 YAML 键值`,
    `${file} is not YAML with keys and values`,
  );
}
