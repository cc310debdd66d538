/**
 * Whole partitions: listed, dropped, replaced. Every statement about a partition stands here. Those
 * on shards are listed and dropped everywhere; to replace one there is not known here.
 */
import { randomBytes } from 'node:crypto';
import { type TableName, tables } from './rows.ts';
import type { Store } from './store.ts';

/** The value of a table's PARTITION BY: one number, or what its tuple holds. */
export type Partition = number | readonly (number | string)[];

export interface ListedPartition {
  /** As ClickHouse writes it: `20261124`, `(20261124,5)`. */
  readonly partition: string;
  /** Those of rows not merged yet counted as often as they are there. */
  readonly rows: number;
}

/** The partitions a table has rows in, in order. Read off the parts, not the rows. */
export function listPartitions(store: Store, table: string): Promise<ListedPartition[]> {
  return store.read(
    `SELECT partition, sum(rows) AS rows FROM part
     WHERE table = {table:String}
     GROUP BY partition HAVING rows > 0 ORDER BY partition`,
    { table },
  );
}

/** Drops a partition and all its rows; one that is not there is gone already. */
export function dropPartition(store: Store, table: string, partition: Partition): Promise<void> {
  return store.define(
    `ALTER TABLE ${identifier(table)} DROP PARTITION ${partitionValue(partition)}`,
  );
}

/**
 * Puts a table's partition in the place of another's, at once: whoever reads sees the old rows or the
 * new. Both tables must be shaped alike. ClickHouse refuses when `from` has no rows in it, since
 * that would be a drop by another name. In one ClickHouse only.
 */
export function replacePartition(
  store: Store,
  table: string,
  partition: Partition,
  from: string,
): Promise<void> {
  return store.command(
    `ALTER TABLE ${identifier(table)} REPLACE PARTITION ${partitionValue(partition)} FROM ${identifier(from)}`,
  );
}

/** The parts of a partition, by its `partition_id`, that are not as their checksums say. */
export async function checkPartition(
  store: Store,
  table: string,
  id: string,
): Promise<{ part: string; message: string }[]> {
  const parts = await store.read<{ part_path: string; is_passed: number; message: string }>(
    `CHECK TABLE ${identifier(table)} PARTITION ID ${literal(id)}
     SETTINGS check_query_single_value_result = 0`,
  );
  return parts.flatMap(({ part_path, is_passed, message }) =>
    is_passed ? [] : [{ part: part_path, message }],
  );
}

const TWIN = '_twin_';
/** What a process that was killed has left: nobody works so long on one partition. */
const FORGOTTEN_H = 24;

/**
 * An empty table of a table's shape, to prepare rows in that {@link replacePartition} puts into their
 * place. Its name is nobody else's, so that two processes at the same work do not mix their rows.
 */
export async function makeTwin(store: Store, table: TableName): Promise<string> {
  const twin = `${table}${TWIN}${randomBytes(6).toString('hex')}`;
  await store.command(`CREATE TABLE ${twin} AS ${table}`);
  return twin;
}

/** Copies the rows of a table as questions see them, no copies among them, into its twin. */
export function fillTwin(
  store: Store,
  table: TableName,
  twin: string,
  where: string,
  params: Readonly<Record<string, unknown>>,
): Promise<void> {
  const columns = Object.keys(tables[table]).join(', ');
  return store.command(
    `INSERT INTO ${identifier(twin)} (${columns}) SELECT ${columns} FROM ${table} FINAL WHERE ${where}`,
    params,
  );
}

export function dropTwin(store: Store, twin: string): Promise<void> {
  return store.command(`DROP TABLE IF EXISTS ${identifier(twin)} SYNC`);
}

/** Removes twins made more than so many hours ago: their maker is gone. */
export async function dropForgottenTwins(store: Store, hours = FORGOTTEN_H): Promise<void> {
  const forgotten = await store.read<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = currentDatabase()
       AND position(name, {twin:String}) > 0
       AND metadata_modification_time < now() - toIntervalHour({hours:UInt32})`,
    { twin: TWIN, hours },
  );
  for (const { name } of forgotten) await dropTwin(store, name);
}

/** Whether a table is one of {@link makeTwin}'s. */
export function isTwin(table: string): boolean {
  return table.includes(TWIN);
}

/** As it stands in SQL. Parameters cannot be bound there. Throws RangeError on what is no whole number. */
function partitionValue(partition: Partition): string {
  if (typeof partition === 'number') return literal(partition);
  return `tuple(${partition.map(literal).join(', ')})`;
}

function literal(value: number | string): string {
  if (typeof value === 'string') return `'${value.replace(/[\\']/g, '\\$&')}'`;
  if (!Number.isSafeInteger(value)) throw new RangeError(`not a partition: ${value}`);
  return String(value);
}

/** Names of tables are ours, yet they stand in SQL. */
function identifier(name: string): string {
  if (!/^\w+$/.test(name)) throw new RangeError(`not the name of a table: ${name}`);
  return name;
}
