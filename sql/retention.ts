/**
 * Retention: measurements and samples are kept whole for some time, failures for longer, what was
 * drawn from them for ever. It acts on whole days, never on rows: a day's failures are copied aside,
 * then put in the place of the day at once.
 *
 * It may be killed anywhere and run again, by two processes too. What it removes is noted before, with
 * the counts, and again after; a note without its end is work to be done again.
 */
import { StoreFault } from './fault.ts';
import {
  dropForgottenTwins,
  dropPartition,
  dropTwin,
  fillTwin,
  listPartitions,
  makeTwin,
  replacePartition,
} from './partition.ts';
import type { QueryRow } from './questions.ts';
import type { InsertOf } from './rows.ts';
import type { Store } from './store.ts';

/** For how many days after its own a day is kept; part of a plan. */
export interface Retention {
  /** Everything, with the samples. */
  readonly successDays: number;
  /** Failed and skipped measurements, without samples. At least as long. */
  readonly failureDays: number;
}

const TABLES = ['measurement', 'sample'] as const;
type Table = (typeof TABLES)[number];
type Rule = 'failures-kept' | 'dropped';

/** A day, `YYYY-MM-DD` in Asia/Shanghai, that a table has rows of. */
export interface StoredDay {
  readonly table: Table;
  readonly day: string;
  /** Those of rows not merged yet counted as often as they are there. */
  readonly rows: number;
}

/** A note of `retired_day`. */
export type RetiredDay = Readonly<QueryRow<'retired_days'>>;

export interface RetentionStep {
  readonly table: Table;
  readonly day: string;
  readonly rule: Rule;
  /** The plan's figure the day has passed. */
  readonly limitDays: number;
  /** Of a run that was cut off: what it had noted. */
  readonly begun: RetiredDay | null;
}

/** Days that are old enough to go and stay, because their month is not sealed. */
export interface WaitingMonth {
  readonly month: string;
  readonly days: number;
}

export interface RetentionState {
  readonly days: readonly StoredDay[];
  readonly retired: readonly RetiredDay[];
  /** Months with an edition: sealing reads the rows, so they stay until then. */
  readonly sealed: ReadonlySet<string>;
}

/** What is to be done on a day, `YYYY-MM-DD` in Asia/Shanghai, oldest first. Pure. */
export function planRetention(
  { days, retired, sealed }: RetentionState,
  { successDays, failureDays }: Retention,
  today: string,
): { steps: RetentionStep[]; waiting: WaitingMonth[] } {
  const begun = retired.filter(({ done }) => !done);
  const steps: RetentionStep[] = begun.map((note) => ({
    table: note.table as Table,
    day: note.day,
    rule: note.rule,
    limitDays: note.limitDays,
    begun: note,
  }));
  const waiting = new Map<string, Set<string>>();
  for (const { table, day, rows } of days) {
    const age = daysBetween(day, today);
    if (age <= successDays || begun.some((note) => note.table === table && note.day === day))
      continue;
    const rule = age > failureDays || table === 'sample' ? 'dropped' : 'failures-kept';
    if (rule === 'failures-kept' && rows <= keptOf(retired, day)) continue;
    const month = day.slice(0, 7);
    if (sealed.has(month)) {
      const limitDays = age > failureDays ? failureDays : successDays;
      steps.push({ table, day, rule, limitDays, begun: null });
    } else waiting.set(month, (waiting.get(month) ?? new Set()).add(day));
  }
  return {
    steps: steps.sort((a, b) => compare(a.day, b.day) || compare(a.table, b.table)),
    waiting: [...waiting]
      .map(([month, found]) => ({ month, days: found.size }))
      .sort((a, b) => compare(a.month, b.month)),
  };
}

/** How many rows a trimmed day was left with; more than these are rows that came later. −1: not trimmed. */
function keptOf(retired: readonly RetiredDay[], day: string): number {
  const notes = retired.filter((note) => note.table === 'measurement' && note.day === day);
  return notes.reduce((last, note) => (note.rule === 'failures-kept' ? note.rowsKept : last), -1);
}

export interface RetentionCounts {
  readonly rowsBefore: number;
  readonly rowsKept: number;
}

export type RetentionOutcome = RetentionStep & RetentionCounts;

/** What the store has, for {@link planRetention}. */
export async function retentionState(store: Store): Promise<RetentionState> {
  const [days, retired, editions] = await Promise.all([
    Promise.all(TABLES.map((table) => storedDays(store, table))),
    store.query('retired_days', {}),
    store.query('editions', {}),
  ]);
  return { days: days.flat(), retired, sealed: new Set(editions.map(({ month }) => month)) };
}

