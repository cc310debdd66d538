/**
 * `npm run bench:accuracy`: what we measure beside known truth and the field's own tools, in one run on
 * one machine. `--only NAME` runs one of the list, `--quick` a part of each, `--json FILE` writes the
 * rows, `--markdown FILE` the table of `probes/README.md`; progress goes to standard error. Needs Linux
 * and root. The machine should have nothing else to do.
 *
 * Exit code: 0 every goal was met, 1 some were not, 2 wrong usage, or a bench that could not be run.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg, release } from 'node:os';
import { parseArgs } from 'node:util';
import { conditionsAccuracy } from './conditions.ts';
import { loadedAccuracy } from './loaded.ts';
import type { Accuracy, AccuracyRow } from './row.ts';
import { rttAccuracy } from './rtt.ts';
import { stampAccuracy } from './stamp.ts';
import { throughputAccuracy } from './throughput.ts';

const ACCURACIES: readonly Accuracy[] = [
  rttAccuracy,
  stampAccuracy,
  throughputAccuracy,
  loadedAccuracy,
  conditionsAccuracy,
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    quick: { type: 'boolean', default: false },
    json: { type: 'string' },
    markdown: { type: 'string' },
  },
});

const chosen = ACCURACIES.filter(({ name }) => values.only === undefined || name === values.only);
if (chosen.length === 0) {
  console.error(
    `没有名为 ${values.only} 的准确度基准 · there is no accuracy bench ${values.only}: ${ACCURACIES.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const load = loadavg()[0] ?? 0;
const rows: AccuracyRow[] = [];
let broken = false;
for (const { name, run } of chosen) {
  const progress = (text: string) => console.error(`${name}: ${text}`);
  try {
    rows.push(...(await run({ quick: values.quick, progress })));
  } catch (error) {
    // What the others found is not lost with it.
    broken = true;
    progress(error instanceof Error ? error.message : String(error));
  }
}

const machine = `${process.platform} ${release()}, ${cpus().length} × ${cpus()[0]?.model.trim()}, Node ${process.versions.node}, ${new Date().toISOString().slice(0, 10)}, load average at the start ${load.toFixed(2)}`;
if (values.json) writeFileSync(values.json, `${JSON.stringify({ machine, rows }, null, 2)}\n`);
if (values.markdown) writeFileSync(values.markdown, markdown(rows, machine));
console.log(machine);
console.table(rows.map(shown));
const missed = rows.filter(({ met }) => !met);
console.log(
  `${rows.length - missed.length}/${rows.length} 达标 · goals met${missed.length > 0 ? `; 未达 missed: ${missed.map(({ what, against }) => `${what} (${against})`).join('; ')}` : ''}`,
);
process.exitCode = broken ? 2 : missed.length === 0 ? 0 : 1;

function shown({ what, ours, referee, against, unit, difference, goal, met }: AccuracyRow) {
  return {
    what,
    ours: significant(ours),
    referee: significant(referee),
    against,
    unit,
    difference: significant(difference),
    goal: significant(goal),
    met: met ? 'met' : 'MISSED',
  };
}

function markdown(rows: readonly AccuracyRow[], machine: string): string {
  const lines = rows.map((row) => `| ${Object.values(shown(row)).map(String).join(' | ')} |`);
  return [
    machine,
    '',
    '| what | ours | referee | against | unit | difference | goal | |',
    '|---|---|---|---|---|---|---|---|',
    ...lines,
    '',
  ].join('\n');
}

function significant(value: number): number {
  return Number(value.toPrecision(5));
}
