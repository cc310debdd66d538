/**
 * `npm run bench`: every bench of the list, each against its referee in the same run.
 * `--only NAME` runs one, `--rows N` makes it larger (`--rows N,M` where a bench compares sizes),
 * `--minutes N` says how long a soak takes, `--keep DIR` keeps large datasets there for the next time,
 * `--json FILE` writes the figures; progress goes to standard error.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import type { Bench, Ratio } from './bench.ts';
import { footprintBench } from './footprint.ts';
import { ingestBench } from './ingest.ts';
import { insertBench } from './insert.ts';
import { provinceBench } from './judging.ts';
import { pingBench } from './ping.ts';
import { questionsBench } from './questions.ts';
import { readersBench } from './readers.ts';
import { soakBench } from './soak.ts';

const BENCHES: readonly Bench[] = [
  footprintBench,
  ingestBench,
  insertBench,
  pingBench,
  provinceBench,
  questionsBench,
  readersBench,
  soakBench,
];

const { values } = parseArgs({
  options: {
    only: { type: 'string' },
    rows: { type: 'string' },
    minutes: { type: 'string' },
    keep: { type: 'string' },
    json: { type: 'string' },
  },
});

const chosen = BENCHES.filter(({ name, onlyWhenAsked }) =>
  values.only === undefined ? !onlyWhenAsked : name === values.only,
);
if (chosen.length === 0) {
  console.error(
    `没有名为 ${values.only} 的基准 · there is no bench ${values.only}: ${BENCHES.map(({ name }) => name).join(', ')}`,
  );
  process.exit(2);
}

const sizes = values.rows?.split(',').map(Number);

const results: (Ratio & { bench: string })[] = [];
for (const { name, run } of chosen) {
  const directory = mkdtempSync(join(tmpdir(), `tongda-bench-${name}-`));
  try {
    const ratios = await run({
      directory,
      ...(sizes?.[0] !== undefined && { rows: sizes[0], sizes }),
      ...(values.keep !== undefined && { keep: resolve(values.keep) }),
      progress: (text) => console.error(`${name}: ${text}`),
      ...(values.minutes !== undefined && { minutes: Number(values.minutes) }),
    });
    results.push(...ratios.map((ratio) => ({ bench: name, ...ratio })));
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

console.table(
  results.map(({ bench, what, ours, referee, against, unit, ratio }) => ({
    bench,
    what,
    ours: rounded(ours),
    referee: rounded(referee),
    against,
    unit,
    ratio: rounded(ratio),
  })),
);

if (values.json) {
  const [cpu] = cpus();
  const machine = {
    cpu: cpu?.model ?? 'unknown',
    cores: cpus().length,
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
  };
  writeFileSync(
    values.json,
    `${JSON.stringify({ date: new Date().toISOString(), machine, results }, null, 2)}\n`,
  );
}

/** Three significant digits; whole from a hundred up. */
function rounded(value: number): number {
  return Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3));
}
