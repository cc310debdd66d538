/**
 * A probe reduced to what the crash test is about: the probe's own spool and the probe's own
 * reporting, as fast as they go. Says on standard output, at once and in order, what it knows:
 *
 *   + [sequence, metric, start, outcome, rttMs]   durable in the spool, or about to be sent
 *   ! [[from, to], …]                             acknowledged by the station
 *   . {…}                                         drained; the last line
 *
 * argv: STATION_URL PROBE SPOOL SEED PAUSE_MS; the token is in TONGDA_TOKEN. A line `drain` on standard input
 * ends the writing: what is spooled is reported, and the process ends. It also ends with its parent.
 */
import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../probes/clock.ts';
import type { Measurement } from '../../probes/measurement.ts';
import { encodeReport, type SequenceRange } from '../../probes/report.ts';
import { type Draft, Spool } from '../../probes/spool.ts';
import { Station } from '../../probes/station.ts';
import { seeded } from './random.ts';

const [url = '', probe = '', directory = '', seed = '0', pauseMs = '10'] = process.argv.slice(2);
const random = seeded(Number(seed));
const spool = await Spool.open(directory);
const station = new Station(url, process.env.TONGDA_TOKEN ?? '', systemClock);
const { signal } = new AbortController();
const said = new Set<number>();
/** Reported before: what a probe that died between acknowledgement and deletion sends again. */
let remembered: Measurement[] = [];
let resent = 0;
let draining = false;

const input = createInterface({ input: process.stdin });
input.on('line', (line) => {
  draining ||= line === 'drain';
});
input.on('close', () => process.exit(1));

function say({ sequence, metric, start, outcome, values }: Measurement): void {
  if (said.has(sequence)) return;
  said.add(sequence);
  const facts = [sequence, metric, start, outcome.status, values.rttMedianMs ?? null];
  writeSync(1, `+ ${JSON.stringify(facts)}\n`);
}

function draft(): Draft {
  const ok = random() < 0.9;
  // A backlog of three days, so that batches meet several partitions.
  const startMs = Date.now() - Math.floor(random() ** 4 * 3 * 86_400_000);
  return {
    version: 1,
    probe,
    schedule: 'reach',
    task: 'connect',
    metric: random() < 0.7 ? 'tcp-connect' : 'icmp-rtt',
    method: 'tcp-connect/1',
    target: '192.0.2.1:80',
    address: '192.0.2.1',
    family: 4,
    start: new Date(startMs).toISOString(),
    durationMs: 20,
    outcome: ok ? { status: 'ok' } : { status: 'failed', stage: 'connect', code: 'timeout' },
    values: ok ? { rttMedianMs: Math.floor(random() * 1e6) / 1000 } : {},
    conflicts: [],
    clock: { synchronised: true, offsetMs: 0, uncertaintyMs: 0 },
    software: 'tongda-probe/0.1.0',
  };
}

async function write(): Promise<void> {
  while (!draining) {
    const made = await Promise.all(Array.from({ length: 40 }, () => spool.append(draft())));
    made.forEach(say);
    await sleep(Number(pauseMs));
  }
}

/** Sends what waits, sometimes with what was acknowledged before mixed in. */
async function report(): Promise<void> {
  while (!draining || spool.pending > 0) {
    const waiting = await spool.newest({ count: 100 + Math.floor(random() * 900), sizeB: 1e6 });
    waiting.forEach(say);
    const again = random() < 0.2 ? remembered.filter(() => random() < 0.3) : [];
    if (waiting.length === 0) {
      await sleep(5);
      continue;
    }
    try {
      const date = new Date().toISOString();
      const measurements = [...again, ...waiting];
      const answer = await station.report(
        encodeReport({ date, agentId: probe }, measurements),
        signal,
      );
      acknowledged(answer.covers);
      resent += again.length;
      remembered = measurements;
      await spool.acknowledge(answer.covers);
      for (const { sequence } of measurements) said.delete(sequence);
    } catch {
      await sleep(50);
    }
  }
}

function acknowledged(covers: readonly SequenceRange[]): void {
  writeSync(1, `! ${JSON.stringify(covers)}\n`);
}

await Promise.all([write(), report()]);
writeSync(1, `. ${JSON.stringify({ resent })}\n`);
process.exit(0);
