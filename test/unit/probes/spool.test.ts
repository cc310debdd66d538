import { spawnSync } from 'node:child_process';
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Measurement } from '../../../probes/measurement.ts';
import type { SequenceRange } from '../../../probes/report.ts';
import { encodeFrame } from '../../../probes/segment.ts';
import { Spool } from '../../../probes/spool.ts';
import { draft, FAILED } from './sample-measurement.ts';

// Every append is a real fsync, and a disk may be slow.
vi.setConfig({ testTimeout: 120_000 });

const ALL = { count: 1e6, sizeB: 1e9 };
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tongda-spool-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const segments = () =>
  readdirSync(directory)
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => join(directory, name));

const sequences = (measurements: readonly Measurement[]) =>
  measurements.map(({ sequence }) => sequence).sort((a, b) => a - b);

async function filled(count: number, limitB?: number): Promise<{ spool: Spool; first: number }> {
  const spool = await Spool.open(directory, limitB === undefined ? {} : { limitB });
  const done = await Promise.all(Array.from({ length: count }, () => spool.append(draft())));
  return { spool, first: done[0]?.sequence ?? 0 };
}

/** Small, repeatable pseudo-random numbers (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe('append and read', () => {
  it('gives back what was appended, newest first, byte for byte', async () => {
    const { spool, first } = await filled(5);
    const read = await spool.newest(ALL);
    expect(read.map(({ sequence }) => sequence - first)).toEqual([4, 3, 2, 1, 0]);
    expect(read[0]).toEqual({ ...draft(), sequence: first + 4 });
    await spool.close();
  });

  it('keeps within count and size, but gives one however large', async () => {
    const { spool, first } = await filled(50);
    expect(sequences(await spool.newest({ count: 3, sizeB: 1e9 }))).toEqual(
      [47, 48, 49].map((n) => first + n),
    );
    const recordB = spool.sizeB / 50;
    expect(await spool.newest({ count: 100, sizeB: 3.5 * recordB })).toHaveLength(3);
    expect(await spool.newest({ count: 100, sizeB: 1 })).toHaveLength(1);
    await spool.close();
  });

  it('survives a restart, the numbers going on where they were', async () => {
    const { spool, first } = await filled(4);
    await spool.close();
    const again = await Spool.open(directory);
    expect(again.pending).toBe(4);
    expect((await again.append(draft())).sequence).toBe(first + 4);
    await again.close();
  });

  it('begins with the time, and goes on from the mark also when it is empty and the clock is wrong', async () => {
    const spool = await Spool.open(directory, { now: () => 5_000 });
    expect((await spool.append(draft())).sequence).toBe(5_000);
    await spool.acknowledge([[5_000, 5_000]]);
    await spool.close();
    expect(segments()).toEqual([]);
    const again = await Spool.open(directory, { now: () => 0 });
    expect((await again.append(draft())).sequence).toBe(5_001);
    await again.close();
  });

  it('never gives a number again after a crash, even when nothing was left in it', async () => {
    const spool = await Spool.open(directory, { now: () => 5_000 });
    for (let n = 0; n < 60; n++)
      await Promise.all(Array.from({ length: 10 }, () => spool.append(draft())));
    await spool.acknowledge([[5_000, 5_599]]);
    // What is on disk now is what a crash would leave.
    const crashed = mkdtempSync(join(tmpdir(), 'tongda-crash-'));
    cpSync(directory, crashed, { recursive: true });
    await spool.close();
    const again = await Spool.open(crashed, { now: () => 0 });
    const { sequence } = await again.append(draft());
    await again.close();
    rmSync(crashed, { recursive: true });
    expect(sequence).toBeGreaterThan(5_599);
    expect(sequence).toBeLessThanOrEqual(5_600 + 256);
  });

  it('is held by one process at a time, and says by which', async () => {
    const spool = await Spool.open(directory);
    await expect(Spool.open(directory)).rejects.toMatchObject({
      code: 'spool-locked',
      en: expect.stringContaining(`process ${process.pid} `),
    });
    await spool.close();
    await (await Spool.open(directory)).close();
  });
});

describe('acknowledge', () => {
  it('removes exactly what is covered, over restarts, for any ranges', async () => {
    for (let seed = 1; seed <= 12; seed++) {
      const next = random(seed);
      const own = join(directory, `${seed}`);
      let spool = await Spool.open(own, { limitB: 256 * 1024, now: () => 1_000 });
      const kept = new Set<number>();
      for (let step = 0; step < 12; step++) {
        const made = await Promise.all(
          Array.from({ length: Math.floor(next() * 20) }, () => spool.append(draft())),
        );
        for (const { sequence } of made) kept.add(sequence);
        const from = 1_000 + Math.floor(next() * 120);
        const ranges: SequenceRange[] = [
          [from, from + Math.floor(next() * 8)],
          [from + 20, from + 20],
        ];
        const covered = [...kept].filter((s) => ranges.some(([a, b]) => a <= s && s <= b));
        expect(await spool.acknowledge(ranges)).toBe(covered.length);
        for (const sequence of covered) kept.delete(sequence);
        if (next() < 0.3) {
          await spool.close();
          spool = await Spool.open(own, { limitB: 256 * 1024 });
        }
        expect(sequences(await spool.newest(ALL))).toEqual([...kept].sort((a, b) => a - b));
      }
      await spool.close();
    }
  });

  it('unlinks a segment when all of it is acknowledged', async () => {
    const { spool, first } = await filled(3);
    expect(segments()).toHaveLength(1);
    await spool.acknowledge([[first, first + 1]]);
    expect(segments()).toHaveLength(1);
    await spool.acknowledge([[first + 2, first + 2]]);
    expect(segments()).toEqual([]);
    expect(spool.sizeB).toBe(0);
    await spool.close();
  });
});

describe('damage', () => {
  it('loses only the record a byte was flipped in, wherever, says which, and counts it once', async () => {
    const { spool, first } = await filled(3);
    await spool.close();
    const [path = ''] = segments();
    const sound = readFileSync(path);
    const recordB = sound.length / 3;
    for (let position = 0; position < sound.length; position += 53) {
      const bytes = Buffer.from(sound);
      bytes.writeUInt8(bytes.readUInt8(position) ^ 0x55, position);
      for (const old of segments()) rmSync(old);
      writeFileSync(path, bytes);
      const before = await damageSoFar();
      const damaged = await Spool.open(directory);
      const hit = Math.floor(position / recordB);
      expect(sequences(await damaged.newest(ALL)), `byte ${position}`).toEqual(
        [0, 1, 2].filter((index) => index !== hit).map((index) => first + index),
      );
      expect(damaged.losses.damaged - before).toBe(1);
      expect(damaged.takeDamages()).toMatchObject([
        { segment: basename(path), offset: hit * recordB, sizeB: recordB },
      ]);
      expect(damaged.takeDamages()).toEqual([]);
      await damaged.close();
      const again = await Spool.open(directory);
      expect(again.losses.damaged - before, 'counted once').toBe(1);
      await again.close();
    }
  });

  it('loses only the last record when the file is cut, and only one when a byte is missing', async () => {
    const { spool, first } = await filled(3);
    await spool.close();
    const [path = ''] = segments();
    const sound = readFileSync(path);
    const recordB = sound.length / 3;
    for (let length = sound.length - 1; length > 2 * recordB; length -= 67) {
      writeFileSync(path, sound.subarray(0, length));
      const cut = await Spool.open(directory);
      expect(sequences(await cut.newest(ALL)), `cut to ${length}`).toEqual([first, first + 1]);
      await cut.close();
    }
    for (let position = 0; position < 2 * recordB; position += 71) {
      writeFileSync(
        path,
        Buffer.concat([sound.subarray(0, position), sound.subarray(position + 1)]),
      );
      const before = await damageSoFar();
      const short = await Spool.open(directory);
      expect(short.losses.damaged - before, `without byte ${position}`).toBe(1);
      expect(short.pending).toBe(2);
      await short.close();
    }
  });

  it('counts damaged neighbours one by one and skips a run of zeros', async () => {
    const { spool } = await filled(6);
    await spool.close();
    const [path = ''] = segments();
    const bytes = readFileSync(path);
    const recordB = bytes.length / 6;
    for (const index of [1, 2, 4]) bytes.writeUInt8(0, index * recordB + 100);
    writeFileSync(path, Buffer.concat([bytes, Buffer.alloc(4096)]));
    const damaged = await Spool.open(directory);
    expect(damaged.losses.damaged).toBe(4);
    expect(damaged.pending).toBe(3);
    await damaged.close();
  });

  it('never gives a number again after the mark or the newest records were damaged', async () => {
    const { spool, first } = await filled(3);
    await spool.close();
    const [path = ''] = segments();
    writeFileSync(path, readFileSync(path).subarray(0, 10));
    writeFileSync(join(directory, 'mark'), 'gone');
    const again = await Spool.open(directory, { now: () => first + 60_000 });
    expect((await again.append(draft())).sequence).toBeGreaterThan(first + 2);
    await again.close();
  });

  it('finds damage also in what it wrote itself, and names the measurement', async () => {
    const { spool, first } = await filled(3);
    const [path = ''] = segments();
    const bytes = readFileSync(path);
    bytes.writeUInt8(0, bytes.length / 3 + 100);
    writeFileSync(path, bytes);
    expect(sequences(await spool.newest(ALL))).toEqual([first, first + 2]);
    expect(spool.takeDamages()).toMatchObject([{ sequence: first + 1 }]);
    await spool.close();
  });

  it('takes a whole record that is no measurement for a damaged one', async () => {
    const foreign = ['{"version":1}', '{"version":2,"sequence":7,"outcome":null}', '{"version":x'];
    writeFileSync(
      join(directory, '0000000000000007.segment'),
      Buffer.concat(foreign.map(encodeFrame)),
    );
    const spool = await Spool.open(directory);
    expect([spool.pending, spool.losses.damaged]).toEqual([0, 3]);
    await spool.close();
  });

  const damageSoFar = async () => {
    const mark = readFileSync(join(directory, 'mark')).subarray(8).toString();
    return (JSON.parse(mark) as { losses: { damaged: number } }).losses.damaged;
  };
});

describe('the size limit', () => {
  const limitB = 64 * 1024;
  const samples = Array.from({ length: 100 }, (_, index) => index + 0.5);

  it('gives up samples first, then what reached or was skipped, and failures last', async () => {
    const spool = await Spool.open(directory, { limitB });
    const outage: number[] = [];
    const made = { ok: 0, skipped: 0, failed: 0, withSamples: 0 };
    const check = async () => {
      expect(spool.sizeB).toBeLessThanOrEqual(limitB);
      const left = await spool.newest(ALL);
      for (const status of ['ok', 'skipped', 'failed'] as const)
        expect(left.filter(({ outcome }) => outcome.status === status).length).toBe(
          made[status] - spool.losses[status],
        );
      return left;
    };
    for (let n = 0; n < 20; n++) {
      outage.push((await spool.append(draft({ outcome: FAILED, values: {} }))).sequence);
      made.failed++;
    }
    while (spool.losses.samples === 0) {
      await spool.append(draft({ samples }));
      made.ok++;
      made.withSamples++;
    }
    expect(spool.losses).toMatchObject({ ok: 0, skipped: 0, failed: 0 });
    const long = (await check()).filter((measurement) => measurement.samples).length;
    expect(long).toBe(made.withSamples - spool.losses.samples);

    while (spool.losses.ok === 0 || spool.losses.skipped === 0) {
      await spool.append(draft());
      await spool.append(draft({ outcome: { status: 'skipped', reason: 'missed' } }));
      made.ok++;
      made.skipped++;
    }
    expect(spool.losses.failed).toBe(0);
    expect(sequences(await check())).toEqual(expect.arrayContaining(outage));

    while (spool.losses.failed === 0) {
      const { sequence } = await spool.append(draft({ outcome: FAILED, values: {} }));
      outage.push(sequence);
      made.failed++;
    }
    const left = await check();
    expect(left.every(({ outcome }) => outcome.status === 'failed')).toBe(true);
    expect(sequences(left), 'the oldest are given up').toEqual(outage.slice(spool.losses.failed));
    const { losses } = spool;
    await spool.close();
    const again = await Spool.open(directory, { limitB });
    expect(again.losses).toEqual(losses);
    await again.close();
  });
});

describe('a disk that is full', () => {
  const root = process.getuid?.() === 0;
  const mount = (...args: string[]) => spawnSync('mount', args).status === 0;

  it('counts nothing as measured, keeps what it has, and goes on when there is room', async () => {
    const real = root && mount('-t', 'tmpfs', '-o', 'size=256k', 'tongda-test', directory);
    const probe = await open(join(directory, 'mark-of-the-test'), 'w');
    const handle = Object.getPrototypeOf(probe) as { datasync(): Promise<void> };
    await probe.close();
    const filler = join(directory, 'filler');
    try {
      const { spool, first } = await filled(10);
      let free: () => void;
      if (real) {
        fillUp(filler);
        free = () => rmSync(filler);
      } else {
        const broken = vi
          .spyOn(handle, 'datasync')
          .mockRejectedValue(Object.assign(new Error('no space left'), { code: 'ENOSPC' }));
        free = () => broken.mockRestore();
      }
      const durable: number[] = [];
      const refusals: unknown[] = [];
      for (let n = 0; n < 60 && refusals.length < 3; n++)
        await spool.append(draft()).then(
          ({ sequence }) => durable.push(sequence),
          (error) => refusals.push(error.code),
        );
      expect(refusals).toEqual(['ENOSPC', 'ENOSPC', 'ENOSPC']);
      free();
      durable.push((await spool.append(draft())).sequence);
      const expected = [...Array.from({ length: 10 }, (_, n) => first + n), ...durable];
      expect(sequences(await spool.newest(ALL))).toEqual(expected);
      await spool.close();
      const again = await Spool.open(directory);
      expect(sequences(await again.newest(ALL))).toEqual(expected);
      expect(again.losses.damaged).toBe(0);
      await again.close();
    } finally {
      vi.restoreAllMocks();
      if (real) spawnSync('umount', [directory]);
    }
  });

  function fillUp(path: string): void {
    for (let sizeB = 200 * 1024; sizeB >= 1; ) {
      try {
        const before = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
        writeFileSync(path, Buffer.alloc(before + sizeB));
      } catch {
        sizeB = Math.floor(sizeB / 2);
      }
    }
  }
});
