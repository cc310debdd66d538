/**
 * A month of the whole province (`month.ts`) judged: every measured target rolled up by line and by
 * area of five levels, the figures of all targets at all levels for each carrier and for all, and the
 * monthly report with its formats, sealed from the measurements. The referee is the engine counting
 * the lines' runs over the same rows, once for every measured target.
 *
 * Others may use the machine meanwhile, so beside the time that passed stands the processor time, of
 * engine and station together.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pino } from 'pino';
import { writeMonthlyReport } from '../../api/editions.ts';
import { EvidenceReader } from '../../api/evidence.ts';
import type { AreaLevel } from '../../api/figure.ts';
import { readFigures } from '../../api/figures.ts';
import { judgementsOf, spanOf, spanParameters } from '../../api/judgement.ts';
import type { Plan } from '../../api/plan.ts';
import { uncheckedPlanOf } from '../../api/plan-source.ts';
import { monthOf, monthSpan } from '../../ingest/month.ts';
import { METRICS } from '../../probes/catalogue.ts';
import { startEngine } from '../../sql/engine.ts';
import { isMeasured } from '../../sql/indicator.ts';
import { defineMetricViews } from '../../sql/metric-views.ts';
import { migrate } from '../../sql/migrate.ts';
import { rollUpMonth } from '../../sql/rollup.ts';
import { openStore, type Store } from '../../sql/store.ts';
import { type Bench, type BenchContext, type Ratio, ratioOf } from './bench.ts';
import { generateMonth } from './month.ts';

const ROWS = 10_000_000;
const LEVELS: readonly AreaLevel[] = ['province', 'city', 'county', 'township', 'village'];
const GOAL_MS = 10_000;
/** A browser opens six connections to a server. */
const ASKED_AT_ONCE = 6;
/** Of processors' clocks in /proc, a second; Linux has it so on every machine Node runs on. */
const TICKS_PER_S = 100;

interface Cost {
  readonly wallMs: number;
  /** Of engine and station. */
  readonly cpuMs: number;
}

export const provinceBench: Bench = {
  name: 'province',
  onlyWhenAsked: true,
  run: async ({ directory, keep, rows = ROWS, progress }: BenchContext) => {
    const data = keep === undefined ? directory : join(keep, `month-${rows}`);
    mkdirSync(data, { recursive: true });
    const log = pino({ level: 'silent' });
    const engine = await startEngine({ directory: join(data, 'data'), log });
    const store = await openStore({ ...engine, log, timeoutMs: 900_000 });
    try {
      await migrate(store);
      await defineMetricViews(store, METRICS);
      const world = await prepare(store, join(data, 'month.json'), rows, progress);
      return await judge(store, engine.pid, world, join(data, 'reports'), progress);
    } finally {
      await store.close();
      await engine.stop();
    }
  },
};

interface World {
  readonly month: string;
  readonly rows: number;
}

/** Makes the month, or takes the one that is there. */
async function prepare(
  store: Store,
  note: string,
  rows: number,
  progress: (text: string) => void,
): Promise<World> {
  if (existsSync(note)) return JSON.parse(readFileSync(note, 'utf8')) as World;
  const month = monthOf(new Date(monthSpan(monthOf(new Date())).start.getTime() - 1));
  const begun = performance.now();
  const world = { month, rows: await generateMonth(store, { rows, month, progress }) };
  progress(`${world.rows} rows of ${month} in ${seconds(performance.now() - begun)}`);
  writeFileSync(note, JSON.stringify(world));
  return world;
}

