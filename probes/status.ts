/**
 * What an agent says of itself to who asks, and what its directory says of it while it is not running.
 * Nothing is written for it, and nothing of the agent is held up.
 */
import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { type BudgetState, monthAt, storedBudget } from './budget.ts';
import { readJson } from './durable.ts';
import { instructionSchema } from './instruction.ts';
import { askHolder } from './lock.ts';
import type { ClockState } from './measurement.ts';
import { lastRunsSchema, nextRunMs } from './schedule.ts';
import { frameAt, scan } from './segment.ts';
import { SEGMENT_NAME } from './segment-file.ts';
import type { SpoolLosses } from './spool.ts';

/** What went wrong last in talking to the station; null when the last exchange went well. */
export interface Trouble {
  readonly at: string;
  readonly code: string;
  readonly message: string;
}

export interface SpoolState {
  readonly pending: number;
  readonly sizeB: number;
  /** null where the mark is missing or damaged. */
  readonly losses: Readonly<SpoolLosses> | null;
}

/** What is known of an agent whether it runs or not. Instants are RFC 3339. */
export interface KeptState {
  readonly probe: string | null;
  readonly generation: number | null;
  /** When each schedule runs next; null: never, as suppressions stand. */
  readonly next: Readonly<Record<string, string | null>>;
  readonly spool: SpoolState;
  /** `limitB` is null also where it is not known, the agent not running. */
  readonly budget: BudgetState;
}

export interface LiveState extends KeptState {
  readonly software: string;
  readonly station: string;
  readonly since: string;
  /** Tasks in progress. */
  readonly tasks: readonly string[];
  /** When measurements were last acknowledged by the station. */
  readonly reported: string | null;
  readonly trouble: { readonly instruction: Trouble | null; readonly report: Trouble | null };
  readonly clock: ClockState;
}

export type Status =
  | ({ readonly running: true; readonly pid: number } & LiveState)
  /** `changed`: when the directory was last written to. */
  | ({ readonly running: false; readonly changed: string | null } & KeptState);

/**
 * The status of the agent whose spool is `directory`: its own answer, or what it left behind.
 *
 * @throws an error of the file system, `ENOENT` where there is no such directory
 */
export async function statusOf(directory: string, nowMs: number): Promise<Status> {
  const holder = await askHolder(directory);
  const live = holder && (parsed(holder.answer) as LiveState | undefined);
  if (live) return { running: true, pid: Number(holder.pid), ...live };
  return { running: false, ...(await keptState(directory, nowMs)) };
}

async function keptState(
  directory: string,
  nowMs: number,
): Promise<KeptState & { readonly changed: string | null }> {
  const kept = (await readJson(join(directory, 'instruction.json'))) as
    | { instruction?: unknown }
    | null
    | undefined;
  const instruction = instructionSchema.safeParse(kept?.instruction).data ?? null;
  const lastRuns = lastRunsSchema.safeParse(await readJson(join(directory, 'schedules.json'))).data;
  const next = (instruction?.schedules ?? []).map((schedule) => [
    schedule.name,
    instantOf(instruction && nextRunMs(instruction, schedule, lastRuns ?? {}, nowMs)),
  ]);
  const month = monthAt(nowMs);
  const { changedMs, ...spool } = await spoolOf(directory);
  return {
    probe: instruction?.agentId ?? null,
    generation: instruction?.generation ?? null,
    next: Object.fromEntries(next),
    spool,
    budget: { month, chargedB: (await storedBudget(directory))[month] ?? 0, limitB: null },
    changed: instantOf(changedMs),
  };
}

/** The spool read without its lock: a segment may go while it is looked at. */
async function spoolOf(directory: string): Promise<SpoolState & { changedMs: number | null }> {
  let pending = 0;
  let sizeB = 0;
  let changedMs: number | null = null;
  const names = await readdir(directory);
  for (const name of names) {
    const path = join(directory, name);
    const { mtimeMs } = await stat(path).catch(() => ({ mtimeMs: 0 }));
    changedMs = Math.max(changedMs ?? 0, mtimeMs);
    if (!SEGMENT_NAME.test(name)) continue;
    const bytes = await readFile(path).catch(() => Buffer.alloc(0));
    pending += scan(bytes).frames.length;
    sizeB += bytes.length;
  }
  const mark = await readFile(join(directory, 'mark')).catch(() => Buffer.alloc(0));
  const stored = parsed(frameAt(mark, 0)?.payload ?? '') as { losses?: SpoolLosses } | undefined;
  return { pending, sizeB, losses: stored?.losses ?? null, changedMs };
}

export function instantOf(unixMs: number | null): string | null {
  return unixMs === null ? null : new Date(unixMs).toISOString();
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) ?? undefined;
  } catch {
    return undefined;
  }
}
