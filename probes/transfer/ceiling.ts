/**
 * What this machine can move at all: the same transfer over loopback, one second each way.
 *
 * A rate near it says what the machine can do and nothing of the line. Loopback has no interrupts,
 * no driver and no checksums, but it does have both ends; half of what it moves is taken for what a
 * real interface can be trusted with, and a greater rate is refused.
 *
 * Measured once and kept in a file with its date; anew on another processor or another Node. Before
 * a rate is refused it is measured again, since the machine may have been busy then; the higher counts.
 */
import { mkdir } from 'node:fs/promises';
import { cpus, homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { readJson, replaceFile } from '../durable.ts';
import { unlessAborted, within } from '../net/time-limit.ts';
import { download } from './download.ts';
import { startThread } from './handshakes.ts';
import type { Transfer } from './peer-request.ts';
import { upload } from './upload.ts';

const TRUSTED_SHARE = 0.5;
/** Of both directions. */
const LIMIT_MS = 20_000;

const ceilingSchema = z.object({
  /** When it was measured, UTC. */
  date: z.iso.datetime(),
  /** The processor and the Node it was measured with. */
  machine: z.string(),
  downBps: z.number().positive(),
  upBps: z.number().positive(),
});
export type Ceiling = z.infer<typeof ceilingSchema>;

/** The rates above which this machine refuses a figure. */
export function trustedBps({ downBps, upBps }: Ceiling): Readonly<Record<'down' | 'up', number>> {
  return { down: downBps * TRUSTED_SHARE, up: upBps * TRUSTED_SHARE };
}

let known: Ceiling | undefined;

/**
 * The ceiling as it is known, measured where it is not.
 *
 * @returns undefined where it could not be measured: a machine without loopback or without memory
 */
export async function localCeiling(signal: AbortSignal): Promise<Ceiling | undefined> {
  known ??= (await readCeiling()) ?? (await measureCeiling(signal));
  return known;
}

/** Whether a rate says more of this machine than of the line. */
export async function isBeyondCeiling(
  direction: 'down' | 'up',
  rateBps: number,
  signal: AbortSignal,
): Promise<boolean> {
  const isBeyond = (ceiling: Ceiling | undefined) =>
    ceiling !== undefined && rateBps > trustedBps(ceiling)[direction];
  return isBeyond(await localCeiling(signal)) && isBeyond(await measureCeiling(signal));
}

/** Measures, and keeps the higher of what was known and what was found. */
async function measureCeiling(signal: AbortSignal): Promise<Ceiling | undefined> {
  const thread = startThread('ceiling-thread');
  try {
    const found = await within(LIMIT_MS, signal, async (limited) => {
      const port = await unlessAborted(
        new Promise<number>((resolve, reject) => {
          thread.once('message', resolve).once('error', reject);
        }),
        limited,
      );
      const transfer: Transfer = {
        url: new URL(`http://127.0.0.1:${port}`),
        address: '127.0.0.1',
        port,
        connections: 4,
        mode: 'brief',
        timeoutMs: 5_000,
        limitB: Number.MAX_SAFE_INTEGER,
      };
      const down = await download(transfer, { payloadB: 0 }, limited);
      const up = await upload(transfer, { payloadB: 0 }, limited);
      return { downBps: down.estimate?.rateBps ?? 0, upBps: up.estimate?.rateBps ?? 0 };
    });
    known = ceilingSchema.parse({
      date: new Date().toISOString(),
      machine: thisMachine(),
      downBps: Math.max(found.downBps, known?.downBps ?? 0),
      upBps: Math.max(found.upBps, known?.upBps ?? 0),
    });
    await keepCeiling(known);
  } catch {
    signal.throwIfAborted();
  } finally {
    await thread.terminate();
  }
  return known;
}

/** systemd's own variable; else where a user's caches are. */
function fileName(): string {
  const { CACHE_DIRECTORY, XDG_CACHE_HOME } = process.env;
  const directory = CACHE_DIRECTORY ?? join(XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'tongda');
  return join(directory, 'ceiling.json');
}

/** A file that cannot be read is no ceiling; it will be measured. */
async function readCeiling(): Promise<Ceiling | undefined> {
  const { data } = ceilingSchema.safeParse(await readJson(fileName()).catch(() => undefined));
  return data?.machine === thisMachine() ? data : undefined;
}

/** Best effort: where nothing can be kept, every process measures once. */
async function keepCeiling(ceiling: Ceiling): Promise<void> {
  const file = fileName();
  try {
    await mkdir(dirname(file), { recursive: true });
    await replaceFile(file, `${JSON.stringify(ceiling)}\n`);
  } catch {}
}

function thisMachine(): string {
  const cores = cpus();
  return `${cores.length} × ${cores[0]?.model ?? 'unknown'}, Node ${process.version}`;
}
