import { describe, expect, it } from 'vitest';
import { judge } from '../../../probes/metrics/ndt7.ts';
import { nextMessageB, readMeasurement } from '../../../probes/transfer/ndt7-message.ts';
import { chance } from '../../chance.ts';

describe('nextMessageB', () => {
  it('grows from 8 KiB to 1 MiB, and never beyond 1/16 of what was sent', () => {
    let sentB = 0;
    let messageB: number | undefined;
    for (let round = 0; round < 200; round++) {
      messageB = nextMessageB(messageB, sentB);
      expect(messageB).toBeLessThanOrEqual(Math.max(1 << 13, (2 * sentB) / 16));
      sentB += messageB;
    }
    expect(messageB).toBe(1 << 20);
  });
});

describe('readMeasurement', () => {
  it('reads what a server counted, and nothing else', () => {
    const said = { AppInfo: { ElapsedTime: 250_000, NumBytes: 1_000_000 }, Test: 'upload' };
    expect(readMeasurement(JSON.stringify(said))?.AppInfo).toEqual(said.AppInfo);
    for (const text of ['', 'null', '[]', '{"AppInfo":{}}', '{"AppInfo":{"NumBytes":-1}}'])
      expect(readMeasurement(text)).toBeUndefined();
  });

  it('survives every change of a character', () => {
    const text = '{"AppInfo":{"ElapsedTime":1,"NumBytes":2}}';
    const { below } = chance(7);
    for (let round = 0; round < 1_000; round++) {
      const at = below(text.length);
      const read = readMeasurement(
        text.slice(0, at) + String.fromCharCode(below(128)) + text.slice(at + 1),
      );
      if (read) expect(read.AppInfo.NumBytes).toBeGreaterThanOrEqual(0);
    }
  });
});

describe('judge', () => {
  const down = { direction: 'down', durationS: 10 } as const;

  it('is the mean of the whole test, of its own direction', () => {
    const count = { receivedB: 12_500_000, elapsedMs: 10_000, seriesB: [1, 2] };
    expect(judge('::1', count, down)).toEqual({
      outcome: { status: 'ok' },
      address: '::1',
      values: { rateDownBps: 10e6, payloadB: 12_500_000, durationS: 10 },
      samples: [1, 2],
    });
    expect(judge('::1', count, { ...down, direction: 'up' }).values).toHaveProperty('rateUpBps');
  });

  it.each([
    ['closed', { receivedB: 9, elapsedMs: 8_900, cutBy: 'closed' }],
    ['byte-limit', { receivedB: 9, elapsedMs: 900, cutBy: 'byte-limit' }],
    ['timeout', { receivedB: 0, elapsedMs: 10_000 }],
    ['timeout', { receivedB: 9, elapsedMs: 4_000 }],
  ] as const)('has no rate: %s', (code, count) => {
    const { outcome, values } = judge('::1', count, down);
    expect(outcome).toEqual({ status: 'failed', stage: 'body', code });
    expect(values).not.toHaveProperty('rateDownBps');
  });

  it('is whole where the server ends it at its own ten seconds', () => {
    const count = { receivedB: 9, elapsedMs: 9_990, cutBy: 'closed' } as const;
    expect(judge('::1', count, down).outcome).toEqual({ status: 'ok' });
  });
});
