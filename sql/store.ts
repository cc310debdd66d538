/**
 * The store: a typed client of a ClickHouse over HTTP, embedded or not. Questions are files in
 * `queries/` and `indicators/`, asked by name with bound parameters; nothing is pasted into SQL.
 */
import { readFileSync } from 'node:fs';
import { Readable } from 'node:stream';
import { text as textOf } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { BaseLogger } from 'pino';
import { Connection, type Endpoint, type Pauses } from './connection.ts';
import { StoreFault } from './fault.ts';
import { INDICATORS, type Indicator } from './indicator.ts';
import type { Encoded } from './native.ts';
import {
  type DeclaredRow,
  type FiledParameters,
  type IndicatorParameters,
  type IndicatorRow,
  measured,
  type QueryName,
  type QueryParameters,
  type QueryRow,
  type QuotientRow,
  queries,
  quotient,
  standing,
} from './questions.ts';
import { encodeRows } from './row-binary.ts';
import { defaulted, type InsertName, type InsertOf, type TableName, tables } from './rows.ts';
import { databaseSql, statementsFor, type Topology, topologySettings } from './topology.ts';

export interface StoreOptions extends Endpoint {
  /**
   * Where it is now, for an engine that may go away (null) and come back at another address;
   * without it ClickHouse stays where it is.
   */
  readonly whereabouts?: () => Endpoint | null;
  /** Of one request, 180 s unless told. */
  readonly timeoutMs?: number;
  /** Before a request is sent again; those of `connection.ts` unless told. */
  readonly pausesMs?: Pauses;
  /** Created when it is not there. */
  readonly database?: string;
  /** How tables lie, `single` unless told. */
  readonly topology?: Topology;
  /** Of the kind `shards`: stores on the other nodes, where the schema is to be defined too. */
  readonly peers?: readonly Store[];
  readonly log: Pick<BaseLogger, 'debug' | 'info' | 'warn' | 'error'>;
}

type Parameters = Readonly<Record<string, unknown>>;

export interface Store {
  readonly database: string;
  readonly topology: Topology;
  /**
   * Asks `queries/NAME.sql`. Rejects with the engine's error, also one that comes mid-answer. Asked
   * again a few times when the engine does not answer.
   */
  query<Name extends QueryName>(
    name: Name,
    params: QueryParameters<Name>,
  ): Promise<QueryRow<Name>[]>;
  /** Asks `indicators/NAME.sql` of a measured kind: one row per subject with enough evidence. */
  indicator(name: string, params: IndicatorParameters): Promise<IndicatorRow[]>;
  /** Asks one that is a quotient: of each area that a carrier stated something of, two sums. */
  quotient(name: string, params: FiledParameters): Promise<QuotientRow[]>;
  /** Asks one that is a standing: what carriers declare of each place. */
  declared(name: string, params: FiledParameters): Promise<DeclaredRow[]>;
  /**
   * Inserts rows; resolves when they are durable on disk. All rows of one call have the same
   * columns; a column too many or too few is an error, never a default in silence.
   *
   * Sent again a few times when it is not known whether it arrived: every table has a key on which
   * copies fall. After a rejection the rows may be there, or some of them; inserting them again is safe.
   */
  insert<Name extends InsertName>(table: Name, rows: readonly InsertOf<Name>[]): Promise<void>;
  /**
   * Creates, alters, empties or drops a table or a view wherever it lies. Written as for one
   * ClickHouse; on shards it becomes the statements of `statementsFor`.
   */
  define(sql: string): Promise<void>;
  /**
   * Inserts rows that are encoded already, by `encodeBlock` or `encodeRows` over `tables[table]`;
   * resolves when they are durable on disk. Sent again as those of `insert`.
   */
  insertEncoded(table: InsertName, encoded: Encoded): Promise<void>;
  /** Runs a statement that answers nothing. */
  command(sql: string, params?: Parameters): Promise<void>;
  /** Reads with SQL of the caller's own: for the store's housekeeping and for tests. */
  read<Row>(sql: string, params?: Parameters): Promise<Row[]>;
  /** Whether the engine answers now; waits two seconds at most. */
  ping(): Promise<boolean>;
  close(): Promise<void>;
}

const REQUEST_TIMEOUT_MS = 180_000;

const SETTINGS = {
  // Acknowledged means written, not queued.
  async_insert: 0,
  session_timezone: 'UTC',
  date_time_input_format: 'best_effort',
  date_time_output_format: 'iso',
  output_format_json_quote_64bit_integers: 0,
  // A question nobody waits for any more is given up.
  cancel_http_readonly_queries_on_client_close: 1,
} as const;

