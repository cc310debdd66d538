import { describe, expect, it } from 'vitest';
import {
  framed,
  REFUSAL,
  readParameters,
  refusalOf,
  resultsOf,
  streamId,
} from '../../../probes/peer/iperf3-messages.ts';
import { chance } from '../../chance.ts';

const limits = { iperfS: 60, iperfStreams: 32 };
/** What Debian's iperf3 3.12 says for `-R -P 2`. */
const ASKED = {
  ...{ tcp: true, omit: 0, time: 10, num: 0, blockcount: 0, parallel: 2, reverse: true },
  ...{ len: 131_072, pacing_timer: 1_000, client_version: '3.12' },
};
const read = (changes: object) => readParameters(JSON.stringify({ ...ASKED, ...changes }), limits);

describe('readParameters', () => {
  it('reads what is asked, and what goes without saying', () => {
    expect(read({})).toMatchObject({
      kind: 'parameters',
      parameters: {
        time: 10,
        omit: 0,
        parallel: 2,
        reverse: true,
        bidirectional: false,
        bandwidth: 0,
      },
    });
    expect(readParameters('{"tcp":true}', limits)).toMatchObject({
      parameters: { parallel: 1, reverse: false },
    });
  });

  it.each([
    [{ tcp: undefined, udp: true }, REFUSAL.unsupported],
    [{ parallel: 33 }, REFUSAL.streams],
    [{ time: 61 }, REFUSAL.duration],
    [{ time: 50, omit: 11 }, REFUSAL.duration],
    [{ parallel: 0 }, REFUSAL.parameters],
    [{ parallel: 1.5 }, REFUSAL.parameters],
    [{ len: -1 }, REFUSAL.parameters],
    [{ time: 'long' }, REFUSAL.parameters],
    [{ bandwidth: -1 }, REFUSAL.parameters],
  ])('turns away %j', (changes, refusal) => {
    expect(read(changes)).toEqual({ kind: 'refused', refusal });
  });

  it('survives anything, and lets nothing beyond the limits in', () => {
    const { below, oneOf } = chance(5_201);
    const text = JSON.stringify(ASKED);
    const oddities = ['1e999', '-', '{', '}', '"', 'null', '99999999999', '0.1', '\u0000'];
    for (let round = 0; round < 2_000; round++) {
      const at = below(text.length);
      const asked = text.slice(0, at) + oneOf(oddities) + text.slice(at + below(4));
      const result = readParameters(asked, limits);
      if (result.kind === 'refused') continue;
      expect(result.parameters.parallel).toBeLessThanOrEqual(32);
      expect(result.parameters.time + result.parameters.omit).toBeLessThanOrEqual(60);
    }
  });
});

describe('on the wire', () => {
  it('counts streams as iperf3 does', () => {
    expect([0, 1, 2, 3].map(streamId)).toEqual([1, 3, 4, 5]);
  });

  it('puts a length before JSON, and two numbers behind a refusal', () => {
    expect(framed({ a: 1 }).toString('latin1')).toBe('\0\0\0\x07{"a":1}');
    expect(refusalOf(5).toString('hex')).toBe('fe0000000500000000');
  });

  it('says what it counted, stream by stream', () => {
    const cpu = { userRatio: 0.5, systemRatio: 0.25 };
    expect(
      resultsOf(
        [
          { bytes: 1, seconds: 2 },
          { bytes: 3, seconds: 2 },
        ],
        cpu,
      ),
    ).toMatchObject({
      cpu_util_total: 75,
      streams: [
        { id: 1, bytes: 1, end_time: 2 },
        { id: 3, bytes: 3, end_time: 2 },
      ],
    });
  });
});
