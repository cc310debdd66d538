/**
 * One schema, three ways to lie: in one ClickHouse, or over the shards of a cluster. A statement about
 * tables is written once, for one ClickHouse, and turned here into those the topology needs: on shards
 * a table X is a table X_local on every node and a Distributed table X over them, so that every
 * question and every insert stays as it is. Pure.
 */
import type { TableName, tables } from './rows.ts';

export type Topology =
  | { readonly kind: 'single' }
  /** A cluster of ClickHouse servers: replicated tables, defined ON CLUSTER through its Keeper. */
  | { readonly kind: 'cluster'; readonly name: string }
  /** Shards without replicas and without a Keeper: every statement is to be run on every node. */
  | { readonly kind: 'shards'; readonly name: string };

type Sharded = Exclude<Topology, { kind: 'single' }>;

/**
 * The column whose hash says on which shard a row lies. It is part of the table's key, so that all
 * copies of a row meet on one shard, where FINAL makes one of them.
 */
const SHARDED_BY = {
  place: 'code',
  line: 'line',
  probe: 'probe',
  measurement: 'probe',
  sample: 'probe',
  quarantine: 'probe',
  quarantine_log: 'probe',
  edition: 'month',
  rollup_done: 'period',
  line_day: 'line',
  area_step: 'area',
  line_month: 'line',
  area_month: 'area',
  retired_day: 'day',
  import: 'import',
  filing: 'carrier',
  filing_place: 'place',
  filing_area: 'area',
  filing_token: 'carrier',
  place_statistic: 'code',
  library_prefix: 'prefix',
  library_service: 'name',
  challenge_event: 'challenge',
} as const satisfies { readonly [Name in TableName]: keyof (typeof tables)[Name] };

const shardedBy: ReadonlyMap<string, string> = new Map(
  Object.entries({ ...SHARDED_BY, schema_migration: 'file' }),
);

/**
 * The statements that do on this topology what `sql` does on one ClickHouse, in order: CREATE TABLE,
 * CREATE VIEW, ALTER, OPTIMIZE, TRUNCATE and DROP TABLE.
 *
 * @throws TypeError for any other statement, and for a table without a sharding column
 */
export function statementsFor(sql: string, topology: Topology, database: string): string[] {
  if (topology.kind === 'single') return [sql];
  const statement = withoutComments(sql).trim();
  const found = HEAD.exec(statement);
  const { create, view, drop, other, name } = found?.groups ?? {};
  if (!found || !name) throw new TypeError(`not for shards: ${statement.slice(0, 100)}`);
  const [head] = found;
  const rest = statement.slice(head.length);
  const verb = head.slice(0, -name.length);
  const on = new Naming(topology, database);
  const local = `${verb}${on.local(name)}`;
  const whole = `${verb}${on.whole(name)}`;
  if (view) return [`${whole}${rest}`];
  if (create) return [`${local}${localDefinition(name, rest, on)}`, `${whole} ${on.over(name)}`];
  if (drop) return [`${whole}${rest}`, `${local}${rest}`];
  if (other) return [`${local}${rest}`];
  const columns = splitCommands(rest).map(columnCommand).filter(isThere);
  return [`${local}${rest}`, ...(columns.length > 0 ? [`${whole} ${columns.join(', ')}`] : [])];
}

/** The statement that makes the database. */
export function databaseSql(topology: Topology, database: string): string {
  return `CREATE DATABASE IF NOT EXISTS ${identifier(database)}${onCluster(topology)}`;
}

const HEAD = new RegExp(
  `^(?:${[
    '(?<create>CREATE\\s+TABLE\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?)',
    '(?<view>CREATE\\s+(?:OR\\s+REPLACE\\s+)?VIEW\\s+(?:IF\\s+NOT\\s+EXISTS\\s+)?)',
    '(?:ALTER\\s+TABLE\\s+)',
    '(?<drop>DROP\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?)',
    '(?<other>(?:OPTIMIZE|TRUNCATE)\\s+TABLE\\s+(?:IF\\s+EXISTS\\s+)?)',
  ].join('|')})(?<name>[a-z]\\w*)(?=[\\s(]|$)`,
);

