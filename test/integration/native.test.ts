/** Rows sent as columns: the real engine reads in them what it reads in the same rows as RowBinary. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cellsOf, Rows, Texts } from '../../sql/cells.ts';
import { encodeBlock, type Segment } from '../../sql/native.ts';
import { type InsertOf, tables } from '../../sql/rows.ts';
import { chance } from '../chance.ts';
import { aMeasurementRow } from '../measurement-row.ts';
import { startTestStore, type TestStore } from './engine-fixture.ts';

let test: TestStore;
beforeAll(async () => {
  test = await startTestStore();
});
afterAll(() => test.stop());
beforeEach(async () => {
  for (const table of ['measurement', 'sample'])
    await test.store.command(`TRUNCATE TABLE ${table}`);
});

type Table = 'measurement' | 'sample';

/** Rows as if of one report, newest first. */
function segment<Name extends Table>(table: Name, rows: readonly InsertOf<Name>[]): Segment {
  const held = new Rows(tables[table], new Texts());
  for (const row of rows) held.append(cellsOf(tables[table], row, held));
  return { rows: held, order: Uint32Array.from(rows, (_, index) => rows.length - 1 - index) };
}

const read = (table: Table) =>
  test.store.read(`SELECT * FROM ${table} FINAL ORDER BY metric, probe, start, sequence`);

/** Sends the rows both ways and compares. */
async function agree<Name extends Table>(table: Name, reports: readonly InsertOf<Name>[][]) {
  await test.store.insert(table, reports.flat());
  const wanted = await read(table);
  expect(wanted).toHaveLength(reports.flat().length);
  await test.store.command(`TRUNCATE TABLE ${table}`);
  const block = encodeBlock(
    tables[table],
    reports.map((rows) => segment(table, rows)),
  );
  await test.store.insertEncoded(table, block);
  expect(await read(table)).toEqual(wanted);
  return block;
}

function someRow(sequence: number, { below, oneOf, coin }: ReturnType<typeof chance>) {
  const number = () => oneOf([null, 0, -1, below(1e9), -(2 ** 53) + 1, 2 ** 53 - 1, -(2 ** 32)]);
  return aMeasurementRow({
    sequence,
    metric: oneOf(['icmp-rtt', 'dns', 'throughput']),
    target: oneOf(['', '通达', 'é', `host-${below(500)}.example.net`, 'x'.repeat(300)]),
    address: oneOf(['::', '2001:DB8::1', '::ffff:192.0.2.1', 'ffff:ffff::ffff']),
    outcome: oneOf(['ok', 'failed', 'skipped'] as const),
    detail: coin(0.7) ? '' : oneOf(['说不清', `no answer ${below(10)}`]),
    conflicts: oneOf([[], [], ['throughput'], ['a', '', 'b']]),
    clockSynchronised: oneOf([true, false, null]),
    clockOffsetUs: number(),
    v0: number(),
    v1: number(),
    v15: number(),
  });
}

describe('a block', () => {
  it.each([1, 2, 3])('says what the rows say, whatever they are (%i)', async (seed) => {
    const random = chance(seed);
    let sequence = 0;
    const reports = Array.from({ length: 1 + seed * 3 }, () =>
      Array.from({ length: 1 + random.below(200) }, () => someRow(sequence++, random)),
    );
    await agree('measurement', reports);
  });

  it('has dictionaries of any size', async () => {
    for (const different of [1, 256, 257, 70_000]) {
      const rows = Array.from({ length: different }, (_, sequence) =>
        aMeasurementRow({ sequence, target: `t${sequence}` }),
      );
      await test.store.insertEncoded(
        'measurement',
        encodeBlock(tables.measurement, [segment('measurement', rows)]),
      );
      expect(
        await test.store.read(
          "SELECT count() AS n, uniqExact(target) AS different, countIf(target != concat('t', toString(sequence))) AS wrong FROM measurement FINAL",
        ),
      ).toEqual([{ n: different, different, wrong: 0 }]);
    }
  });

  it('leaves out what is NULL throughout, and nothing else', async () => {
    const rows = [1, 2].map((sequence) => aMeasurementRow({ sequence, v2: null, v4: sequence }));
    const { columns } = await agree('measurement', [rows]);
    const left = Object.keys(tables.measurement).filter((name) => !columns.includes(name));
    expect(left).toContain('v2');
    expect(left).not.toContain('v4');
    for (const name of left)
      expect([name, tables.measurement[name as 'v2']]).toEqual([
        name,
        expect.stringContaining('Nullable'),
      ]);
  });

  it('carries lists of floats, empty ones too', async () => {
    const { below } = chance(9);
    const reports = Array.from({ length: 5 }, (_, report) =>
      Array.from({ length: 40 }, (_, index) => ({
        probe: `p${report}`,
        sequence: index,
        metric: 'icmp-rtt',
        start: '2026-11-24T01:02:03.004Z',
        samples: Array.from({ length: below(30) }, () => Math.fround(below(1e6) / 7)),
        hops: Array.from({ length: below(4) }, (_, hop) => (below(2) ? `192.0.2.${hop}` : '')),
      })),
    );
    await agree('sample', reports);
  });

  it('names the column that cannot hold its value', () => {
    expect(() => segment('measurement', [aMeasurementRow({ v3: 1.5 })])).toThrow(/^v3: wants/);
    expect(() => segment('measurement', [aMeasurementRow({ family: 256 })])).toThrow(/^family: /);
    expect(() => segment('measurement', [aMeasurementRow({ conflicts: ['\0'] })])).toThrow(
      /^conflicts: /,
    );
  });
});
