/**
 * The page's questions on a month of a province (`province.ts`), asked of the real station over HTTP,
 * one at a time. The referee is the engine reading raw rows for the same figure; with several sizes
 * (`--rows 10000000,100000000`) each question is also held against itself at the first size, since
 * its cost should grow with the answer and not with the table.
 *
 * `--keep DIR` leaves the datasets there and takes them from there the next time; `--minutes N` bounds
 * the asking at one size, for answers that are slow.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pino } from 'pino';
import { monthOf, monthSpan } from '../../ingest/month.ts';
import { startEngine } from '../../sql/engine.ts';
import { migrate } from '../../sql/migrate.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { quietStation, withEngine } from '../faults/quiet-station.ts';
import { startStation, tongda } from '../tongda.ts';
import { type Bench, type BenchContext, median, type Ratio, ratioOf } from './bench.ts';
import { CARRIERS, generateProvince } from './province.ts';

const ROWS = 2_000_000;
const REQUESTS = 50;
/** Of all questions of one size; one that takes long is asked fewer times. */
const MINUTES = 15;
/** The reader keeps an answer for three seconds; nothing is asked of it while it does. */
const KEPT_MS = 3_100;
const TARGETS = ['ipv6-network', 'access-rate'];

interface Dataset {
  readonly rows: number;
  readonly month: string;
}

interface Question {
  readonly what: string;
  /** What the issue asks for, of p95; printed, never asserted. */
  readonly goalMs: number | null;
  /** Request paths, all different; one by one, `apartMs` from the one before. */
  readonly paths: readonly string[];
  readonly apartMs: number;
  /** The same figure by the engine from raw rows. */
  readonly raw: (store: Store) => Promise<unknown>;
}

export const questionsBench: Bench = {
  name: 'questions',
  onlyWhenAsked: true,
  run: async ({ directory, keep, sizes = [ROWS], minutes = MINUTES, progress }: BenchContext) => {
    const ratios: Ratio[] = [];
    const first = new Map<string, Ratio>();
    for (const rows of sizes) {
      const settings = quietStation(roomFor(keep ?? directory, rows));
      const dataset = await prepare(settings.TONGDA_DATA as string, rows, progress);
      for (const ratio of await askAll(settings, dataset, minutes, progress)) {
        ratios.push({ ...ratio, what: `${ratio.what}, ${millions(dataset.rows)}M rows` });
        const before = first.get(ratio.what);
        if (!before) first.set(ratio.what, ratio);
        else
          ratios.push(
            ratioOf({
              ...ratio,
              what: `${ratio.what}, ${millions(dataset.rows)}M rows`,
              referee: before.ours,
              against: `itself at ${millions(sizes[0] ?? rows)}M`,
            }),
          );
      }
    }
    return ratios;
  },
};

function roomFor(directory: string, rows: number): string {
  const room = join(directory, `rows-${rows}`);
  mkdirSync(room, { recursive: true });
  return room;
}

/** Makes the dataset in `data`, or takes the one that is there. */
async function prepare(
  data: string,
  rows: number,
  progress: (text: string) => void,
): Promise<Dataset> {
  const note = join(data, '..', 'dataset.json');
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as Dataset;
  mkdirSync(data, { recursive: true });
  const month = monthOf(new Date(monthSpan(monthOf(new Date())).start.getTime() - 1));
  return onOwnEngine(data, async (store) => {
    await migrate(store);
    const begun = performance.now();
    const made = await generateProvince(store, { rows, month, progress });
    progress(`${made} rows of ${month} in ${Math.round((performance.now() - begun) / 1000)} s`);
    const dataset: Dataset = { rows: made, month };
    writeFileSync(note, JSON.stringify(dataset));
    return dataset;
  });
}

/** While no station runs on the data. */
async function onOwnEngine<T>(data: string, work: (store: Store) => Promise<T>): Promise<T> {
  const log = pino({ level: 'silent' });
  const engine = await startEngine({ directory: data, log });
  const store = await openStore({ ...engine, log, timeoutMs: 900_000 });
  try {
    return await work(store);
  } finally {
    await store.close();
    await engine.stop();
  }
}

