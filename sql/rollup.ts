/**
 * The rollups: plain exact numbers drawn from the measurements by line × day, area × hour and day,
 * line × month and area × month, and drawn anew for whatever day has got rows since.
 *
 * What is out of date is seen from the data alone: every block that was written to a day's partition
 * raises its newest block number, merges do not. A run writes into partitions of its own and is noted
 * in `rollup_done` last; readers follow that note, so they see a run whole or not at all, and one that
 * was killed half-way is never seen and swept away later.
 */
import { readFileSync } from 'node:fs';
import {
  areasOf,
  type Judgement,
  judgedTogether,
  judging,
  type MonthSpan,
  monthRules,
} from './judgement.ts';
import { dropPartition } from './partition.ts';
import { type QueryRow, type RollupName, type RollupParameters, rollups } from './questions.ts';
import { retiredDays } from './retention.ts';
import { DRAWN, type TableName, tables } from './rows.ts';
import { bind, type Store } from './store.ts';

/** Of the day's rollups; raised by whatever alters one of their numbers. */
export const DAY_RULES = 'rollup/2';

/** A day or month, and all that its numbers are drawn from, as one text: another text, another run. */
export interface Stale {
  readonly period: string;
  readonly signature: string;
}

export type Done = QueryRow<'rollups_done'>;

/**
 * Days whose rows are newer than their rollup, latest first. Pure.
 *
 * @param frozen days whose rows are no longer whole: their rollups stay as they are
 */
export function staleDays(
  measured: readonly QueryRow<'measured_days'>[],
  done: readonly Done[],
  frozen: ReadonlySet<string>,
): Stale[] {
  const known = new Map(
    done.filter(({ scope }) => scope === 'day').map((row) => [row.period, row]),
  );
  return measured
    .filter(({ day, signature }) => {
      const run = known.get(day);
      return !frozen.has(day) && (run?.signature !== signature || run.rules !== DAY_RULES);
    })
    .map(({ day, signature }) => ({ period: day, signature }))
    .sort((a, b) => (a.period < b.period ? 1 : -1));
}

/**
 * Months whose days, lines or rules differ from what their rollup saw, latest first. Pure.
 *
 * @param lines of each month, the signature of the lines there are
 */
export function staleMonths(
  measured: readonly QueryRow<'measured_days'>[],
  done: readonly Done[],
  frozen: ReadonlySet<string>,
  judgements: readonly Judgement[],
  lines: ReadonlyMap<string, string>,
): Stale[] {
  const rules = monthRules(judgements);
  const months = new Map<string, string>();
  for (const { day, signature } of [...measured].sort((a, b) => (a.day < b.day ? -1 : 1))) {
    const month = day.slice(0, 7);
    months.set(
      month,
      `${months.get(month) ?? `${lines.get(month) ?? ''};`} ${day.slice(8)}:${signature}`,
    );
  }
  const frozenMonths = new Set([...frozen].map((day) => day.slice(0, 7)));
  const known = new Map(
    done.filter(({ scope }) => scope === 'month').map((row) => [row.period, row]),
  );
  return [...months]
    .filter(([month, signature]) => {
      const run = known.get(month);
      return !frozenMonths.has(month) && (run?.signature !== signature || run.rules !== rules);
    })
    .map(([period, signature]) => ({ period, signature }))
    .sort((a, b) => (a.period < b.period ? 1 : -1));
}

/**
 * Draws one day anew and has readers follow. Killed anywhere, it is as if it had not begun.
 *
 * @param done what is noted now: the new run is greater than every run there
 */
export async function rollUpDay(
  store: Store,
  { period: day, signature }: Stale,
  done: readonly Done[],
): Promise<void> {
  const run = nextRun(done);
  const parameters = { day, run, rules: DAY_RULES };
  await draw(store, 'line_day', parameters);
  await draw(store, 'area_hour', parameters);
  await draw(store, 'area_day', parameters);
  const [counted] = await store.read<Counted>(
    `SELECT
         sum(runs) + sum(skipped) AS rows, ${HEARD},
         (SELECT nullIf(max(received), toDateTime64(0, 6, 'UTC')) FROM measurement FINAL
          WHERE toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai')) = toYYYYMMDD({day:Date})) AS newest
     FROM line_day WHERE day = {day:Date} AND run = {run:UInt64}`,
    parameters,
  );
  await note(store, { scope: 'day', period: day, run, signature, rules: DAY_RULES }, counted);
}