/**
 * The view `part`: active parts of the station's tables, wherever they lie. Read it instead of
 * `system.parts`, which knows one node only.
 *
 * Columns: `shard` String, stable for a shard; `table` String, as the queries name it; `partition`
 * String; `name` String; `rows` UInt64; `bytesOnDisk` UInt64; `maxBlockNumber` Int64, which an insert
 * raises within its partition and shard and a merge does not. Of replicas one is asked.
 */
export function partViewSql(topology: Topology, database: string): string {
  const [shard, table, parts] =
    topology.kind === 'single'
      ? ["'1'", 'table', 'system.parts']
      : [
          'toString(_shard_num)',
          "replaceRegexpOne(table, '_local$', '')",
          `cluster(${literal(topology.name)}, system.parts)`,
        ];
  return `CREATE OR REPLACE VIEW part AS
SELECT
    ${shard} AS shard,
    ${table} AS table,
    partition,
    name,
    rows,
    bytes_on_disk AS bytesOnDisk,
    max_block_number AS maxBlockNumber
FROM ${parts}
WHERE database = ${literal(database)} AND active`;
}

/** What a request must ask for, beyond what any request asks for. */
export function topologySettings(topology: Topology): Readonly<Record<string, string | number>> {
  if (topology.kind === 'single') return {};
  return { ...SHARD_SETTINGS, ...(topology.kind === 'cluster' && REPLICA_SETTINGS) };
}

const SHARD_SETTINGS = {
  // A shard that is lost is an error, never a smaller figure.
  skip_unavailable_shards: 0,
  // Acknowledged means written on its shard, not queued here.
  distributed_foreground_insert: 1,
  // `IN (SELECT …)` asks all shards, once, and not each its own rows.
  distributed_product_mode: 'global',
  // ClickHouse's default lets every shard insert what it selected from its own rows: groups in parts.
  parallel_distributed_insert_select: 0,
} as const;

const REPLICA_SETTINGS = {
  // Acknowledged means written on most replicas of its shard.
  insert_quorum: 'auto',
  // A replica known to be minutes behind is not asked, also when no other is left.
  fallback_to_stale_replicas_for_distributed_queries: 0,
  // A change of the schema is done when every replica has made it.
  alter_sync: 2,
} as const;

/** Names of a table's two halves, as statements for a topology write them. */
class Naming {
  readonly topology: Sharded;
  readonly #database: string;
  readonly #where: string;

  constructor(topology: Sharded, database: string) {
    this.topology = topology;
    this.#database = database;
    this.#where = onCluster(topology);
  }

  whole(name: string): string {
    return `${identifier(this.#database)}.${name}${this.#where}`;
  }

  local(name: string): string {
    return this.whole(`${name}_local`);
  }

