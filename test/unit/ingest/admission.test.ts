import { describe, expect, it } from 'vitest';
import {
  ADMISSION_RULES,
  type Admission,
  admit,
  CLOCK_REFUSALS,
  type Receipt,
} from '../../../ingest/admission.ts';
import { metricNamed } from '../../../probes/catalogue.ts';
import type { Measurement } from '../../../probes/measurement.ts';
import { precedenceOf } from '../../../sql/precedence.ts';
import { aMeasurement } from '../../measurement.ts';

const receipt: Receipt = {
  probe: {
    probe: 'xuanwu-1',
    bindingAt: (instant) =>
      instant < new Date('2026-01-01')
        ? null
        : { line: 'line-1', place: '320102002001', carrier: 'telecom' },
  },
  now: new Date('2026-11-10T04:00:05Z'),
  received: '2026-11-10T04:00:05.000001Z',
  source: '::ffff:192.0.2.7',
  horizonMs: Date.parse('2025-12-30T16:00:00Z'),
};

const judge = (changes: Partial<Measurement>, extra: object = {}): Admission =>
  admit(Buffer.from(JSON.stringify({ ...aMeasurement(changes), ...extra })), receipt);
const codeOf = (admission: Admission) => (admission.admitted ? 'admitted' : admission.code);