/** Judges every subject of a month anew, draws the areas, and has readers follow. */
export async function rollUpMonth(
  store: Store,
  { period: month, signature }: Stale,
  span: MonthSpan,
  judgements: readonly Judgement[],
  done: readonly Done[],
): Promise<void> {
  const run = nextRun(done);
  for (const together of judgedTogether(judgements)) {
    const { question, params } = judging(month, run, span, together);
    await insertSelect(store, 'line_month', question, params);
  }
  await draw(store, 'area_month', areasOf(month, run, span, judgements));
  const days = done.filter(({ scope, period }) => scope === 'day' && period.startsWith(month));
  const [heard] = await store.read<{ lines: number }>(
    `SELECT ${HEARD} FROM line_day WHERE ${COUNTING}`,
    countingOf(days),
  );
  await note(
    store,
    { scope: 'month', period: month, run, signature, rules: monthRules(judgements) },
    {
      rows: days.reduce((sum, { rows }) => sum + rows, 0),
      lines: heard?.lines ?? 0,
      newest: days.reduce<string | null>(
        (newest, day) => ((day.newest ?? '') > (newest ?? '') ? day.newest : newest),
        null,
      ),
    },
  );
}

/**
 * Draws a day or month once more, beside what is kept of it, and compares.
 *
 * @param of of a month: its span and the plan's judgements
 * @returns the tables that say something else than the measurements do now, as those of a stale period may
 */
export async function differingRollups(
  store: Store,
  { scope, period, run, rows }: Done,
  of: { readonly span: MonthSpan; readonly judgements: readonly Judgement[] } | null,
): Promise<TableName[]> {
  const found = new Set<TableName>();
  const compare = async (into: TableName, question: string, params: Bound, where: string) => {
    const hash = `count(), sum(cityHash64(toString((${Object.keys(tables[into]).join(', ')}))))`;
    const [row] = await store.read<{ equal: number }>(
      `SELECT (SELECT (${hash}) FROM (\n${question}\n)) = (SELECT (${hash}) FROM ${into} WHERE run = {run:UInt64} AND ${where}) AS equal`,
      params,
    );
    if (!row?.equal) found.add(into);
  };
  if (scope === 'day') {
    const params = { day: period, run, rules: DAY_RULES };
    const day = 'day = {day:Date}';
    await compare('line_day', textOf('line_day'), params, day);
    await compare('area_step', textOf('area_hour'), params, `${day} AND step = 'hour'`);
    await compare('area_step', textOf('area_day'), params, `${day} AND step = 'day'`);
    const [counted] = await store.read<{ rows: number }>(
      `SELECT count() AS rows FROM measurement FINAL
       WHERE toYYYYMMDD(toTimeZone(start, 'Asia/Shanghai')) = toYYYYMMDD({day:Date})`,
      params,
    );
    if (counted?.rows !== rows) found.add('rollup_done');
  } else if (of) {
    const month = 'month = {month:String}';
    for (const judgement of of.judgements) {
      const { question, params } = judging(period, run, of.span, [judgement]);
      const target = { target: judgement.target };
      await compare(
        'line_month',
        question,
        { ...params, ...target },
        `${month} AND target = {target:String}`,
      );
    }
    const params = areasOf(period, run, of.span, of.judgements);
    await compare('area_month', textOf('area_month'), params, month);
  }
  return [...found];
}

/** Runs of one month that are worth packing: beyond them a reader opens more parts than days' worth. */
const PACK_FROM = 3;

/** Months that are over and lie in several runs, latest first; none that has a stale day. Pure. */
export function monthsToPack(
  done: readonly Done[],
  stale: readonly Stale[],
  running: string,
): string[] {
  const runs = new Map<string, Set<number>>();
  for (const { scope, period, run } of done) {
    const month = period.slice(0, 7);
    if (scope === 'day' && month < running)
      runs.set(month, (runs.get(month) ?? new Set()).add(run));
  }
  return [...runs]
    .filter(
      ([month, { size }]) =>
        size >= PACK_FROM && !stale.some(({ period }) => period.startsWith(month)),
    )
    .map(([month]) => month)
    .sort()
    .reverse();
}