const INSERT_SETTINGS = {
  wait_end_of_query: 1,
  // Copies within one insert fall on each other when parts merge, and for a reader (FINAL) at once; to
  // look for them row by row before writing is three quarters of the engine's work on an insert.
  optimize_on_insert: 0,
} as const;

/**
 * Connects and makes the database when it is not there. Whatever is asked of the store later
 * rejects with StoreFault `store-away`, `store-busy` or `store-full` when the way or the engine is at
 * fault and not the request.
 *
 * @throws StoreFault `store-unreachable`, `cluster-unknown`, `cluster-macros-missing`
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { url, username, password, database = 'tongda', log } = options;
  const { topology = { kind: 'single' }, peers = [] } = options;
  const home: Endpoint = { url, username, password };
  const connect = (endpoint: Endpoint, settings: { database?: string }) =>
    createClient({
      url: endpoint.url,
      username: endpoint.username,
      password: endpoint.password,
      ...settings,
      application: 'tongda',
      request_timeout: options.timeoutMs ?? REQUEST_TIMEOUT_MS,
      // On loopback gzip costs more than it saves.
      compression: { request: false, response: false },
      keep_alive: { enabled: true, idle_socket_ttl: 2_500 },
      clickhouse_settings: { ...SETTINGS, ...topologySettings(topology) },
      // What goes wrong is thrown; a second voice on the console helps nobody.
      log: { level: ClickHouseLogLevel.OFF },
    });
  const founder = connect(home, {});
  try {
    if (topology.kind !== 'single') await seeCluster(founder, topology);
    await founder.command({ query: databaseSql(topology, database) });
    const insertSettings = { ...INSERT_SETTINGS, ...(await deduplicationOff(founder)) };
    log.debug({ url, database }, 'store opened');
    const connection = new Connection(
      options.whereabouts ?? (() => home),
      (endpoint) => connect(endpoint, { database }),
      options.pausesMs,
    );
    return new HttpStore(connection, database, insertSettings, topology, peers);
  } catch (cause) {
    if (cause instanceof StoreFault) throw cause;
    throw new StoreFault(
      'store-unreachable',
      `无法使用数据库 ${url}:请检查地址、用户名和口令(TONGDA_CLICKHOUSE_URL)`,
      `the database at ${url} cannot be used: check address, user and password (TONGDA_CLICKHOUSE_URL)`,
      cause,
    );
  } finally {
    await founder.close();
  }
}

/**
 * Servers spell it in two ways. Deduplication by block checksum would swallow a row sent again on
 * purpose; that copies fall on each other is the key's work.
 */