interface RetireOptions {
  readonly now: () => Date;
  readonly today: string;
  readonly signal?: AbortSignal;
}

/**
 * Removes what is due.
 *
 * @param options.now for the notes; `today` is its day in Asia/Shanghai; `signal` ends it between two days
 * @throws StoreFault `retention-miscounted` when the copy of a day's failures is not whole; the day
 *   is left as it was
 */
export async function retire(
  store: Store,
  retention: Retention,
  { now, today, signal }: RetireOptions,
): Promise<{ done: RetentionOutcome[]; waiting: WaitingMonth[] }> {
  await dropForgottenTwins(store);
  const { steps, waiting } = planRetention(await retentionState(store), retention, today);
  const done: RetentionOutcome[] = [];
  for (const step of steps) {
    if (signal?.aborted) break;
    done.push(await carryOut(store, step, now()));
  }
  return { done, waiting };
}

/** What a step would remove and keep. */
export async function countStep(
  store: Store,
  { table, day, rule, begun }: RetentionStep,
): Promise<RetentionCounts> {
  const kept = rule === 'failures-kept' ? `countIf(${KEPT})` : '0';
  const [row] = await store.read<RetentionCounts>(
    `SELECT count() AS rowsBefore, ${kept} AS rowsKept FROM ${table} FINAL WHERE ${OF_DAY}`,
    { day },
  );
  const { rowsBefore = 0, rowsKept = 0 } = row ?? {};
  // Where the first run was cut off behind its work, the rows it removed are in its note alone.
  return { rowsBefore: Math.max(rowsBefore, begun?.rowsBefore ?? 0), rowsKept };
}

/** Days of which rows were removed, or are about to be: what is drawn from them now would be wrong. */
export async function retiredDays(store: Store): Promise<ReadonlySet<string>> {
  const retired = await store.query('retired_days', {});
  return new Set(retired.flatMap(({ table, day }) => (table === 'measurement' ? [day] : [])));
}

/** The latest of {@link retiredDays}; null where there is none. */
export async function newestRetiredDay(store: Store): Promise<string | null> {
  return [...(await retiredDays(store))].sort().at(-1) ?? null;
}

const KEPT = "outcome != 'ok'";
const OF_DAY = `start >= toDateTime64({day:String}, 3, 'Asia/Shanghai')
  AND start < toDateTime64({day:String}, 3, 'Asia/Shanghai') + toIntervalDay(1)`;

async function carryOut(store: Store, step: RetentionStep, now: Date): Promise<RetentionOutcome> {
  const { table, day, rule, limitDays, begun } = step;
  const counts = await countStep(store, step);
  const note: InsertOf<'retired_day'> = {
    table,
    day,
    at: begun?.at ?? now.toISOString(),
    rule,
    limitDays,
    ...counts,
    done: false,
  };
  const partition = Number(day.replaceAll('-', ''));
  if (counts.rowsKept === 0) {
    await store.insert('retired_day', [note]);
    await dropPartition(store, table, partition);
  } else {
    const twin = await makeTwin(store, table);
    try {
      await fillTwin(store, table, twin, `${OF_DAY} AND ${KEPT}`, { day });
      const [copied] = await store.read<{ rows: number }>(`SELECT count() AS rows FROM ${twin}`);
      if (copied?.rows !== counts.rowsKept) throw miscounted(day, counts.rowsKept, copied?.rows);
      await store.insert('retired_day', [note]);
      await replacePartition(store, table, partition, twin);
    } finally {
      // One that stays behind is removed a day later.
      await dropTwin(store, twin).catch(() => {});
    }
  }
  await store.insert('retired_day', [{ ...note, done: true }]);
  return { ...step, ...counts };
}

async function storedDays(store: Store, table: Table): Promise<StoredDay[]> {
  const partitions = await listPartitions(store, table);
  return partitions.map(({ partition, rows }) => ({
    table,
    day: partition.replace(/^(\d{4})(\d\d)(\d\d)$/, '$1-$2-$3'),
    rows,
  }));
}

function daysBetween(day: string, today: string): number {
  return Math.round((Date.parse(today) - Date.parse(day)) / 86_400_000);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function miscounted(day: string, expected: number, copied = 0): StoreFault {
  return new StoreFault(
    'retention-miscounted',
    `${day} 的失败记录应有 ${expected} 条,只复制出 ${copied} 条:该日未动,请再试一次`,
    `of ${day} there are ${expected} failures and ${copied} were copied: the day was left as it is, try again`,
  );
}
