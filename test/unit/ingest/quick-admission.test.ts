/** The quick way against admission proper: it may not know, but it is never of another opinion. */
import { describe, expect, it } from 'vitest';
import { ADMISSION_RULES, admit, type Receipt } from '../../../ingest/admission.ts';
import { horizonOf } from '../../../ingest/horizon.ts';
import { runsOf } from '../../../ingest/key-order.ts';
import {
  QUICK_APPLIES,
  QuickAdmission,
  type QuickContext,
} from '../../../ingest/quick-admission.ts';
import {
  appendRow,
  type DayRows,
  dayNumber,
  instantOf,
  openDay,
} from '../../../ingest/row-layout.ts';
import { METRICS } from '../../../probes/catalogue.ts';
import type { Measurement } from '../../../probes/measurement.ts';
import { Texts } from '../../../sql/cells.ts';
import { encodeBlock } from '../../../sql/native.ts';
import { precedenceOf } from '../../../sql/precedence.ts';
import { tables } from '../../../sql/rows.ts';
import { type Chance, chance } from '../../chance.ts';
import { aMeasurement } from '../../measurement.ts';

const receipt: Receipt = {
  probe: {
    probe: 'xuanwu-1',
    bindingAt: (instant) =>
      // Midnight in Shanghai: bindings change with the day.
      instant < new Date('2026-10-19T16:00:00Z')
        ? null
        : { line: 'line-1', place: '320102002001', carrier: 'telecom' },
  },
  now: new Date('2026-11-10T04:00:05Z'),
  received: '2026-11-10T04:00:05.000001Z',
  source: '::ffff:192.0.2.7',
  // Among the starts that `someMeasurement` makes.
  horizonMs: horizonOf({ successDays: 21 }, null, new Date('2026-11-10T04:00:05Z')),
};

const open = (startMs: number, texts = new Texts()): DayRows => {
  const day = dayNumber(startMs);
  const { received, source, probe } = receipt;
  const station = { source, precedence: precedenceOf(received, ADMISSION_RULES) };
  return openDay(day, probe.bindingAt(instantOf(day)), station, texts);
};
const texts = new Texts();
const context: QuickContext = {
  probe: 'xuanwu-1',
  nowMs: receipt.now.getTime(),
  horizonMs: receipt.horizonMs,
  texts,
  dayAt: (startMs) => open(startMs, texts),
};

/** What would be sent to the store. */
const bytesOf = ({ rows, samples }: DayRows) =>
  [
    encodeBlock(tables.measurement, runsOf(rows, tables.measurement, 'xuanwu-1')),
    encodeBlock(tables.sample, runsOf(samples, tables.sample, 'xuanwu-1')),
  ]
    .map(({ columns, pieces }) => `${columns} ${Buffer.concat(pieces).toString('hex')}`)
    .join('\n');

const quick = new QuickAdmission(context);

/** What the quick way makes of a line; null where it does not know. */
function quickly(line: Buffer): string | null {
  const day = quick.admit(line, 0, line.length);
  return day && bytesOf(day);
}

/** What admission proper makes of it; null where it refuses. */
function properly(line: Buffer): string | null {
  const admission = admit(line, receipt);
  if (!admission.admitted) return null;
  const day = open(Date.parse(admission.row.start));
  appendRow(day, admission.row, admission.sample);
  return bytesOf(day);
}

/** Whatever the line, the quick way is right or silent; says whether it spoke. */
function agree(line: Buffer): boolean {
  const said = quickly(line);
  if (said !== null && said !== properly(line))
    throw new Error(`they differ on ${line.toString()}`);
  return said !== null;
}

const NAMES = ['a', 'reach', 'connect-v6', '0-9', 'z'.repeat(63)];

function someNumber({ below, oneOf, next }: Chance): number {
  return oneOf([
    () => 0,
    () => below(1000),
    () => below(1e6) / 1000,
    () => below(2 ** 40) / 2 ** 20,
    () => next() * 1e6,
    () => below(1e9) * 1e6,
    () => below(1e4) / 1e9,
    () => 0.1 + 0.2,
  ])();
}

