/**
 * The name of one run of the lab, found again in every namespace it makes: process id and start
 * time, so that whatever a dead run left behind is told from what a living one still needs, even
 * after the process id was given to another.
 */
import { readFileSync } from 'node:fs';

const PREFIX = 'tongda-lab';

export interface Run {
  pid: number;
  /** Start of the process in clock ticks since boot: field 22 of `/proc/PID/stat` (proc(5)). */
  startTicks: number;
}

export function runName({ pid, startTicks }: Run): string {
  return `${PREFIX}-${pid}-${startTicks}`;
}

/** The run a namespace belongs to; null where it is not one of the lab's. */
export function runOf(namespace: string): Run | null {
  const match = new RegExp(`^${PREFIX}-(\\d+)-(\\d+)-[a-z0-9-]+$`).exec(namespace);
  return match ? { pid: Number(match[1]), startTicks: Number(match[2]) } : null;
}

/** Field 22 of a line of `/proc/PID/stat`; the second field may itself hold spaces and brackets. */
export function startTicksOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
}

/** The run that a living process is; null where there is no such process. */
export function livingRun(pid: number): Run | null {
  try {
    return { pid, startTicks: startTicksOf(readFileSync(`/proc/${pid}/stat`, 'utf8')) };
  } catch {
    return null;
  }
}

export function isAlive(run: Run): boolean {
  return livingRun(run.pid)?.startTicks === run.startTicks;
}