async function askAll(
  settings: Record<string, string>,
  { month, rows }: Dataset,
  minutes: number,
  progress: (text: string) => void,
): Promise<Ratio[]> {
  await rollUp(settings, progress);
  await onOwnEngine(settings.TONGDA_DATA as string, (store) => addYear(store, month, progress));
  const begun = performance.now();
  const station = await startStation(settings);
  try {
    const startMs = performance.now() - begun;
    progress(`the station is up after ${Math.round(startMs)} ms (goal 3000)`);
    const { questions, size } = await withEngine(settings, async (store) => ({
      questions: await questionsOf(store, month),
      size: await bytesPerRow(store),
    }));
    const ratios: Ratio[] = [
      ratioOf({
        what: 'start of the station',
        ours: startMs,
        referee: 3_000,
        against: 'the goal',
        unit: 'ms',
      }),
      size,
    ];
    progress(`${size.ours.toFixed(1)} bytes a row (goal 20)`);
    for (const question of questions) {
      const took = await ask(station.url, question, (minutes * 60_000) / questions.length);
      const rawMs = await withEngine(settings, (store) => timeRaw(store, question));
      const [p50, p95] = [quantile(took, 0.5), quantile(took, 0.95)];
      const goal = question.goalMs === null ? '' : ` (goal ${question.goalMs})`;
      progress(
        `${question.what}: p50 ${p50.toFixed(1)} ms, p95 ${p95.toFixed(1)} ms${goal}, ${took.length} requests; raw ${rawMs.toFixed(1)} ms`,
      );
      ratios.push(
        ratioOf({
          what: `p95 of ${question.what}`,
          ours: p95,
          referee: rawMs,
          against: 'the engine on raw rows',
          unit: 'ms',
        }),
      );
    }
    progress(`${rows} rows done`);
    return ratios;
  } finally {
    await station.stop();
  }
}

/** Brings the rollups up to date, as a running station does in the background. */
async function rollUp(
  settings: Record<string, string>,
  progress: (text: string) => void,
): Promise<void> {
  const { code, stdout, stderr } = await tongda(['store', 'rollup', '--json'], settings);
  if (code !== 0) throw new Error(`the rollups failed: ${stderr}`);
  const { drawn, tookS } = JSON.parse(stdout) as { drawn: number; tookS: number };
  progress(`${drawn} days and months rolled up in ${tookS} s`);
}

/**
 * Rollups of the eleven months before, as a station holds them whose measurements of then are gone:
 * those of the month itself, moved. Only of the metric the year is asked of; others lie apart from it.
 */
async function addYear(
  store: Store,
  month: string,
  progress: (text: string) => void,
): Promise<void> {
  const done = (await store.query('rollups_done', {})).filter(({ scope }) => scope === 'day');
  const days = done.filter(({ period }) => period.startsWith(month));
  if (done.length > days.length) return;
  const begun = performance.now();
  for (let back = 1; back < 12; back++) {
    const moved = await store.read<{ period: string; run: number }>(
      `SELECT toString(addMonths(day, -${back})) AS period, {run:UInt64} - ${back} AS run
       FROM (SELECT toDate(arrayJoin({days:Array(String)})) AS day)
       WHERE toDayOfMonth(addMonths(day, -${back})) = toDayOfMonth(day)
       ORDER BY period`,
      { days: days.map(({ period }) => period), run: days[0]?.run },
    );
    await store.command(
      `INSERT INTO line_day SELECT * REPLACE (addMonths(day, -${back}) AS day, run - ${back} AS run)
       FROM
       (
           SELECT * FROM line_day
           WHERE metric = 'icmp-rtt' AND run = {run:UInt64} AND toYYYYMM(day) = toYYYYMM(toDate({first:String}))
               AND toDayOfMonth(addMonths(day, -${back})) = toDayOfMonth(day)
       )`,
      { run: days[0]?.run, first: `${month}-01` },
    );
    const [like] = days;
    if (like)
      await store.insert(
        'rollup_done',
        moved.map((own) => ({ ...like, ...own })),
      );
  }
  progress(`eleven months before in ${Math.round((performance.now() - begun) / 1000)} s`);
}