/** Copies the days of a month, each by the run that counts, into one run, and has readers follow. */
export async function packMonth(store: Store, month: string, done: readonly Done[]): Promise<void> {
  const run = nextRun(done);
  const days = done.filter(({ scope, period }) => scope === 'day' && period.startsWith(month));
  for (const table of ['line_day', 'area_step'] as const)
    await insertSelect(
      store,
      table,
      `SELECT * REPLACE ({packed:UInt64} AS run) FROM (SELECT * FROM ${table} WHERE ${COUNTING})`,
      { ...countingOf(days), packed: run },
    );
  const packed = new Date().toISOString();
  await store.insert(
    'rollup_done',
    days.map((day) => ({ ...day, run, done: packed })),
  );
}

/**
 * Drops the partitions of runs that count no more, a minute after others took their place, for a
 * reader may be at one; those that were never noted after an hour, for somebody may be at work.
 */
export async function sweepRollups(store: Store, now: Date): Promise<void> {
  const done = await store.query('rollups_done', {});
  const counting = done.map(({ run }) => run);
  const settled = new Map(
    done
      .filter((run) => Date.parse(run.done) < now.getTime() - READING_MS)
      .map(({ period, run }) => [period, run]),
  );
  for (const table of DRAWN) {
    const days = table === 'line_day' || table === 'area_step';
    const others = await store.read<{ partition: number | string; run: number; periods: string[] }>(
      `SELECT ${days ? 'toYYYYMM(day)' : 'toString(month)'} AS partition, run,
           groupUniqArray(toString(${days ? 'day' : 'month'})) AS periods
       FROM ${table} WHERE run NOT IN {counting:Array(UInt64)} GROUP BY partition, run`,
      { counting },
    );
    for (const { partition, run, periods } of others)
      if (
        periods.every((period) => (settled.get(period) ?? 0) > run) ||
        run < (now.getTime() - DRAWING_MS) * CHANCE
      )
        await dropPartition(store, table, [partition, run]);
  }
}

const READING_MS = 60_000;
const DRAWING_MS = 3_600_000;

/** Rows of the runs that count; a packed run may hold a day that was drawn anew since. */
const COUNTING = `run IN {runs:Array(UInt64)}
    AND transform(day, {days:Array(Date)}, {runs:Array(UInt64)}, toUInt64(0)) = run`;

function countingOf(days: readonly Done[]): Bound {
  return { days: days.map(({ period }) => period), runs: days.map(({ run }) => run) };
}

/** Lines heard; the station's own are counted nowhere. */
const HEARD =
  "uniqExactIf(line, line NOT IN (SELECT line FROM line FINAL WHERE technology = 'loopback')) AS lines";

interface Counted {
  readonly rows: number;
  readonly lines: number;
  readonly newest: string | null;
}

async function draw<Name extends RollupName>(
  store: Store,
  name: Name,
  parameters: RollupParameters<Name>,
): Promise<void> {
  const { into, params } = rollups[name];
  await insertSelect(store, into, textOf(name), bind(params, parameters));
}

type Bound = Readonly<Record<string, unknown>>;

function insertSelect(
  store: Store,
  into: TableName,
  question: string,
  parameters: Bound,
): Promise<void> {
  const columns = Object.keys(tables[into]).join(', ');
  return store.command(
    `INSERT INTO ${into} (${columns}) SELECT ${columns} FROM (\n${question}\n)`,
    parameters,
  );
}

/** Not where rows were removed meanwhile, or may have been: the run may have seen the rest alone. */
async function note(
  store: Store,
  run: Pick<Done, 'scope' | 'period' | 'run' | 'signature' | 'rules'>,
  counted: Counted | undefined,
): Promise<void> {
  for (const day of await retiredDays(store)) if (day.startsWith(run.period)) return;
  const { rows = 0, lines = 0, newest = null } = counted ?? {};
  await store.insert('rollup_done', [
    { ...run, rows, lines, newest, done: new Date().toISOString() },
  ]);
}

const texts = new Map<RollupName, string>();

/** The text of a rollup, read once. */
export function textOf(name: RollupName): string {
  let text = texts.get(name);
  if (text === undefined) {
    text = readFileSync(new URL(`./rollups/${name}.sql`, import.meta.url), 'utf8');
    texts.set(name, text);
  }
  return text;
}

const CHANCE = 2 ** 11;

/**
 * A later run is greater, whatever became of the clock; two stations that begin one in the same
 * millisecond still differ.
 */
function nextRun(done: readonly Done[]): number {
  const latest = done.reduce((max, { run }) => Math.max(max, run), 0);
  return Math.max(Date.now() * CHANCE, latest + 1) + Math.floor(Math.random() * CHANCE);
}