function someMeasurement(random: Chance): Measurement {
  const { below, oneOf, coin } = random;
  const metric = oneOf(METRICS);
  const values = metric.values
    .filter(() => coin(0.8))
    .map(({ name }) => [name, someNumber(random) * (coin(0.1) ? -1 : 1)] as const);
  if (coin(0.2)) values.reverse();
  const startMs = receipt.now.getTime() - below(30 * 86_400_000);
  return aMeasurement({
    sequence: oneOf([() => below(1e6), () => 1_795_485_660_003 + below(1e6), () => 2 ** 53 - 1])(),
    schedule: oneOf(NAMES),
    task: oneOf(NAMES),
    metric: metric.name,
    method: metric.method,
    target: oneOf(['[2001:db8::1]:80', 'http://a.example/~x?y=1&z=%20', 'x'.repeat(500), ' ']),
    address: oneOf([null, '192.0.2.1', '2001:db8::1', '::', '::ffff:192.0.2.9', 'FE80::1']),
    family: oneOf([4, 6] as const),
    start: new Date(startMs).toISOString(),
    durationMs: Math.abs(someNumber(random)) % 86_400_000,
    outcome: oneOf<Measurement['outcome']>([
      { status: 'ok' },
      { status: 'ok' },
      { status: 'failed', stage: 'connect', code: 'timeout' },
      { status: 'failed', stage: 'dns', code: 'nxdomain', detail: 'no such name' },
      { status: 'failed', stage: 'dns', code: 'nxdomain', detail: '无此域名' },
      { status: 'skipped', reason: 'no-raw-socket' },
    ]),
    values: Object.fromEntries(values),
    conflicts: Array.from({ length: coin(0.7) ? 0 : below(4) }, () => oneOf(NAMES)),
    clock: {
      synchronised: oneOf([true, false, null]),
      offsetMs: oneOf([null, 0, below(9e6) / 1000, -below(9e6) / 1000, someNumber(random)]),
      uncertaintyMs: oneOf([null, 0, below(9e6) / 1000, someNumber(random)]),
    },
    software: oneOf(['tongda-probe/0.1.0', 'x']),
    ...(coin(0.4) ? { samples: Array.from({ length: below(20) }, () => someNumber(random)) } : {}),
    ...(coin(0.1) ? { hops: [{ address: '192.0.2.1', rttMs: below(9) }] } : {}),
  });
}

/** The order of `measurementSchema`, where samples stand before conflicts. */
function inSchemaOrder(measurement: Measurement): object {
  const { conflicts, clock, software, samples, hops, ...rest } = measurement;
  const series = { ...(samples ? { samples } : {}), ...(hops ? { hops } : {}) };
  return { ...rest, ...series, conflicts, clock, software };
}