async function deduplicationOff(client: ClickHouseClient): Promise<Record<string, string>> {
  const answer = await client.query({
    query: "SELECT count() AS known FROM system.settings WHERE name = 'deduplicate_insert'",
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<{ known: number }>();
  return row?.known ? { deduplicate_insert: 'disable' } : { insert_deduplicate: '0' };
}

/** @throws StoreFault `cluster-unknown`, `cluster-macros-missing` */
async function seeCluster(
  client: ClickHouseClient,
  { kind, name }: Exclude<Topology, { kind: 'single' }>,
): Promise<void> {
  const answer = await client.query({
    query: `SELECT groupUniqArray(cluster) AS clusters,
      (SELECT groupUniqArray(macro) FROM system.macros) AS macros FROM system.clusters`,
    format: 'JSONEachRow',
  });
  const [row] = await answer.json<{ clusters: string[]; macros: string[] }>();
  const clusters = (row?.clusters ?? []).sort();
  if (!clusters.includes(name))
    throw new StoreFault(
      'cluster-unknown',
      `数据库服务器不认识集群 ${name}(它有:${clusters.join('、') || '无'}):请检查 TONGDA_CLICKHOUSE_CLUSTER 与服务器的 remote_servers`,
      `the ClickHouse server knows no cluster ${name} (it has: ${clusters.join(', ') || 'none'}): check TONGDA_CLICKHOUSE_CLUSTER and remote_servers of the server`,
    );
  const missing = ['shard', 'replica'].filter((macro) => !row?.macros.includes(macro));
  if (kind === 'cluster' && missing.length > 0)
    throw new StoreFault(
      'cluster-macros-missing',
      `数据库服务器没有宏 ${missing.join('、')}:集群的每台服务器都须在 macros 中写明自己的分片与副本`,
      `the ClickHouse server lacks the macros ${missing.join(', ')}: every server of a cluster states its shard and replica under macros`,
    );
}

type InsertSettings = Readonly<Record<string, string | number>>;

class HttpStore implements Store {
  readonly database: string;
  readonly #connection: Connection;
  readonly topology: Topology;
  readonly #insertSettings: InsertSettings;
  readonly #peers: readonly Store[];

  constructor(
    connection: Connection,
    database: string,
    insertSettings: InsertSettings,
    topology: Topology,
    peers: readonly Store[],
  ) {
    this.#connection = connection;
    this.database = database;
    this.#insertSettings = insertSettings;
    this.topology = topology;
    this.#peers = peers;
  }

  query<Name extends QueryName>(name: Name, params: QueryParameters<Name>) {
    return this.#ask<QueryRow<Name>>(questionOf(name), bind(queries[name].params, params));
  }

  async indicator(name: string, params: IndicatorParameters) {
    return this.#ask<IndicatorRow>(indicatorNamed(name).sql, bind(measured.params, params));
  }

  async quotient(name: string, params: FiledParameters) {
    return this.#ask<QuotientRow>(indicatorNamed(name).sql, bind(quotient.params, params));
  }

  async declared(name: string, params: FiledParameters) {
    return this.#ask<DeclaredRow>(indicatorNamed(name).sql, bind(standing.params, params));
  }

  read<Row>(sql: string, params: Parameters = {}) {
    return this.#ask<Row>(sql, params);
  }

  async insert<Name extends InsertName>(table: Name, rows: readonly InsertOf<Name>[]) {
    const [first] = rows;
    if (!first) return;
    const columns = Object.fromEntries(
      Object.entries(tables[table]).filter(
        ([column]) => column in first || !isDefaulted(table, column),
      ),
    );
    // Encoded before it is sent: a value that does not fit is never taken for a fault of the way.
    await this.insertEncoded(table, {
      format: 'RowBinary',
      columns: Object.keys(columns),
      pieces: [encodeRows(columns, rows)],
    });
  }

  async insertEncoded(table: InsertName, { format, columns, pieces }: Encoded) {
    await this.#connection.run('insert', async (client) => {
      const { stream } = await client.exec({
        query: `INSERT INTO ${table} (${columns.join(', ')}) FORMAT ${format}`,
        values: Readable.from(pieces, { objectMode: false }),
        clickhouse_settings: this.#insertSettings,
      });
      // Nothing comes, but the socket is free for the next request only when that was read.
      await stream.resume().toArray();
    });
  }

  async define(sql: string) {
    for (const statement of statementsFor(sql, this.topology, this.database))
      for (const node of [this, ...this.#peers]) await node.command(statement);
  }

  async command(sql: string, params: Parameters = {}) {
    await this.#connection.run('never', (client) =>
      client.command({
        query: sql,
        query_params: { ...params },
        clickhouse_settings: { wait_end_of_query: 1 },
      }),
    );
  }

  ping() {
    return this.#connection.ping();
  }

  async close() {
    await this.#connection.close();
  }

  #ask<Row>(query: string, query_params: Parameters): Promise<Row[]> {
    return this.#connection.run('question', async (client) => {
      // A format of columns leaves when all of it is there: an answer that fails half-way is the error it
      // met, where by rows it would be a connection that broke. It is also half the bytes.
      const { stream } = await client.exec({
        query: `${query}\nFORMAT JSONColumns`,
        query_params: { ...query_params },
      });
      return rowsOf<Row>(JSON.parse(await textOf(stream)));
    });
  }
}

/** Columns of equal length as rows. */
function rowsOf<Row>(columns: Readonly<Record<string, readonly unknown[]>>): Row[] {
  const named = Object.entries(columns);
  return Array.from({ length: named[0]?.[1].length ?? 0 }, (_, nth) => {
    const row: Record<string, unknown> = {};
    for (const [name, cells] of named) row[name] = cells[nth];
    return row as Row;
  });
}

const texts = new Map<QueryName, string>();

/** The text of a query, read once. */
function indicatorNamed(name: string): Indicator {
  const found = INDICATORS.get(name);
  if (!found)
    throw new StoreFault(
      'indicator-unknown',
      `没有名为 ${name} 的指标:可用 ${[...INDICATORS.keys()].join('、')}`,
      `there is no indicator ${name}: there are ${[...INDICATORS.keys()].join(', ')}`,
    );
  return found;
}

function questionOf(name: QueryName): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(new URL(`./queries/${name}.sql`, import.meta.url), 'utf8');
    texts.set(name, text);
  }
  return text;
}

/** Only what the question declares is sent. Bound times are read in UTC and take no `Z`. */
export function bind(declared: Readonly<Record<string, string>>, given: Parameters): Parameters {
  return Object.fromEntries(
    Object.entries(declared).map(([name, type]) => {
      const value = given[name];
      const time = type.startsWith('DateTime') && typeof value === 'string';
      return [name, time ? value.replace(/Z$/, '') : value];
    }),
  );
}

function isDefaulted(table: TableName, column: string): boolean {
  const columns: Readonly<Record<string, readonly string[]>> = defaulted;
  return columns[table]?.includes(column) ?? false;
}