describe('admit', () => {
  it('makes a row, and adds what only the station knows', () => {
    const admission = judge({});
    if (!admission.admitted) throw new Error(admission.reason);
    expect(admission.row).toMatchObject({
      probe: 'xuanwu-1',
      sequence: 1,
      durationUs: 21_376,
      outcome: 'ok',
      clockOffsetUs: 1_536,
      precedence: precedenceOf(receipt.received, ADMISSION_RULES),
      source: '::ffff:192.0.2.7',
      line: 'line-1',
      place: '320102002001',
      carrier: 'telecom',
    });
    const slot = metricNamed('tcp-connect')?.values.findIndex(({ name }) => name === 'rttMedianMs');
    expect(admission.row[`v${slot}` as 'v0']).toBe(20_125);
  });

  it.each(['line', 'place', 'carrier', 'received', 'source', 'admission'])(
    'ignores a client’s own %s',
    (field) => {
      const [forged, honest] = [judge({}, { [field]: 'forged' }), judge({})];
      expect(forged).toEqual(honest);
    },
  );

  it('keeps the hops of a path beside their times', () => {
    const hops = [
      { address: '192.0.2.1', rttMs: 0.5 },
      { address: null, rttMs: null },
      { address: '2001:db8::1', rttMs: 12.25 },
    ];
    const admission = judge({ metric: 'path', method: 'path/1', values: {}, hops });
    expect(admission.admitted && admission.sample).toMatchObject({
      samples: [0.5, Number.NaN, 12.25],
      hops: ['192.0.2.1', '', '2001:db8::1'],
    });
    const told = { address: 'fe80::1%eth0', rttMs: 1 };
    expect(codeOf(judge({ hops: [told] }))).not.toBe('admitted');
  });

  it('keeps a failure with its stage and cause, and no value for what was not measured', () => {
    const admission = judge({
      outcome: { status: 'failed', stage: 'connect', code: 'timeout' },
      values: {},
    });
    if (!admission.admitted) throw new Error(admission.reason);
    expect(admission.row).toMatchObject({
      outcome: 'failed',
      stage: 'connect',
      code: 'timeout',
      v0: null,
      v15: null,
    });
  });

  it('writes IPv4 as mapped and no address as ::', () => {
    const addresses = [judge({ family: 4, address: '192.0.2.1' }), judge({ address: null })];
    expect(addresses.map((admission) => admission.admitted && admission.row.address)).toEqual([
      '::ffff:192.0.2.1',
      '::',
    ]);
  });

  it.each<[string, string, Partial<Measurement>, object?]>([
    ['another probe’s measurement', 'probe-mismatch', { probe: 'xuanwu-2' }],
    ['an unknown metric', 'unknown-metric', { metric: 'guess' }],
    ['a value the metric does not have', 'unknown-value', { values: { colour: 1 } }],
    ['a time when the probe had no line', 'unbound', { start: '2025-12-31T00:00:00.000Z' }],
    ['a day that is no longer whole', 'beyond-retention', { start: '2025-12-30T15:59:59.999Z' }],
    ['a future start', 'clock-ahead', { start: '2026-11-10T04:00:08.000Z' }],
    ['a start three years ago', 'too-old', { start: '2023-11-10T04:00:00.000Z' }],
    ['a value that is no number', 'malformed-measurement', {}, { values: { rttMedianMs: 'fast' } }],
    ['an unknown version', 'malformed-measurement', {}, { version: 99 }],
    ['a family of its own', 'malformed-measurement', {}, { family: 5 }],
    ['a negative sequence', 'malformed-measurement', {}, { sequence: -1 }],
  ])('refuses %s', (_, code, changes, extra = {}) => {
    expect(codeOf(judge(changes, extra))).toBe(code);
  });

  it('finds no fault in the first instant of the days that are kept whole', () => {
    expect(codeOf(judge({ start: '2025-12-30T16:00:00.000Z' }))).toBe('unbound');
  });

  it('lets a reviewer vouch for a clock, not for a day that is no longer whole', () => {
    const old = Buffer.from(JSON.stringify(aMeasurement({ start: '2023-11-10T04:00:00.000Z' })));
    expect(codeOf(admit(old, receipt))).toBe('too-old');
    expect(codeOf(admit(old, receipt, CLOCK_REFUSALS))).toBe('beyond-retention');
  });

  it('refuses what is not JSON, and cannot name its sequence', () => {
    expect(admit(Buffer.from('{"version":1,'), receipt)).toMatchObject({
      admitted: false,
      code: 'malformed-json',
      sequence: null,
    });
  });

  it('names the sequence of a malformed record, so that it can be acknowledged', () => {
    expect(judge({ sequence: 77 }, { family: 5 })).toMatchObject({ admitted: false, sequence: 77 });
  });

  describe('at the turn of a month (2026-10-31T16:00Z in Shanghai)', () => {
    const clock = (offsetMs: number | null, uncertaintyMs: number | null) => ({
      synchronised: null,
      offsetMs,
      uncertaintyMs,
    });
    it.each<[string, string, Measurement['clock'], string]>([
      ['2026-10-31T15:59:00.000Z', 'well before, small doubt', clock(0, 1_000), 'admitted'],
      [
        '2026-10-31T15:59:59.500Z',
        'just before, doubt reaches over',
        clock(0, 1_000),
        'month-uncertain',
      ],
      [
        '2026-10-31T16:00:00.500Z',
        'just after, doubt reaches back',
        clock(0, 1_000),
        'month-uncertain',
      ],
      ['2026-10-31T15:00:00.000Z', 'clock an hour slow', clock(3_600_000, 10), 'month-uncertain'],
      [
        '2026-10-31T16:00:00.000Z',
        'exactly the first instant, nothing known of the clock',
        clock(null, null),
        'admitted',
      ],
    ])('%s: %s', (start, _, state, expected) => {
      expect(codeOf(judge({ start, clock: state }))).toBe(expected);
    });

    it.each<[string, string, Measurement['clock'], string]>([
      ['forward over the turn', '2026-10-31T15:59:00.000Z', clock(null, null), 'month-uncertain'],
      ['nowhere near the turn', '2026-10-20T15:59:00.000Z', clock(null, null), 'admitted'],
      ['with a known offset', '2026-10-31T15:59:00.000Z', clock(0, 10), 'admitted'],
    ])('a clock set by two minutes while it measured, %s', (_, start, state, expected) => {
      expect(codeOf(judge({ start, clock: { ...state, stepMs: 120_000 } }))).toBe(expected);
      const back = { ...state, stepMs: -120_000 };
      const later = new Date(Date.parse(start) + 120_000).toISOString();
      expect(codeOf(judge({ start: later, clock: back }))).toBe(expected);
    });

    it('a clock years wrong is never admitted into the wrong month', () => {
      for (const years of [-3, -1, 1, 3]) {
        const offsetMs = -years * 365 * 86_400_000;
        const start = new Date(receipt.now.getTime() - offsetMs).toISOString();
        expect(codeOf(judge({ start, clock: clock(offsetMs, 50) }))).not.toBe('admitted');
      }
    });
  });
});
