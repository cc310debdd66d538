import { describe, expect, it } from 'vitest';
import { LineSplitter } from '../../../ingest/line-splitter.ts';
import { type Intake, ReportReader, ranges } from '../../../ingest/report-reader.ts';
import type { Measurement } from '../../../probes/measurement.ts';
import { encodeReport } from '../../../probes/report.ts';
import { type Encoded, encodeBlock } from '../../../sql/native.ts';
import { tables } from '../../../sql/rows.ts';
import { chance } from '../../chance.ts';
import { aMeasurement } from '../../measurement.ts';

const now = new Date('2026-11-10T05:00:00Z');
const reader = () =>
  new ReportReader({
    probe: {
      probe: 'xuanwu-1',
      bindingAt: () => ({ line: 'line-1', place: '320102002001', carrier: 'telecom' }),
    },
    now,
    received: '2026-11-10T05:00:00.000001Z',
    source: '::ffff:192.0.2.7',
    horizonMs: 0,
  });
const encoded = (measurements: readonly Measurement[], date = now) =>
  Buffer.from(encodeReport({ date: date.toISOString(), agentId: 'xuanwu-1' }, measurements));

function readIn(pieces: readonly Buffer[]) {
  const report = reader();
  for (const piece of pieces) report.push(piece);
  const { intake, batch } = report.end();
  return { intake, batch, answer: report.acknowledgement(batch, now) };
}

/** What would be sent to the store. */
const blocksOf = ({ days }: Intake) =>
  days.map(({ day, measurements, samples }) => [
    day,
    hex(encodeBlock(tables.measurement, measurements)),
    hex(encodeBlock(tables.sample, samples)),
  ]);
const hex = ({ pieces }: Encoded) => Buffer.concat(pieces).toString('hex');

const some = Array.from({ length: 40 }, (_, sequence) =>
  aMeasurement({
    sequence,
    start: new Date(now.getTime() - sequence * 7_000_000).toISOString(),
    ...(sequence % 3 ? { samples: [sequence] } : {}),
    ...(sequence % 7 ? {} : { metric: 'guess' }),
  }),
);

describe('ReportReader', () => {
  it('makes the same of a body however it is cut', () => {
    const body = encoded(some);
    const whole = readIn([body]);
    expect(whole.answer).toMatchObject({ stored: 34, covers: [[0, 39]] });
    const { below } = chance(7);
    for (let turn = 0; turn < 50; turn++) {
      const pieces: Buffer[] = [];
      for (let at = 0; at < body.length; ) {
        const size = 1 + below(turn % 2 ? 30 : 3_000);
        pieces.push(body.subarray(at, at + size));
        at += size;
      }
      const { intake, batch, answer } = readIn(pieces);
      expect({ batch, answer }).toEqual({ batch: whole.batch, answer: whole.answer });
      expect(blocksOf(intake)).toEqual(blocksOf(whole.intake));
    }
  });

  it('knows a batch by its content, not by when it was put together', () => {
    const one = readIn([encoded(some)]).batch;
    expect(readIn([encoded(some, new Date(now.getTime() + 1000))]).batch).toBe(one);
    expect(readIn([encoded(some.slice(1))]).batch).not.toBe(one);
  });

  it('takes a record twice as one, and another of its sequence not at all', () => {
    const [one, two] = [aMeasurement({ sequence: 1 }), aMeasurement({ sequence: 2 })];
    const others: Measurement[] = [
      { ...one, values: { rttMedianMs: 1 } },
      { ...one, start: '2026-11-09T04:00:00.000Z' },
      { ...one, samples: [1] },
      { ...one, metric: 'http-fetch', values: {} },
    ];
    expect(readIn([encoded([two, one, one, two, one])]).answer).toMatchObject({
      stored: 2,
      quarantined: [],
    });
    const { intake, answer } = readIn([encoded([two, one, ...others, one])]);
    expect(answer.stored).toBe(2);
    expect(answer.quarantined.map(({ code, line }) => [code, line])).toEqual(
      others.map((_, index) => ['sequence-conflict', index + 4]),
    );
    const alone = readIn([encoded([two, one])]).intake;
    expect(blocksOf(intake)).toEqual(blocksOf(alone));
  });

  it('does not take the second of a report that promises one', () => {
    const body = encoded([aMeasurement()]).toString();
    expect(() => readIn([Buffer.from(`${body}${body.split('\n')[1]}\n`)])).toThrow(
      expect.objectContaining({ code: 'report-malformed' }),
    );
    expect(() => readIn([Buffer.from(body.replace('"results":1', '"results":2'))])).toThrow(
      expect.objectContaining({ code: 'report-cut' }),
    );
    expect(() => readIn([])).toThrow(expect.objectContaining({ code: 'report-malformed' }));
  });
});

describe('LineSplitter', () => {
  it('refuses a line as soon as it is too long, whether it ends or not', () => {
    const pushes = (text: string) => () => {
      const splitter = new LineSplitter(10, () => {});
      for (const character of text) splitter.push(Buffer.from(character));
    };
    expect(pushes('0123456789\n0123456789\n')).not.toThrow();
    expect(pushes('0123456789a')).toThrow(expect.objectContaining({ code: 'line-too-long' }));
    const splitter = new LineSplitter(10, () => {});
    expect(() => splitter.push(Buffer.from('0123456789a\n'))).toThrow(
      expect.objectContaining({ code: 'line-too-long' }),
    );
  });

  it('bounds empty lines too', () => {
    const splitter = new LineSplitter(10, () => {});
    expect(() => splitter.push(Buffer.alloc(300_000, '\n'))).toThrow(
      expect.objectContaining({ code: 'report-too-large' }),
    );
  });

  it('gives the last line without its end, and counts the empty ones', () => {
    const lines: [number, string][] = [];
    const splitter: LineSplitter = new LineSplitter(10, (bytes, from, to) =>
      lines.push([splitter.lines, bytes.toString('utf8', from, to)]),
    );
    splitter.push(Buffer.from('a\n\nb'));
    splitter.end();
    expect(lines).toEqual([
      [1, 'a'],
      [3, 'b'],
    ]);
  });
});

describe('ranges', () => {
  it('names exactly the sequences it is given', () => {
    const { below } = chance(3);
    for (let turn = 0; turn < 100; turn++) {
      const sequences = Array.from({ length: below(60) }, () => below(80));
      const named = ranges(sequences).flatMap(([from, to]) =>
        Array.from({ length: to - from + 1 }, (_, index) => from + index),
      );
      expect(named).toEqual([...new Set(sequences)].sort((a, b) => a - b));
    }
    expect(ranges([1_795_485_660_003, 1_795_485_660_002])).toEqual([
      [1_795_485_660_002, 1_795_485_660_003],
    ]);
  });
});
