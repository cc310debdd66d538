/** A process that spools, killed at a moment of chance's choosing, again and again. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Spool } from '../../probes/spool.ts';
import { aMeasurement } from '../measurement.ts';

const SPOOL = new URL('../../.build/probes/spool.js', import.meta.url).href;

/** Appends four at a time and acknowledges some, saying of each what is durable. */
const CHILD = `
import { writeSync } from 'node:fs';
import { Spool } from ${JSON.stringify(SPOOL)};
const [directory, draft] = process.argv.slice(1);
const spool = await Spool.open(directory, { limitB: 16 * 1024 * 1024 });
const say = (line) => writeSync(1, line + '\\n');
for (;;) {
  const made = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const { sequence } = await spool.append(JSON.parse(draft));
      say('+' + sequence);
      return sequence;
    }),
  );
  const gone = made[1];
  say('?' + gone);
  await spool.acknowledge([[gone, gone]]);
  say('-' + gone);
}
`;

it('loses nothing durable, brings nothing back, gives no number twice: 20 kills', async () => {
  const directory = mkdtempSync(join(tmpdir(), 'tongda-kill-'));
  const { sequence: _, ...draft } = aMeasurement();
  const durable = new Set<number>();
  const removed = new Set<number>();
  const given = new Set<number>();
  try {
    for (let kill = 0; kill < 20; kill++) {
      const args = ['--input-type=module', '-e', CHILD, directory, JSON.stringify(draft)];
      const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => {
        said += text;
      });
      const closed = once(child, 'close');
      await once(child.stdout, 'data');
      await sleep(Math.random() * 80);
      child.kill('SIGKILL');
      await closed;

      const lines = said.split('\n').slice(0, -1);
      // An acknowledgement the kill cut short may or may not have been carried out.
      const undecided = new Set<number>();
      for (const line of lines) {
        const sequence = Number(line.slice(1));
        if (line.startsWith('+')) {
          expect(given.has(sequence), `number ${sequence} given twice`).toBe(false);
          given.add(sequence);
          durable.add(sequence);
        } else if (line.startsWith('?')) undecided.add(sequence);
        else {
          undecided.delete(sequence);
          durable.delete(sequence);
          removed.add(sequence);
        }
      }
      const spool = await Spool.open(directory);
      const held = await spool.newest({ count: 1e6, sizeB: 1e9 });
      const found = new Set(held.map((measurement) => measurement.sequence));
      await spool.close();
      for (const sequence of durable)
        if (!undecided.has(sequence)) expect(found.has(sequence), `lost ${sequence}`).toBe(true);
      for (const sequence of found) {
        expect(removed.has(sequence), `${sequence} came back`).toBe(false);
        // Written in time, but killed before it could say so: kept, and its number is taken.
        given.add(sequence);
        durable.add(sequence);
      }
      for (const sequence of undecided) if (!found.has(sequence)) durable.delete(sequence);
    }
    expect(given.size).toBeGreaterThan(100);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
});