  /** The same path on every replica of a shard, another on every shard: macros of each server. */
  replication(name: string): string {
    return `${literal(`/clickhouse/tables/{shard}/${this.#database}/${name}_local`)}, '{replica}'`;
  }

  over(name: string): string {
    const column = shardedBy.get(name);
    if (!column) throw new TypeError(`table ${name} has no sharding column in topology.ts`);
    const database = this.#database;
    return `AS ${identifier(database)}.${name}_local
ENGINE = Distributed(${literal(this.topology.name)}, ${literal(database)}, ${literal(`${name}_local`)}, cityHash64(${column}))`;
  }
}

function onCluster(topology: Topology): string {
  return topology.kind === 'cluster' ? ` ON CLUSTER ${identifier(topology.name)}` : '';
}

/** Columns, engine and all that follows; the engine with replicas where the topology has them. */
function localDefinition(name: string, rest: string, on: Naming): string {
  const engine = /(?<=\bENGINE\s*=\s*)([A-Za-z]*MergeTree)\b\s*(\(?)/.exec(withoutTexts(rest));
  if (!/^\s*\(/.test(rest) || !engine || engine[1]?.startsWith('Replicated'))
    throw new TypeError(`table ${name} wants columns and an engine of the MergeTree family`);
  if (on.topology.kind === 'shards') return rest;
  const [found, family = '', opened] = engine;
  const after = rest.slice(engine.index + found.length);
  const own = !opened ? ')\n' : /^\s*\)/.test(after) ? '' : ', ';
  return `${rest.slice(0, engine.index)}Replicated${family}(${on.replication(name)}${own}${after}`;
}

/** The commands of an ALTER, which commas separate, as they do within some commands. */
function splitCommands(rest: string): string[] {
  const scanned = withoutTexts(rest);
  const pieces: string[] = [];
  let depth = 0;
  let from = 0;
  for (let at = 0; at <= scanned.length; at++) {
    const sign = scanned[at];
    if (sign === '(') depth++;
    else if (sign === ')') depth--;
    else if (at === scanned.length || (sign === ',' && depth === 0)) {
      pieces.push(rest.slice(from, at).trim());
      from = at + 1;
    }
  }
  const commands: string[] = [];
  for (const piece of pieces)
    if (ALTER_VERB.test(piece) || commands.length === 0) commands.push(piece);
    else commands.push(`${commands.pop()}, ${piece}`);
  return commands;
}

const ALTER_VERB =
  /^(ADD|ALTER|APPLY|ATTACH|CLEAR|COMMENT|DELETE|DETACH|DROP|FETCH|FORGET|FREEZE|MATERIALIZE|MODIFY|MOVE|REMOVE|RENAME|REPLACE|RESET|UPDATE)\b/;

/** What a command means for the Distributed table, which has columns and stores nothing; null: nothing. */
function columnCommand(command: string): string | null {
  const scanned = withoutTexts(command);
  if (!/^(ADD|ALTER|COMMENT|DROP|MODIFY|RENAME)\s+COLUMN\b/.test(scanned)) return null;
  if (/\b(REMOVE\s+(CODEC|TTL|SETTINGS)|(MODIFY|RESET)\s+SETTING)\b/.test(scanned)) return null;
  let kept = command;
  for (const stored of [/\s+CODEC\s*(?=\()/, /\s+STATISTICS\s*(?=\()/]) {
    const found = stored.exec(withoutTexts(kept));
    if (!found) continue;
    const end = closing(kept, found.index + found[0].length);
    kept = kept.slice(0, found.index) + kept.slice(end + 1);
  }
  kept = kept.slice(0, /\s+TTL\s/.exec(withoutTexts(kept))?.index);
  // Neither type nor default nor place is left: it was about how the column is stored.
  return /^(ALTER|MODIFY)\s+COLUMN\s+(IF\s+EXISTS\s+)?\S+\s*$/.test(kept) ? null : kept;
}

/** Where the bracket that opens at `from` closes. */
function closing(sql: string, from: number): number {
  const scanned = withoutTexts(sql);
  let depth = 0;
  for (let at = from; at < scanned.length; at++) {
    if (scanned[at] === '(') depth++;
    if (scanned[at] === ')' && --depth === 0) return at;
  }
  throw new TypeError(`a bracket stays open: ${sql.slice(from, from + 100)}`);
}

const TEXT = /'(?:[^'\\]|\\.|'')*'|`[^`]*`|"[^"]*"/;

/** Comments are for the reader of the file; a `--` within a text is none. */
function withoutComments(sql: string): string {
  return sql.replace(new RegExp(`(${TEXT.source})|--.*$|/\\*[^]*?\\*/`, 'gm'), '$1');
}

/** As long as before, with nothing in the texts that looks like structure. */
function withoutTexts(sql: string): string {
  return sql.replace(new RegExp(TEXT.source, 'g'), (text) => '_'.repeat(text.length));
}

function isThere<T>(value: T | null): value is T {
  return value !== null;
}

function identifier(name: string): string {
  return `\`${name.replace(/[`\\]/g, '\\$&')}\``;
}

function literal(text: string): string {
  return `'${text.replace(/['\\]/g, '\\$&')}'`;
}
