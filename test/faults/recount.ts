/** Whether the store holds what it must, and answers the figures that follow from it. */
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { rollUp } from '../../api/rollup-keeper.ts';
import { metricNamed } from '../../probes/catalogue.ts';
import type { Store } from '../../sql/store.ts';
import type { Fact, Journal } from './journal.ts';

interface Stored {
  readonly sequence: number;
  readonly metric: string;
  readonly start: string;
  readonly outcome: 'ok' | 'failed';
  readonly rttMs: number | null;
}

/** What is wrong, in words; empty when all is well. */
type Check = (store: Store, probe: string, journal: Journal) => Promise<string[]>;

const slotOf = (metric: string) =>
  metricNamed(metric)?.values.findIndex(({ name }) => name === 'rttMedianMs') ?? -1;
const METRICS = ['tcp-connect', 'icmp-rtt'];
const slots = [...METRICS.map((metric) => `metric = '${metric}', ${slotOf(metric)}`), '-1'].join();

/** The round trip of each metric the writer uses: stored in the slot its place in the metric says, in µs. */
const rttMs = [
  ...METRICS.map((metric) => `metric = '${metric}', v${slotOf(metric)} / 1000`),
  'NULL',
].join(', ');

/** Row by row: nothing acknowledged is missing, nothing spooled either, nothing is there twice or changed. */
const rowsEqualJournal: Check = async (store, probe, journal) => {
  const stored = await store.read<Stored>(
    `SELECT sequence, metric, start, outcome, multiIf(${rttMs}) AS rttMs
     FROM measurement FINAL WHERE probe = {probe:String}`,
    { probe },
  );
  const found = new Map<number, Fact>();
  const wrong: string[] = [];
  for (const { sequence, metric, start, outcome, rttMs } of stored) {
    const fact: Fact = [sequence, metric, start, outcome, rttMs];
    if (found.has(fact[0])) wrong.push(`counted twice: ${fact[0]}`);
    found.set(fact[0], fact);
    const written = journal.written.get(fact[0]);
    if (!written) wrong.push(`never written: ${fact[0]}`);
    else if (JSON.stringify(written) !== JSON.stringify(fact))
      wrong.push(`changed: ${JSON.stringify(written)} is stored as ${JSON.stringify(fact)}`);
  }
  for (const sequence of journal.acknowledged)
    if (!found.has(sequence)) wrong.push(`acknowledged and lost: ${sequence}`);
  for (const sequence of journal.written.keys())
    if (!found.has(sequence) && !journal.acknowledged.has(sequence))
      wrong.push(`spooled and lost: ${sequence}`);
  return wrong;
};

/** Nothing of a healthy probe is quarantined, whatever was killed. */
const nothingQuarantined: Check = async (store, probe) => {
  const rows = await store.read<{ code: string; n: number }>(
    'SELECT code, count() AS n FROM quarantine FINAL WHERE probe = {probe:String} GROUP BY code',
    { probe },
  );
  return rows.map(({ code, n }) => `quarantined: ${n} as ${code}`);
};

/** The questions the page asks, against a count from scratch. */
const figuresEqualRecount: Check = async (store, probe, journal) => {
  const span = {
    lines: [probe],
    probes: [],
    start: '2000-01-01T00:00:00Z',
    end: '2100-01-01T00:00:00Z',
  };
  const outcomes = Object.fromEntries(
    (await store.query('line_outcomes', span)).map(({ metric, outcome, runs }) => [
      `${metric} ${outcome}`,
      runs,
    ]),
  );
  const medians = Object.fromEntries(
    (await store.query('line_medians', span))
      .filter(({ statistic }) => statistic === 'rttMs')
      .map(({ metric, median, n }) => [metric, { median: rounded(median), n }]),
  );
  const expected = Object.fromEntries(
    Object.entries(journal.medians()).map(([metric, { median, n }]) => [
      metric,
      { median: rounded(median), n },
    ]),
  );
  return [
    ...differences('runs', outcomes, journal.outcomes()),
    ...differences('medians', medians, expected),
  ];
};

const plan = uncheckedPlanOf('jiangsu-2013');
/** A rollup that is still stale after so many turns never settles. */
const TURNS = 10;

/** The rollups that the killed stations left, brought up to date, against the same recount. */
const rollupsEqualRecount: Check = async (store, probe, journal) => {
  for (let turn = 0; (await rollUp(store, plan)) > 0; turn++)
    if (turn > TURNS) return ['the rollups never settle'];
  const days = await store.read<{ key: string; runs: number; medianMs: number; n: number }>(
    `SELECT concat(metric, ' ', toString(day)) AS key, sum(line_day.runs) AS runs,
         any(medianTenths[slot]) / 10000 AS medianMs, any(valued[slot]) AS n
     FROM (SELECT *, multiIf(${slots}) + 1 AS slot FROM line_day) AS line_day
     WHERE line = {probe:String} AND (toString(day), run) IN (SELECT period, run FROM rollup_done FINAL)
     GROUP BY metric, day HAVING n > 0`,
    { probe },
  );
  const medians = Object.fromEntries(
    days.map(({ key, medianMs, n }) => [key, { median: rounded(medianMs), n }]),
  );
  const expected = Object.fromEntries(
    Object.entries(journal.mediansByDay()).map(([key, { median, n }]) => [
      key,
      { median: rounded(median), n },
    ]),
  );
  const months = (await store.query('rollups_done', {})).filter(({ scope }) => scope === 'month');
  const rows = months.reduce((sum, month) => sum + month.rows, 0);
  // Other probes may have reported too.
  const [there] = await store.read<{ rows: number }>(
    'SELECT count() AS rows FROM measurement FINAL',
  );
  return [
    ...differences('a day’s medians', medians, expected),
    ...differences('months', { rows }, { rows: there?.rows }),
  ];
};

function rounded(ms: number): number {
  return Math.round(ms * 1e6) / 1e6;
}

/** Every check of the crash test; whatever is derived from measurements adds its own here. */
const CHECKS: readonly Check[] = [
  rowsEqualJournal,
  nothingQuarantined,
  figuresEqualRecount,
  rollupsEqualRecount,
];

/** Of each check: one fault often shows in thousands of rows. */
const SHOWN = 10;

export async function recount(store: Store, probe: string, journal: Journal): Promise<string[]> {
  const wrong: string[] = [];
  for (const check of CHECKS) {
    const found = await check(store, probe, journal);
    wrong.push(...found.slice(0, SHOWN));
    if (found.length > SHOWN) wrong.push(`… and ${found.length - SHOWN} more of this check`);
  }
  return wrong;
}

function differences(
  what: string,
  stored: Record<string, unknown>,
  expected: Record<string, unknown>,
): string[] {
  return [...new Set([...Object.keys(stored), ...Object.keys(expected)])]
    .filter((key) => JSON.stringify(stored[key]) !== JSON.stringify(expected[key]))
    .map(
      (key) =>
        `${what} of ${key}: stored ${JSON.stringify(stored[key])}, counted ${JSON.stringify(expected[key])}`,
    );
}