async function questionsOf(store: Store, month: string): Promise<Question[]> {
  const codes = (level: string, seed: number) =>
    store
      .read<{ code: string }>(
        `SELECT code FROM place FINAL WHERE level = {level:String} ORDER BY cityHash64(code, ${seed}) LIMIT ${REQUESTS}`,
        { level },
      )
      .then((rows) => rows.map(({ code }) => code));
  const villages = await codes('village', 1);
  const counties = await codes('county', 2);
  const { start, end } = monthSpan(month);
  const span = `start >= fromUnixTimestamp64Milli(${start.getTime()}, 'UTC') AND start < fromUnixTimestamp64Milli(${end.getTime()}, 'UTC')`;
  const carriers = ['', ...CARRIERS];
  // Both targets in turn: either is asked once in the time the reader keeps an answer.
  const coverage = (level: string) =>
    Array.from({ length: REQUESTS }, (_, index) => {
      const target = TARGETS[index % 2];
      const carrier = carriers[Math.floor(index / 2) % carriers.length];
      return `/v1/coverage?month=${month}&level=${level}&target=${target}&carrier=${carrier}&turn=${index}`;
    });
  const reach = `SELECT line, any(place), any(carrier), countIf(metric = 'tcp-connect'), countIf(metric = 'tcp-connect' AND outcome = 'ok'),
           countIf(metric = 'http-fetch'), countIf(metric = 'http-fetch' AND outcome = 'ok'), uniqExact(toDate(start, 'Asia/Shanghai'))
       FROM measurement FINAL
       WHERE metric IN ('tcp-connect', 'http-fetch') AND family = 6 AND outcome != 'skipped' AND ${span}
       GROUP BY line`;
  const village = villages[0] ?? '';
  const county = counties[0] ?? '';
  // Hashed in the engine, so that the referee does not wait for us to read its answer.
  const hashed = (sql: string) => (asked: Store) =>
    asked.read(`SELECT sum(cityHash64(*)) FROM (${sql})`);
  return [
    {
      what: 'map of a month by county',
      goalMs: 20,
      paths: coverage('county'),
      apartMs: KEPT_MS / TARGETS.length,
      raw: hashed(reach),
    },
    {
      what: "one place's year of daily medians",
      goalMs: 100,
      paths: villages.map(
        (code) => `/v1/series?metric=icmp-rtt&value=rttMedianMs&within=${code}&hours=8760`,
      ),
      apartMs: 0,
      raw: hashed(
        `SELECT family, toDate(start, 'Asia/Shanghai') AS day, quantilesExactInclusive(0.1, 0.5, 0.9)(assumeNotNull(v1))
           FROM measurement FINAL
           WHERE metric = 'icmp-rtt' AND startsWith(place, '${village}') AND v1 IS NOT NULL
           GROUP BY family, day`,
      ),
    },
    {
      what: 'a month of all villages',
      goalMs: 1_000,
      paths: coverage('village'),
      apartMs: KEPT_MS / TARGETS.length,
      raw: hashed(reach),
    },
    {
      what: 'the lines of a county',
      goalMs: null,
      paths: counties.map((code) => `/v1/lines?month=${month}&within=${code}&limit=1000`),
      apartMs: 0,
      raw: hashed(
        `SELECT line, metric, family, target, outcome, stage, code, count(), max(received)
           FROM measurement FINAL
           WHERE startsWith(place, '${county}') AND ${span}
           GROUP BY ALL`,
      ),
    },
    {
      what: 'the newest page of measurements',
      goalMs: null,
      paths: Array.from(
        { length: REQUESTS },
        (_, turn) => `/v1/measurements?limit=100&turn=${turn}`,
      ),
      apartMs: 0,
      raw: hashed('SELECT * FROM measurement FINAL ORDER BY received DESC LIMIT 100'),
    },
    {
      what: 'the overview',
      goalMs: null,
      paths: Array.from(
        { length: REQUESTS },
        (_, index) =>
          `/v1/overview?month=${month}&carrier=${carriers[index % carriers.length]}&turn=${index}`,
      ),
      apartMs: KEPT_MS,
      raw: hashed(
        `SELECT count(), uniqExact(line), max(received) FROM measurement FINAL WHERE ${span}`,
      ),
    },
  ];
}

/** How long each answer took, ms; an answer that is none ends the bench. */
async function ask(url: string, { paths, apartMs }: Question, spanMs: number): Promise<number[]> {
  const took: number[] = [];
  const until = performance.now() + spanMs;
  for (const path of paths) {
    const begun = performance.now();
    const answer = await fetch(`${url}${path}`);
    const body = await answer.arrayBuffer();
    took.push(performance.now() - begun);
    if (answer.status !== 200)
      throw new Error(`${path}: ${answer.status} ${Buffer.from(body).toString().slice(0, 300)}`);
    if (performance.now() > until) break;
    await sleep(Math.max(0, begun + apartMs - performance.now()));
  }
  return took;
}

/** The median of three. */
async function timeRaw(store: Store, { raw }: Question): Promise<number> {
  const took: number[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const begun = performance.now();
    await raw(store);
    took.push(performance.now() - begun);
  }
  return median(took);
}

async function bytesPerRow(store: Store): Promise<Ratio> {
  const [sizes] = await store.read<{ stored: number; text: number }>(
    `SELECT
         (SELECT sum(bytes_on_disk) / sum(rows) FROM system.parts
          WHERE database = currentDatabase() AND table = 'measurement' AND active) AS stored,
         (SELECT avg(length(formatRow('JSONEachRow', *))) FROM (SELECT * FROM measurement LIMIT 100000)) AS text`,
  );
  return ratioOf({
    what: 'size of a measurement at rest',
    ours: sizes?.stored ?? Number.NaN,
    referee: sizes?.text ?? Number.NaN,
    against: 'NDJSON',
    unit: 'B/row',
  });
}

function quantile(values: readonly number[], p: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * p))] ?? Number.NaN;
}

function millions(rows: number): number {
  return Math.round(rows / 100_000) / 10;
}
