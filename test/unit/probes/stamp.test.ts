import { describe, expect, it } from 'vitest';
import { type Answer, judge, lossByWay } from '../../../probes/metrics/stamp.ts';
import {
  BASE_B,
  isTestPacket,
  readReflection,
  reflection,
  testPacket,
} from '../../../probes/net/stamp-packet.ts';
import { Reflector } from '../../../probes/peer/stamp.ts';
import { chance } from '../../chance.ts';

/** 2026-11-24T02:00:00.5Z, which is 0xeeaf6e20 seconds after 1900 and one half. */
const AT_NS = 1_795_485_600_500_000_000n;
const AT_NTP = 'eeaf6e2080000000';
const MS = 1_000_000n;
const packet = (sequence = 5, sizeB = BASE_B) =>
  testPacket({ sequence, sentNs: AT_NS, session: 0xabcd, sizeB });

describe('testPacket', () => {
  it('is laid out as RFC 8762 §4.2.1 and RFC 8972 §3 say', () => {
    expect(packet().toString('hex')).toBe(
      // sequence, timestamp, error estimate (S = 0, Z = 0, scale 32, multiplier 1), session
      `00000005${AT_NTP}2001abcd${'00'.repeat(28)}`,
    );
    expect(packet(5, 100)).toHaveLength(100);
  });
});

describe('reflection', () => {
  it('is laid out as RFC 8762 §4.3.1 says', () => {
    const reply = reflection(packet(), AT_NS + 1_000_000_000n, AT_NS + 2_000_000_000n, 3);
    expect(reply.toString('hex')).toBe(
      `00000003eeaf6e22800000002001abcd` + // its own number, its own time, session back
        'eeaf6e2180000000' + // receive timestamp
        `00000005${AT_NTP}2001` + // what the sender sent
        '0000ff000000', // sender's TTL is not known
    );
  });

  it('keeps the number where it has no state, and what came behind 44 octets', () => {
    const long = Buffer.concat([packet(9), Buffer.from('80010004deadbeef', 'hex')]);
    const reply = reflection(long, AT_NS, AT_NS);
    expect(reply.readUInt32BE(0)).toBe(9);
    expect(reply.subarray(BASE_B).toString('hex')).toBe('80010004deadbeef');
    expect(reply).toHaveLength(long.length);
  });
});

describe('readReflection', () => {
  const sent = (sequence: number) => (sequence === 5 ? AT_NS : undefined);
  const reply = reflection(packet(), AT_NS + 3n * MS, AT_NS + 4n * MS, 2);
  it('reads an answer to a packet of ours', () => {
    const read = readReflection(reply, 0xabcd, sent);
    expect(read).toMatchObject({ sequence: 2, senderSequence: 5 });
    // NTP's fraction is 0.23 ns.
    expect(Number((read?.sentNs ?? 0n) - (read?.receivedNs ?? 0n))).toBeCloseTo(1e6, -1);
  });

  it('takes a reflector that leaves the session out, and no other session', () => {
    const silent = Buffer.from(reply);
    silent.writeUInt16BE(0, 14);
    expect(readReflection(silent, 0xabcd, sent)).toBeDefined();
    expect(readReflection(reply, 0xabce, sent)).toBeUndefined();
  });

  it('is not taken in by what is near it', () => {
    const altered = (at: number) => {
      const copy = Buffer.from(reply);
      copy.writeUInt8(copy.readUInt8(at) ^ 1, at);
      return copy;
    };
    // The sender's number and the time it sent it.
    for (let at = 24; at < 36; at++)
      expect(readReflection(altered(at), 0xabcd, sent)).toBeUndefined();
    for (let length = 0; length < BASE_B; length++)
      expect(readReflection(reply.subarray(0, length), 0xabcd, sent)).toBeUndefined();
  });

  it('survives anything', () => {
    const { below } = chance(8762);
    for (let round = 0; round < 2_000; round++) {
      const datagram = Buffer.from(Array.from({ length: below(120) }, () => below(256)));
      expect(readReflection(datagram, below(0x1_0000), () => AT_NS)).toBeUndefined();
    }
  });
});

describe('Reflector', () => {
  let nowNs = AT_NS;
  const reflector = new Reflector(() => nowNs);
  const answer = (datagram: Buffer, port = 1) => reflector.answer(datagram, '192.0.2.1', port);
  const numbers = (...datagrams: Buffer[]) =>
    datagrams.map((each) => answer(each)?.readUInt32BE(0));

  it('numbers its answers itself, session by session', () => {
    expect(numbers(packet(0), packet(1), packet(4))).toEqual([0, 1, 2]);
    expect(answer(packet(7), 2)?.readUInt32BE(0)).toBe(0);
    const other = testPacket({ sequence: 3, sentNs: AT_NS, session: 1, sizeB: BASE_B });
    expect(answer(other)?.readUInt32BE(0)).toBe(0);
  });

  it('says when a packet came, not when it was read', () => {
    const reply = reflector.answer(packet(0), '::1', 9, 3n * MS);
    const read = reply && readReflection(reply, 0xabcd, () => AT_NS);
    expect(Number((read?.sentNs ?? 0n) - (read?.receivedNs ?? 0n))).toBeCloseTo(3e6, -1);
  });

  it('begins again when a session was long silent', () => {
    nowNs += 901n * 1_000n * MS;
    expect(numbers(packet(5))).toEqual([0]);
  });

  it('does not answer its own kind, or two would talk for ever', () => {
    const reply = answer(packet());
    expect(reply && isTestPacket(reply)).toBe(false);
    expect(reply && answer(reply)).toBeUndefined();
  });

  it('never says more than it was asked, whatever it was asked', () => {
    const { below, coin } = chance(8972);
    let answered = 0;
    for (let round = 0; round < 2_000; round++) {
      const datagram = Buffer.from(Array.from({ length: below(200) }, () => below(256)));
      if (coin(0.5) && datagram.length >= BASE_B) datagram.fill(0, 16, BASE_B);
      const reply = answer(datagram);
      if (reply) answered++;
      expect(reply?.length ?? 0).toBeLessThanOrEqual(datagram.length);
    }
    expect(answered).toBeGreaterThan(100);
  });
});