async function judge(
  store: Store,
  enginePid: number,
  { month, rows }: World,
  reports: string,
  progress: (text: string) => void,
): Promise<Ratio[]> {
  const plan = uncheckedPlanOf('jiangsu-2013');
  const judgements = judgementsOf(plan);
  const reader = () => new EvidenceReader(store, plan, () => new Date());
  const measure = async (what: string, work: () => Promise<unknown>): Promise<Cost> => {
    const [cpu, begun] = [cpuMs(enginePid), performance.now()];
    await work();
    const cost = { wallMs: performance.now() - begun, cpuMs: cpuMs(enginePid) - cpu };
    progress(`${what}: ${seconds(cost.wallMs)}, processor ${seconds(cost.cpuMs)}`);
    return cost;
  };

  const scan = await measure('one count of every line', () => countLines(store, month));
  for (const judgement of judgements)
    await measure(`  ${judgement.indicator}`, () =>
      store.indicator(judgement.indicator, { ...spanParameters(month), ...judgement.evidence }),
    );
  const resting = peaks(enginePid);
  const rolled = await measure(`${judgements.length} measured targets rolled up`, () =>
    rollUpMonth(store, { period: month, signature: 'bench' }, spanOf(month), judgements, []),
  );
  const own = reader();
  const filed = await measure('figures of what was filed', () => drawAll(own, plan, month, false));
  const read = await measure('figures of what was measured', () => drawAll(own, plan, month, true));
  const report = await measure('the monthly report', () =>
    writeMonthlyReport(reader(), month, reports),
  );
  const peak = peaks(enginePid);
  progress(
    `peak memory: engine ${peak.engineMiB} MiB (${resting.engineMiB} before), station ${peak.stationMiB} MiB`,
  );

  const of = `of ${(rows / 1e6).toFixed(1)}M rows`;
  const computed = sum([rolled, filed]);
  const figures = sum([computed, read]);
  const referee = {
    wallMs: scan.wallMs * judgements.length,
    cpuMs: scan.cpuMs * judgements.length,
  };
  const against = `the engine counting, × ${judgements.length}`;
  const both = (what: string, cost: Cost, by: Cost = referee): Ratio[] => [
    ratioOf({ what: `${what} ${of}`, ours: cost.wallMs, referee: by.wallMs, against, unit: 'ms' }),
    ratioOf({
      what: `${what} ${of}`,
      ours: cost.cpuMs,
      referee: by.cpuMs,
      against,
      unit: 'CPU ms',
    }),
  ];
  return [
    ...both('measured targets rolled up', rolled),
    ...both('figures of what was filed', filed),
    ...both('all indicators computed', computed),
    ratioOf({
      what: `all indicators computed ${of}`,
      ours: computed.wallMs,
      referee: GOAL_MS,
      against: 'the goal',
      unit: 'ms',
    }),
    ...both('figures of what was measured, read', read),
    ...both('all figures', figures),
    ...both('the monthly report', report),
    ...both('figures and report', sum([figures, report])),
  ];
}

/** What is asked of a rolled-up month, as a page asks it: several targets at a time. */
async function drawAll(
  reader: EvidenceReader,
  plan: Plan,
  month: string,
  ofMeasured: boolean,
): Promise<void> {
  const waiting = plan.targets.filter(
    (target) => isMeasured(reader.indicatorOf(target)) === ofMeasured,
  );
  const drawNext = async () => {
    for (let target = waiting.shift(); target; target = waiting.shift())
      for (const carrier of [null, ...plan.carriers.map(({ code }) => code)])
        for (const level of LEVELS)
          await readFigures(reader, target, month, { carrier, within: plan.area, level });
  };
  await Promise.all(Array.from({ length: ASKED_AT_ONCE }, drawNext));
}

function countLines(store: Store, month: string): Promise<unknown> {
  const { start, end } = monthSpan(month);
  return store.read(
    `SELECT line, count() AS runs, max(received) AS newest FROM measurement FINAL
     WHERE start >= fromUnixTimestamp64Milli(${start.getTime()}, 'UTC') AND start < fromUnixTimestamp64Milli(${end.getTime()}, 'UTC')
     GROUP BY line`,
  );
}

function sum(costs: readonly Cost[]): Cost {
  return costs.reduce((a, b) => ({ wallMs: a.wallMs + b.wallMs, cpuMs: a.cpuMs + b.cpuMs }));
}

/** User and system time so far. */
function cpuMs(enginePid: number): number {
  // The second field is a name in brackets, with whatever in it.
  const stat = readFileSync(`/proc/${enginePid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
  const engineMs = ((Number(stat[11]) + Number(stat[12])) * 1000) / TICKS_PER_S;
  const { user, system } = process.cpuUsage();
  return engineMs + (user + system) / 1000;
}

function peaks(enginePid: number): { engineMiB: number; stationMiB: number } {
  const of = (pid: number) =>
    Math.round(
      Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    );
  return { engineMiB: of(enginePid), stationMiB: of(process.pid) };
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(2)} s`;
}