describe('the quick way', () => {
  it('applies to the table there is', () => {
    expect(QUICK_APPLIES).toBe(true);
  });

  it('knows what our probes write, in both orders they write it', () => {
    const random = chance(1);
    let known = 0;
    let admitted = 0;
    for (let turn = 0; turn < 5_000; turn++) {
      const measurement = someMeasurement(random);
      const record = random.coin(0.5) ? measurement : inSchemaOrder(measurement);
      const line = Buffer.from(JSON.stringify(record));
      if (properly(line) !== null) admitted++;
      if (agree(line)) known++;
    }
    // What it leaves to the other: exponents, other scripts than ASCII, 16 digits of a sequence.
    expect(admitted).toBeGreaterThan(1_500);
    expect(known / admitted).toBeGreaterThan(0.4);
  }, 30_000);

  it('is right or silent about lines with one byte or one token wrong', () => {
    const random = chance(2);
    const { below, oneOf } = random;
    let refused = 0;
    for (let turn = 0; turn < 10_000; turn++) {
      const line = Buffer.from(JSON.stringify(someMeasurement(random)));
      const at = below(line.length);
      const wrong = oneOf([
        () => Buffer.concat([line.subarray(0, at), line.subarray(at + 1)]),
        () => Buffer.concat([line.subarray(0, at), Buffer.from([below(256)]), line.subarray(at)]),
        () => {
          const other = Buffer.from(line);
          other[at] = oneOf([...'"\\,:{}[]0129eE.-+ \n\x00é'].map((c) => c.charCodeAt(0)));
          return other;
        },
        () => Buffer.from(line.toString().replace(oneOf(TOKENS), oneOf(TOKENS))),
        () => line.subarray(0, at),
      ])();
      if (properly(wrong) === null) refused++;
      agree(wrong);
    }
    expect(refused).toBeGreaterThan(5_000);
  }, 30_000);

  it.each<[string, string, string]>([
    ['a sequence with a leading zero', '"sequence":1,', '"sequence":01,'],
    ['a negative zero', '"rttMedianMs":20.125', '"rttMedianMs":-0'],
    ['a number that ends in a point', '20.125', '20.'],
    ['a number that begins with one', '20.125', '.5'],
    ['a value twice', '"rttMedianMs":20.125', '"rttMedianMs":1,"rttMedianMs":2'],
    ['a value not of the metric', '"rttMedianMs"', '"rateDownBps"'],
    ['a value too large', '20.125', '9e300'],
    ['a value of many digits', '20.125', '20.12500000000000012345'],
    ['a value beyond all integers', '20.125', '123456789012345678901'],
    ['another probe', '"probe":"xuanwu-1"', '"probe":"xuanwu-2"'],
    ['an escape', '"software":"t', '"software":"\\u0074'],
    ['a key twice', '"family":6', '"family":4,"family":6'],
    ['white space', ',"family":6', ', "family":6'],
    ['29 February of no leap year', '2026-11-10', '2026-02-29'],
    ['an hour too many', 'T04:', 'T24:'],
    ['a month turn within the doubt', '2026-11-10T04:00:00.000Z', '2026-10-31T15:59:59.995Z'],
    ['a day no longer whole', '2026-11-10T04:00:00.000Z', '2026-10-21T15:59:59.999Z'],
    ['the first instant that is kept', '2026-11-10T04:00:00.000Z', '2026-10-21T16:00:00.000Z'],
    ['a day without a line', '2026-11-10T', '2026-10-10T'],
    ['an enormous clock doubt', '"uncertaintyMs":10', '"uncertaintyMs":1e300'],
    ['an enormous clock offset', '"offsetMs":1.5', '"offsetMs":-1e300'],
    ['a clock that was set', '"uncertaintyMs":10', '"uncertaintyMs":10,"stepMs":-5000'],
    ['an unknown metric', '"metric":"tcp-connect"', '"metric":"tcp-conne"'],
    ['an address of two families', '"2001:db8::1","', '"192.0.2.300","'],
    ['nothing behind the end', '"}', '"}}'],
  ])('agrees on %s', (_, from, to) => {
    const line = JSON.stringify(aMeasurement());
    expect(line).toContain(from);
    agree(Buffer.from(line.replace(from, to)));
  });

  it('takes nothing back from a neighbour: lines lie in one buffer', () => {
    const lines = [1, 2, 3].map((sequence) => JSON.stringify(aMeasurement({ sequence })));
    const all = Buffer.from(`${lines.join('\n')}\n`);
    let from = 0;
    for (const line of lines) {
      const day = quick.admit(all, from, from + line.length);
      expect(day && bytesOf(day)).toBe(properly(Buffer.from(line)));
      expect(quick.admit(all, from, from + line.length - 1)).toBeNull();
      from += line.length + 1;
    }
  });
});

const TOKENS = [
  '"ok"',
  '"failed"',
  'null',
  'true',
  '{}',
  '[]',
  '"values"',
  '"clock"',
  '"start"',
  ',"family":6',
  '"family":4',
  '"samples":[1,2]',
  '1e5',
  '0',
  '"stage":"connect"',
];
