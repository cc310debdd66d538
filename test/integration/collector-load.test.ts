/** Under load: who is served first, who is told to wait, and what happens when the store stumbles. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Measurement } from '../../probes/measurement.ts';
import { acknowledgementSchema } from '../../probes/report.ts';
import { aMeasurement } from '../measurement.ts';
import { startTestCollector, type TestCollector } from './collector-fixture.ts';

const NOW = new Date('2026-11-10T05:00:00.000Z');
const PROBES = ['village-1', 'village-2', 'village-3'];
/** Of a report of ROWS rows, encoded, some 130 B a row. */
const ROWS = 400;

let test: TestCollector;
beforeAll(async () => {
  test = await startTestCollector({
    probes: PROBES,
    now: NOW,
    budget: { totalB: 1_400_000, perProbeB: 900_000 },
    writer: { batch: { rows: ROWS, sizeB: 1 << 20 } },
  });
});
afterAll(() => test.stop());
beforeEach(() => {
  test.insert = (table, encoded) => test.store.insertEncoded(table, encoded);
});

let sequence = 0;
function someRows(probe: string, ageMs: number, rows = ROWS): Measurement[] {
  return Array.from({ length: rows }, () =>
    aMeasurement({
      probe,
      sequence: ++sequence,
      start: new Date(NOW.getTime() - ageMs - (rows % 7)).toISOString(),
    }),
  );
}

const HOUR_MS = 3_600_000;

/** Holds every insert back until it is opened. */
function gate(): { open(): void; reached: Promise<void> } {
  let open = () => {};
  let arrived = () => {};
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  const reached = new Promise<void>((resolve) => {
    arrived = resolve;
  });
  test.insert = async (table, encoded) => {
    arrived();
    await opened;
    await test.store.insertEncoded(table, encoded);
  };
  return { open, reached };
}

describe('fairness', () => {
  it('news passes another probe’s backlog, and its own probe’s too', async () => {
    const { open, reached } = gate();
    const order: string[] = [];
    const send = async (name: string, probe: string, ageMs: number) => {
      expect((await test.send(probe, someRows(probe, ageMs))).status).toBe(200);
      order.push(name);
    };
    const sent = [send('plug', 'village-1', 0)];
    await reached;
    for (const turn of [1, 2, 3]) {
      sent.push(send(`backlog of village-1, ${turn}`, 'village-1', 30 * HOUR_MS));
      await untilWaiting(turn);
    }
    sent.push(send('backlog of village-2', 'village-2', 30 * HOUR_MS));
    await untilWaiting(4);
    sent.push(send('news of village-3', 'village-3', 0));
    await untilWaiting(5);
    sent.push(send('news of village-1', 'village-1', 0));
    await untilWaiting(6);
    open();
    await Promise.all(sent);
    expect(order).toEqual([
      'plug',
      'news of village-3',
      'news of village-1',
      'backlog of village-1, 1',
      'backlog of village-2',
      'backlog of village-1, 2',
      'backlog of village-1, 3',
    ]);
  });
});

/** Until so many reports were read whole and wait for their turn. */
async function untilWaiting(reports: number): Promise<void> {
  for (let turn = 0; turn < 1_000 && test.writer.waiting < reports; turn++)
    await new Promise((resolve) => setTimeout(resolve, 5));
  expect(test.writer.waiting).toBe(reports);
}

describe('pressure', () => {
  it('is told to the probe that makes it, before memory grows, and not to the others', async () => {
    const { open, reached } = gate();
    const plug = test.send('village-1', someRows('village-1', 0));
    await reached;
    const held: Promise<Response>[] = [plug];
    const refused: Response[] = [];
    // Each holds its 200 kB while it is read, and some 55 kB while it waits.
    for (let turn = 0; turn < 40 && refused.length === 0; turn++) {
      const sent = test.send('village-1', someRows('village-1', 0));
      const first = await Promise.race([
        sent,
        new Promise<null>((resolve) => setTimeout(resolve, 100, null)),
      ]);
      if (first) refused.push(first);
      else held.push(sent);
    }
    expect(refused).toHaveLength(1);
    const [answer] = refused;
    expect(answer?.status).toBe(429);
    expect(Number(answer?.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await answer?.json()).toMatchObject({ code: 'busy' });

    const other = test.send('village-2', someRows('village-2', 0, 20));
    open();
    for (const response of await Promise.all([...held, other])) expect(response.status).toBe(200);
    // Room again, at once.
    expect((await test.send('village-1', someRows('village-1', 0))).status).toBe(200);
  });

  it('backlog may fill half of what there is, never all', async () => {
    const { open, reached } = gate();
    const plug = test.send('village-1', someRows('village-1', 0, 1));
    await reached;
    const sent: Promise<number>[] = [];
    for (let turn = 0; turn < 24; turn++) {
      const probe = PROBES[turn % 3] as string;
      sent.push(
        test.send(probe, someRows(probe, 48 * HOUR_MS)).then((response) => response.status),
      );
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const live = test.send('village-3', someRows('village-3', 0, 10));
    await new Promise((resolve) => setTimeout(resolve, 50));
    open();
    const statuses = await Promise.all(sent);
    expect(new Set(statuses)).toEqual(new Set([200, 429]));
    expect([(await plug).status, (await live).status]).toEqual([200, 200]);
  });
});

describe('a store that stumbles', () => {
  it('what cannot be stored is not acknowledged, and the collector goes on', async () => {
    const rows = someRows('village-2', HOUR_MS, 5);
    test.insert = async () => {
      throw Object.assign(new Error('No space left'), { code: '243' });
    };
    const refused = await test.send('village-2', rows);
    expect(refused.status).toBe(503);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.json()).toMatchObject({ code: 'not-stored' });
    expect(await countOf(rows)).toBe(0);
    test.insert = (table, encoded) => test.store.insertEncoded(table, encoded);
    expect((await test.send('village-2', rows)).status).toBe(200);
    expect(await countOf(rows)).toBe(5);
  });

  it('the same report on its way twice is one insert', async () => {
    const { open, reached } = gate();
    const rows = someRows('village-3', HOUR_MS, 10);
    const first = test.send('village-3', rows);
    await reached;
    const second = test.send('village-3', rows);
    await new Promise((resolve) => setTimeout(resolve, 100));
    open();
    const [one, two] = await Promise.all(
      [first, second].map(async (sent) => acknowledgementSchema.parse(await (await sent).json())),
    );
    expect(two).toEqual(one);
    expect(await countOf(rows)).toBe(10);
  });
});

async function countOf(rows: readonly Measurement[]): Promise<number> {
  const [count] = await test.store.read<{ rows: number }>(
    'SELECT count() AS rows FROM measurement FINAL WHERE sequence IN {sequences:Array(UInt64)}',
    { sequences: rows.map((row) => row.sequence) },
  );
  return count?.rows ?? 0;
}
