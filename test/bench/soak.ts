/**
 * A soak: a station as a newcomer starts it, with its own peer and probe, a second probe that writes
 * all the time and four readers, for `--minutes` (5 unless told). Memory is sampled from the kernel;
 * the ratio is that of the last quarter's median to the second quarter's, which is 1 when nothing
 * grows. At the end every row is counted.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Journal } from '../faults/journal.ts';
import { enrolProbe, withEngine } from '../faults/quiet-station.ts';
import { recount } from '../faults/recount.ts';
import { startWriter } from '../faults/writer.ts';
import { startStation } from '../tongda.ts';
import { type Bench, type BenchContext, median, type Ratio, ratioOf } from './bench.ts';

const PROBE = 'soak-1';
const MINUTES = 5;
const SAMPLE_MS = 2_000;
const READERS = 4;
const QUESTIONS = ['/v1/overview', '/v1/coverage?level=county', '/v1/measurements?limit=100'];

export const soakBench: Bench = {
  name: 'soak',
  onlyWhenAsked: true,
  run: async ({ directory, progress, minutes = MINUTES }: BenchContext) => {
    const settings = { TONGDA_DATA: join(directory, 'data') };
    const station = await startStation(settings);
    const journal = new Journal();
    try {
      const token = await enrolProbe(settings, PROBE);
      const spool = join(directory, 'spool');
      const writer = startWriter({
        ...{ url: station.url, probe: PROBE, token, spool, journal },
        ...{ seed: 1, pauseMs: 100 },
      });
      const until = performance.now() + minutes * 60_000;
      const stationPid = station.process.pid as number;
      const samples = new Map<string, number[]>();
      const readers = Array.from({ length: READERS }, (_, reader) =>
        read(station.url, reader, until),
      );
      for (let taken = 0; performance.now() < until; taken++) {
        await sleep(SAMPLE_MS);
        const residents = new Map([['writing probe', writer.process.pid as number]]);
        for (const [name, pid] of [...residents, ...processesOf(stationPid)])
          samples.set(name, [...(samples.get(name) ?? []), residentMiB(pid)]);
        if (taken % 15 === 0)
          progress(
            `${journal.written.size} rows, ${[...samples].map(([name, all]) => `${name} ${Math.round(all.at(-1) ?? 0)} MiB`).join(', ')}`,
          );
      }
      const answers = (await Promise.all(readers)).reduce((sum, count) => sum + count, 0);
      await writer.drain();
      const wrong = await withEngine(settings, (store) => recount(store, PROBE, journal));
      if (wrong.length > 0) throw new Error(`after the soak:\n${wrong.join('\n')}`);
      progress(
        `${journal.acknowledged.size} of ${journal.written.size} rows acknowledged, each there once; ${answers} answers read`,
      );
      return [...samples].map(([name, all]) => grown(`memory of the ${name}, ${minutes} min`, all));
    } finally {
      await station.stop();
    }
  },
};

function grown(what: string, samples: readonly number[]): Ratio {
  const quarter = Math.floor(samples.length / 4);
  return ratioOf({
    what,
    ours: median(samples.slice(-quarter)),
    referee: median(samples.slice(quarter, 2 * quarter)),
    against: 'its own second quarter',
    unit: 'MiB',
  });
}

async function read(url: string, reader: number, until: number): Promise<number> {
  let answers = 0;
  for (let turn = reader; performance.now() < until; turn++) {
    const question = QUESTIONS[turn % QUESTIONS.length] as string;
    const answer = await fetch(`${url}${question}`);
    await answer.text();
    if (answer.status !== 200) throw new Error(`${question} answered ${answer.status}`);
    answers++;
    await sleep(250);
  }
  return answers;
}

/** The station and its children, by what they are. */
function processesOf(station: number): Map<string, number> {
  const found = new Map([['station', station]]);
  for (const name of readdirSync('/proc').filter((entry) => /^\d+$/.test(entry)))
    try {
      const [, parent] = readFileSync(`/proc/${name}/stat`, 'utf8')
        .replace(/^.*\) /s, '')
        .split(' ');
      if (Number(parent) !== station) continue;
      const command = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0');
      const what = command[1]?.endsWith('engine-child.js') ? 'engine' : `local ${command[2]}`;
      found.set(what === 'local run' ? 'local probe' : what, Number(name));
    } catch {
      // It ended while we looked.
    }
  return found;
}

function residentMiB(pid: number): number {
  const [, kib] = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kib) / 1024;
}
