/**
 * The crash test: a station with its engine and a probe that writes as fast as it can are killed
 * with SIGKILL at moments of chance's choosing, started again and left to send what is spooled;
 * then every row and every figure is counted from scratch.
 *
 * `npm run crash -- --runs 1000 --seed 1 [--json FILE]`. Run number n of seed s draws from s + n, so
 * what was killed when can be had again; what the machine was doing at that moment cannot.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RunningStation, startStation } from '../tongda.ts';
import { Journal } from './journal.ts';
import { enrolProbe, killEngine, quietStation, withEngine } from './quiet-station.ts';
import { seeded } from './random.ts';
import { recount } from './recount.ts';
import { startWriter, type Writer } from './writer.ts';

/** Runs that share a directory: each finds what the crashes before it left. */
const RUNS_A_DIRECTORY = 25;
const PROBE = 'crash-1';

const VICTIMS = ['station', 'engine', 'station and engine', 'probe', 'probe and station'] as const;
type Victim = (typeof VICTIMS)[number];

export interface CrashOptions {
  readonly runs: number;
  readonly seed: number;
  readonly progress: (text: string) => void;
  readonly signal?: AbortSignal;
}

export interface CrashResult {
  readonly runs: number;
  readonly kills: Readonly<Record<Victim, number>>;
  /** Durable in a spool, acknowledged by a station, and sent once more after that. */
  readonly written: number;
  readonly acknowledged: number;
  readonly resent: number;
  /** What was wrong, with run and seed; empty when nothing was. */
  readonly wrong: readonly string[];
  readonly seconds: number;
}

export async function crash(options: CrashOptions): Promise<CrashResult> {
  const began = performance.now();
  const kills = Object.fromEntries(VICTIMS.map((victim) => [victim, 0])) as Record<Victim, number>;
  const sum = { runs: 0, written: 0, acknowledged: 0, resent: 0 };
  const wrong: string[] = [];
  while (sum.runs < options.runs && wrong.length === 0 && !options.signal?.aborted) {
    const world = await World.create();
    try {
      for (let run = 0; run < RUNS_A_DIRECTORY && sum.runs < options.runs; run++) {
        if (options.signal?.aborted) break;
        const seed = options.seed + sum.runs++;
        for (const victim of await world.run(seeded(seed), seed)) kills[victim]++;
        const found = await world.count();
        wrong.push(...found.map((what) => `run ${sum.runs}, seed ${seed}: ${what}`));
        options.progress(`${sum.runs}/${options.runs}, ${world.journal.written.size} rows`);
        if (found.length > 0) break;
      }
      sum.written += world.journal.written.size;
      sum.acknowledged += world.journal.acknowledged.size;
      sum.resent += world.journal.resent;
    } finally {
      await world.end(wrong.length > 0);
      if (wrong.length > 0) options.progress(`kept for a look: ${world.directory}`);
    }
  }
  return { ...sum, kills, wrong, seconds: Math.round((performance.now() - began) / 1000) };
}

/** One data directory and one spool, and what was said about them. */
class World {
  readonly journal = new Journal();
  readonly directory: string;
  readonly #settings: Record<string, string>;
  readonly #url: string;
  #station: RunningStation;
  #token = '';
  #writer: Writer | null = null;

  private constructor(
    directory: string,
    settings: Record<string, string>,
    station: RunningStation,
  ) {
    this.directory = directory;
    this.#settings = settings;
    this.#station = station;
    this.#url = station.url;
  }

  static async create(): Promise<World> {
    const directory = mkdtempSync(join(tmpdir(), 'tongda-crash-'));
    // Always the same port, as a probe in the field knows it.
    const settings = { ...quietStation(directory), TONGDA_PORT: String(await freePort()) };
    const world = new World(directory, settings, await startStation(settings));
    world.#token = await enrolProbe(settings, PROBE);
    return world;
  }

  /** Writes, kills once or twice, starts again, and drains; says what was killed. */
  async run(random: () => number, seed: number): Promise<Victim[]> {
    this.#write(seed);
    const kills = 1 + Math.floor(random() * 2);
    const killed: Victim[] = [];
    for (let kill = 0; kill < kills; kill++) {
      await sleep(random() * 600);
      const victim = VICTIMS[Math.floor(random() * VICTIMS.length)] as Victim;
      await this.#kill(victim, random);
      killed.push(victim);
      if (this.#writer === null) this.#write(seed + 0.5);
    }
    await this.#drain(seed);
    return killed;
  }

  count(): Promise<string[]> {
    return withEngine(this.#settings, (store) => recount(store, PROBE, this.journal));
  }

  async end(keep: boolean): Promise<void> {
    await this.#writer?.kill();
    await this.#station.stop();
    if (!keep) rmSync(this.directory, { recursive: true, force: true });
  }

  async #kill(victim: Victim, random: () => number): Promise<void> {
    const station = victim.includes('station');
    if (victim.includes('engine')) killEngine(this.#settings);
    if (victim.includes('probe') && random() < 0.5) await this.#killWriter();
    if (station) {
      this.#station.process.kill('SIGKILL');
      await this.#station.ended;
    }
    if (victim.includes('probe')) await this.#killWriter();
    if (station) this.#station = await startStation(this.#settings);
  }

  async #killWriter(): Promise<void> {
    await this.#writer?.kill();
    this.#writer = null;
  }

  #write(seed: number): Writer {
    this.#writer = startWriter({
      url: this.#url,
      probe: PROBE,
      token: this.#token,
      spool: join(this.directory, 'spool'),
      seed,
      journal: this.journal,
    });
    return this.#writer;
  }

  async #drain(seed: number): Promise<void> {
    const writer = this.#writer ?? this.#write(seed + 0.75);
    await writer.drain();
    this.#writer = null;
  }
}

function freePort(): Promise<number> {
  return new Promise((settle, fail) => {
    const server = createServer().once('error', fail);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => settle(typeof address === 'object' && address ? address.port : 0));
    });
  });
}