describe('lossByWay', () => {
  const seen = (...pairs: [sender: number, reflector: number][]) =>
    pairs.map(([senderSequence, sequence]) => ({ senderSequence, sequence }));

  it.each([
    ['nothing lost', seen([0, 0], [1, 1]), false, { isStateful: false, forward: 0, backward: 0 }],
    [
      'lost there',
      seen([0, 0], [2, 1], [3, 2]),
      false,
      { isStateful: true, forward: 1 / 4, backward: 0 },
    ],
    ['lost back', seen([0, 0], [2, 2]), true, { isStateful: true, forward: 0, backward: 1 / 3 }],
    [
      'both',
      seen([0, 0], [2, 1], [5, 3]),
      false,
      { isStateful: true, forward: 2 / 6, backward: 1 / 4 },
    ],
    ['who knows', seen([0, 0], [2, 2]), false, { isStateful: false }],
    [
      'answers overtook each other',
      seen([0, 1], [1, 0]),
      false,
      { isStateful: true, forward: 0, backward: 0 },
    ],
    ['it forgot', seen([0, 0], [1, 1], [2, 0]), true, { isStateful: false }],
    ['it counts otherwise', seen([0, 7], [1, 8]), false, { isStateful: false }],
  ])('%s', (_, answers, isKnown, expected) => {
    expect(lossByWay(answers, isKnown)).toEqual(expected);
  });
});

describe('judge', () => {
  const answer = (senderSequence: number, rttMs: bigint, stayMs = 5n): Answer => {
    const leftNs = AT_NS + BigInt(senderSequence) * 100n * MS;
    // The reflector's clock is an hour ahead.
    const receivedNs = leftNs + 3_600_000n * MS + rttMs * MS;
    const sentNs = receivedNs + stayMs * MS;
    const cameNs = leftNs + (rttMs + stayMs) * MS;
    return { sequence: senderSequence, senderSequence, leftNs, cameNs, receivedNs, sentNs };
  };
  const session = { sent: 4, unsent: 0, codes: [], strangers: 0, isTimedByKernel: true };

  it('leaves the stay in the reflector out of the round trip, and clocks out of everything', () => {
    const answers = [answer(0, 10n), answer(1, 12n), answer(3, 30n, 400n)];
    expect(judge('::1', { ...session, answers }, true)).toEqual({
      outcome: { status: 'ok' },
      address: '::1',
      values: {
        ...{ rttMinMs: 10, rttMedianMs: 12, rttP95Ms: 30, rttMaxMs: 30, jitterMs: 20, ipdvMs: 2 },
        ...{ lossRatio: 0.25, packetsSent: 4, packetsReceived: 3 },
        ...{ lossForwardRatio: 0, lossBackwardRatio: 0.25, statefulReflector: 1 },
        ...{ jitterForwardMs: 20, jitterBackwardMs: 0, residenceMedianMs: 5 },
      },
      samples: [10, 12, 30],
    });
  });

  it('has an answer but no round trip where the reflector’s clock stepped meanwhile', () => {
    const answers = [answer(0, 10n, -20n)];
    const { outcome, values } = judge('::1', { ...session, sent: 1, answers }, true);
    expect(outcome).toEqual({ status: 'ok' });
    expect(values).toMatchObject({ packetsReceived: 1, lossRatio: 0 });
    expect(values).not.toHaveProperty('rttMedianMs');
  });

  it('names the method by whose clock told when answers came', () => {
    const answers = [answer(0, 10n)];
    expect(judge('::1', { ...session, answers }, true)).not.toHaveProperty('method');
    for (const some of [answers, []])
      expect(judge('::1', { ...session, answers: some, isTimedByKernel: false }, true).method).toBe(
        'stamp/1',
      );
  });

  it('tells no way when this machine did not send them all', () => {
    const { values } = judge(
      '::1',
      { ...session, sent: 1, unsent: 3, answers: [answer(3, 1n)] },
      true,
    );
    expect(values).toMatchObject({ lossRatio: 0 });
    expect(values).not.toHaveProperty('lossForwardRatio');
  });

  it.each([
    [{ ...session, sent: 0, unsent: 4, codes: ['no-route'] }, 'send', 'no-route'],
    [{ ...session, codes: ['refused'] }, 'reflect', 'refused'],
    [{ ...session, strangers: 2 }, 'reflect', 'malformed'],
    [session, 'reflect', 'timeout'],
  ])('says why no answer came: %#', (without, stage, code) => {
    expect(judge('::1', { ...without, answers: [] }, false).outcome).toEqual({
      status: 'failed',
      stage,
      code,
    });
  });
});
