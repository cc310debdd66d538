import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Budget, monthAt } from '../../../probes/budget.ts';
import { chance } from '../../chance.ts';

const MIB = 1024 * 1024;
const NOW = Date.parse('2026-11-24T02:00:00Z');
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'tongda-budget-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** What a process started after a kill at this moment would find. */
async function afterKill(): Promise<number> {
  const copy = mkdtempSync(join(tmpdir(), 'tongda-budget-killed-'));
  cpSync(directory, copy, { recursive: true });
  const { chargedB } = (await Budget.open(copy, null)).state(NOW);
  rmSync(copy, { recursive: true });
  return chargedB;
}

describe('Budget', () => {
  it('charges the worst case before a run, what it moved after, and refuses what does not fit', async () => {
    const budget = await Budget.open(directory, 100 * MIB);
    const first = await budget.reserve(80 * MIB, NOW);
    expect(await budget.reserve(30 * MIB, NOW)).toBeNull();
    await first?.settle(10 * MIB);
    expect(budget.state(NOW)).toEqual({
      month: '2026-11',
      chargedB: 10 * MIB,
      limitB: 100 * MIB,
    });
    expect(await budget.reserve(90 * MIB, NOW)).not.toBeNull();
    expect(await budget.reserve(1, NOW)).toBeNull();
  });

  it('goes on where it was after an orderly end, to the byte', async () => {
    const budget = await Budget.open(directory, null);
    await (await budget.reserve(5_000, NOW))?.settle(1_234);
    await budget.close();
    expect((await Budget.open(directory, null)).state(NOW).chargedB).toBe(1_234);
  });

  it('has on disk at any moment no less than was charged, and little more', async () => {
    const { below, coin } = chance(7);
    const budget = await Budget.open(directory, 64 * MIB);
    const open: { settle(movedB: number): Promise<void> }[] = [];
    for (let step = 0; step < 120; step++) {
      const reserved = await budget.reserve(below(MIB / 2), NOW);
      if (reserved) open.push(reserved);
      if (coin(0.7)) await open.pop()?.settle(below(MIB / 4));
      const { chargedB } = budget.state(NOW);
      const found = await afterKill();
      expect(found).toBeGreaterThanOrEqual(chargedB);
    }
    await budget.close();
    expect(await afterKill()).toBe(budget.state(NOW).chargedB);
  });

  it('does not lean on what a write under way is about to replace', async () => {
    const budget = await Budget.open(directory, null);
    const large = await budget.reserve(80 * MIB, NOW);
    // Beyond what is on disk, and settled to less before the write has looked.
    const writing = budget.reserve(10 * MIB, NOW);
    await large?.settle(0);
    // The write has looked, and has not ended: it syncs.
    await turn();
    await budget.reserve(40 * MIB, NOW);
    await writing;
    expect(await afterKill()).toBeGreaterThanOrEqual(50 * MIB);
  });

  it('keeps a settled run that moved more than it said it would', async () => {
    const budget = await Budget.open(directory, null);
    await (await budget.reserve(10, NOW))?.settle(9 * MIB);
    expect(await afterKill()).toBeGreaterThanOrEqual(9 * MIB);
  });

  it('begins anew with the month in Asia/Shanghai, and settles a run over midnight where it began', async () => {
    const eve = Date.parse('2026-11-30T15:59:59.999Z');
    expect([monthAt(eve), monthAt(eve + 1)]).toEqual(['2026-11', '2026-12']);
    const budget = await Budget.open(directory, MIB);
    const late = await budget.reserve(MIB, eve);
    expect(await budget.reserve(1, eve)).toBeNull();
    expect(await budget.reserve(MIB, eve + 1)).not.toBeNull();
    await late?.settle(500);
    expect(budget.state(eve).chargedB).toBe(500);
    expect(budget.state(eve + 1).chargedB).toBe(MIB);
  });

  it('does not give a month again to a clock that strayed and came back', async () => {
    const budget = await Budget.open(directory, MIB);
    await budget.reserve(MIB, NOW);
    for (const year of [1970, 2031])
      expect(await budget.reserve(10, Date.parse(`${year}-06-01`))).not.toBeNull();
    expect(await budget.reserve(1, NOW)).toBeNull();
    await budget.close();
    const again = await Budget.open(directory, MIB);
    expect(await again.reserve(1, NOW)).toBeNull();
  });

  it('charges nothing where the disk does not take it', async () => {
    const budget = await Budget.open(directory, null);
    rmSync(directory, { recursive: true });
    await expect(budget.reserve(10, NOW)).rejects.toMatchObject({ code: 'ENOENT' });
    expect(budget.state(NOW).chargedB).toBe(0);
  });

  it('starts with any file whatever', async () => {
    const { below } = chance(3);
    const path = join(directory, 'budget.json');
    await (await Budget.open(directory, null)).reserve(1, NOW);
    const sound = readFileSync(path);
    const texts = ['', 'null', '[]', '{"version":2}', '{"version":1,"chargedB":{"2026-11":-1}}'];
    for (let round = 0; round < 40; round++) {
      const bytes = Buffer.from(sound);
      bytes.writeUInt8(below(256), below(bytes.length));
      texts.push(bytes.toString('latin1'));
    }
    for (const text of texts) {
      writeFileSync(path, text);
      const { chargedB } = (await Budget.open(directory, null)).state(NOW);
      expect(chargedB).toBeGreaterThanOrEqual(0);
    }
  });
});
