import { describe, expect, it } from 'vitest';
import { judge } from '../../../probes/metrics/icmp-rtt.ts';
import { controlStampMs } from '../../../probes/net/icmp-kernel.ts';
import {
  addressKey,
  echoRequest,
  internetChecksum,
  keyAddress,
  MINIMUM_PAYLOAD_B,
  readAnswer,
  sentSerial,
} from '../../../probes/net/icmp-packet.ts';
import { chance } from '../../chance.ts';

const nonce = Buffer.from('0123456789abcdef', 'hex');
const identity = { sessionId: 0x1234, nonce, serial: 0x5_0007 };

/** The echo's answer: type changed, the rest sent back. */
function reply(family: 4 | 6, changes: Partial<typeof identity> = {}): Buffer {
  const echo = echoRequest(family, { ...identity, ...changes }, 56);
  echo[0] = family === 6 ? 129 : 0;
  return family === 6 ? echo : Buffer.concat([ipv4Header(), echo]);
}

function ipv4Header(options = 0): Buffer {
  const header = Buffer.alloc(20 + options);
  header[0] = 0x40 | (header.length / 4);
  header[9] = 1;
  Buffer.from([192, 0, 2, 1]).copy(header, 16);
  return header;
}

function ipv6Header(next = 58): Buffer {
  const header = Buffer.alloc(40);
  header[0] = 0x60;
  header[6] = next;
  Buffer.from('20010db8000000000000000000000001', 'hex').copy(header, 24);
  return header;
}

function error(family: 4 | 6, type: number, code: number, quoted: Buffer): Buffer {
  const message = Buffer.concat([Buffer.from([type, code, 0, 0, 0, 0, 0, 0]), quoted]);
  return family === 6 ? message : Buffer.concat([ipv4Header(), message]);
}

describe('echoRequest', () => {
  it('has a right checksum in ICMP and leaves ICMPv6 to the kernel', () => {
    expect(internetChecksum(echoRequest(4, identity, 57))).toBe(0);
    expect(echoRequest(6, identity, 56).readUInt16BE(2)).toBe(0);
  });
});

describe('a session’s flow', () => {
  it.each([4, 6] as const)('looks the same to every router over IPv%i', (family) => {
    const sums = new Set<number>();
    for (const serial of [0, 1, 0xffff, 0x1_0000, 0x1_0001, 0x7fff_ffff, 0xfffe_ffff, 0xffff_ffff])
      sums.add(internetChecksum(zeroed(echoRequest(family, { ...identity, serial }, 56))));
    expect(sums.size).toBe(1);
  });
});

/** Without its checksum. */
function zeroed(packet: Buffer): Buffer {
  packet.writeUInt16BE(0, 2);
  return packet;
}

describe('addressKey', () => {
  it.each(['192.0.2.1', '2001:db8::1', '::1'])('is one way to write %s, and back', (address) => {
    expect(keyAddress(addressKey(address))).toBe(address);
  });
  it('has one spelling for one address', () => {
    expect(addressKey('2001:0DB8:0::1%eth0')).toBe(addressKey('2001:db8::1'));
  });
});

describe('sentSerial', () => {
  it('finds a request behind the headers of any link', () => {
    const packet = echoRequest(6, { ...identity, serial: 0xfedc_ba98 }, 56);
    for (const linkB of [0, 14, 18])
      expect(sentSerial(Buffer.concat([Buffer.alloc(linkB + 40), packet]), identity)).toBe(
        0xfedc_ba98,
      );
    expect(sentSerial(packet.subarray(0, 19), identity)).toBeUndefined();
    expect(sentSerial(packet.subarray(5), identity)).toBeUndefined();
    expect(sentSerial(Buffer.alloc(100), identity)).toBeUndefined();
  });
});

describe('controlStampMs', () => {
  const control = (level: number, type: number, data: Buffer) => {
    const header = Buffer.alloc(16);
    header.writeBigUInt64LE(BigInt(16 + data.length), 0);
    header.writeInt32LE(level, 8);
    header.writeInt32LE(type, 12);
    return Buffer.concat([header, data, Buffer.alloc(-data.length & 7)]);
  };
  const time = Buffer.alloc(48);
  time.writeBigInt64LE(1_000_001n, 0);
  time.writeBigInt64LE(500_250n, 8);

  it('reads the software stamp behind other messages', () => {
    const all = Buffer.concat([control(41, 25, Buffer.alloc(28)), control(1, 37, time)]);
    expect(controlStampMs(all, 1_000_000n)).toBe(1_000.500_25);
    expect(controlStampMs(control(1, 37, Buffer.alloc(48)), 0n)).toBeNull();
    expect(controlStampMs(control(0, 37, time), 0n)).toBeNull();
  });
});

describe('whatever arrives', () => {
  it('is read to its end or refused, never more', () => {
    const { below: random } = chance(7);
    const bytes = () => Buffer.from(Array.from({ length: random(120) }, () => random(256)));
    const quoted6 = Buffer.concat([ipv6Header(), echoRequest(6, identity, 56)]);
    const quoted4 = Buffer.concat([ipv4Header(), echoRequest(4, identity, 56)]);
    const good = [reply(4), reply(6), error(6, 2, 0, quoted6), error(4, 3, 4, quoted4)];
    for (let round = 0; round < 4_000; round++) {
      const packet = Buffer.from(
        round % 4 === 0 ? bytes() : (good[random(good.length)] ?? bytes()),
      );
      for (let flips = random(4); flips > 0 && packet.length > 0; flips--)
        packet[random(packet.length)] = random(256);
      const cut = packet.subarray(0, random(2) ? packet.length : random(packet.length + 1));
      for (const family of [4, 6] as const) {
        const answer = readAnswer(family, cut, identity);
        if (answer === undefined) continue;
        // The session and, where it is there, the nonce are ours, or it would not be an answer.
        expect(cut.includes(Buffer.from('1234', 'hex'))).toBe(true);
        if (answer.serial !== undefined) expect(cut.includes(nonce)).toBe(true);
        if (answer.kind === 'error') expect(keyAddress(answer.destination)).not.toBe('');
      }
      sentSerial(cut, identity);
      controlStampMs(cut, 0n);
    }
  });
});

describe('internetChecksum', () => {
  it('is that of RFC 1071 §3', () => {
    expect(internetChecksum(Buffer.from('0001f203f4f5f6f7', 'hex'))).toBe(~0xddf2 & 0xffff);
  });
});

describe('readAnswer', () => {
  it.each([4, 6] as const)('reads an IPv%i reply to this session', (family) => {
    expect(readAnswer(family, reply(family), identity)).toEqual({
      kind: 'reply',
      sequence: 7,
      serial: 0x5_0007,
    });
  });

  it.each([4, 6] as const)('ignores IPv%i replies to others', (family) => {
    const otherSession = reply(family, { sessionId: 1 });
    const otherNonce = reply(family, { nonce: Buffer.alloc(8) });
    expect(readAnswer(family, otherSession, identity)).toBeUndefined();
    expect(readAnswer(family, otherNonce, identity)).toBeUndefined();
    const cut = reply(family).subarray(0, (family === 6 ? 0 : 20) + 8 + MINIMUM_PAYLOAD_B - 1);
    expect(readAnswer(family, cut, identity)).toBeUndefined();
  });

  it('does not take a request, its own on loopback, for an answer', () => {
    expect(readAnswer(6, echoRequest(6, identity, 56), identity)).toBeUndefined();
  });

  it('reads an ICMP error past the options of both headers', () => {
    const quoted = Buffer.concat([ipv4Header(8), echoRequest(4, identity, 56)]);
    expect(readAnswer(4, error(4, 3, 13, quoted), identity)).toEqual({
      kind: 'error',
      code: 'prohibited',
      sequence: 7,
      serial: 0x5_0007,
      destination: addressKey('192.0.2.1'),
    });
  });

  it('reads an ICMP error that quotes 8 bytes only (RFC 792)', () => {
    const quoted = Buffer.concat([ipv4Header(), echoRequest(4, identity, 56).subarray(0, 8)]);
    expect(readAnswer(4, error(4, 11, 0, quoted), identity)).toMatchObject({
      code: 'time-exceeded',
      sequence: 7,
      serial: undefined,
    });
  });

  it.each([
    [1, 0, 'no-route'],
    [1, 1, 'prohibited'],
    [1, 3, 'unreachable'],
    [1, 5, 'prohibited'],
    [1, 4, 'unreachable'],
    [2, 0, 'too-big'],
    [3, 0, 'time-exceeded'],
    [4, 1, 'parameter-problem'],
  ])('reads ICMPv6 error %i/%i as %s', (type, code, name) => {
    const quoted = Buffer.concat([ipv6Header(), echoRequest(6, identity, 56)]);
    expect(readAnswer(6, error(6, type, code, quoted), identity)).toMatchObject({
      kind: 'error',
      code: name,
      destination: addressKey('2001:db8::1'),
    });
  });

  it.each([
    [3, 0, 'no-route'],
    [3, 1, 'unreachable'],
    [3, 3, 'unreachable'],
    [3, 4, 'too-big'],
    [3, 10, 'prohibited'],
    [3, 13, 'prohibited'],
    [11, 0, 'time-exceeded'],
    [12, 0, 'parameter-problem'],
  ])('reads ICMP error %i/%i as %s', (type, code, name) => {
    const quoted = Buffer.concat([ipv4Header(), echoRequest(4, identity, 56)]);
    expect(readAnswer(4, error(4, type, code, quoted), identity)).toMatchObject({ code: name });
  });

  it('reads what fits from "too big"', () => {
    const tooBig6 = error(6, 2, 0, Buffer.concat([ipv6Header(), echoRequest(6, identity, 56)]));
    tooBig6.writeUInt32BE(1_280, 4);
    expect(readAnswer(6, tooBig6, identity)).toMatchObject({ code: 'too-big', mtuB: 1_280 });
    const tooBig4 = error(4, 3, 4, Buffer.concat([ipv4Header(), echoRequest(4, identity, 56)]));
    expect(readAnswer(4, tooBig4, identity)).not.toHaveProperty('mtuB');
    tooBig4.writeUInt16BE(1_400, 20 + 6);
    expect(readAnswer(4, tooBig4, identity)).toMatchObject({ code: 'too-big', mtuB: 1_400 });
  });

  it('finds the echo behind extension headers, and not in a later fragment', () => {
    const echo = echoRequest(6, identity, 56);
    const hopByHop = Buffer.from([44, 0, 0, 0, 0, 0, 0, 0]);
    const fragment = (offset: number) =>
      Buffer.from([58, 0, offset >> 8, offset & 0xff, 0, 0, 0, 1]);
    const first = Buffer.concat([ipv6Header(0), hopByHop, fragment(1), echo]);
    const later = Buffer.concat([ipv6Header(0), hopByHop, fragment(8), echo]);
    expect(readAnswer(6, error(6, 1, 0, first), identity)).toMatchObject({ code: 'no-route' });
    expect(readAnswer(6, error(6, 1, 0, later), identity)).toBeUndefined();
  });

  it('ignores errors about what was not ours, and survives every cut', () => {
    const foreign = echoRequest(6, { ...identity, nonce: Buffer.alloc(8) }, 56);
    const about = error(6, 1, 0, Buffer.concat([ipv6Header(), foreign]));
    expect(readAnswer(6, about, identity)).toBeUndefined();
    const ours = error(6, 1, 0, Buffer.concat([ipv6Header(0), Buffer.alloc(8), foreign]));
    for (let length = 0; length <= ours.length; length++) {
      expect(readAnswer(6, ours.subarray(0, length), identity)).toBeUndefined();
      expect(readAnswer(4, ours.subarray(0, length), identity)).toBeUndefined();
    }
  });

  it('needs room for nonce and serial', () => expect(MINIMUM_PAYLOAD_B).toBe(12));
});

describe('judge', () => {
  it('names the method by whose clock it was', () => {
    expect(judge('::1', [answered], 0)).not.toHaveProperty('method');
    expect(judge('::1', [answered], 0, 'process').method).toBe('icmp-rtt/1');
  });

  const answered = { kind: 'reply', rttMs: 10 } as const;
  const lost = { kind: 'timeout' } as const;
  const refused = { kind: 'error', code: 'no-route', source: '2001:db8::ff', rttMs: 1 } as const;
  const unsent = { kind: 'not-sent', code: 'no-route' } as const;

  it('is ok with one answer, and counts the rest as lost', () => {
    expect(judge('::1', [answered, lost, refused, lost], 0)).toMatchObject({
      outcome: { status: 'ok' },
      values: { lossRatio: 0.75, packetsSent: 4, packetsReceived: 1, rttMedianMs: 10 },
    });
  });

  it('has no round-trip time when all were lost', () => {
    expect(judge('::1', [lost, lost], 0)).toEqual({
      outcome: { status: 'failed', stage: 'echo', code: 'timeout' },
      address: '::1',
      values: { lossRatio: 1, packetsSent: 2, packetsReceived: 0, socketDrops: 0 },
    });
  });

  it('says what a router said rather than "timeout"', () => {
    expect(judge('::1', [lost, refused, lost], 0).outcome).toMatchObject({ code: 'no-route' });
  });

  it('does not call unsent packets lost', () => {
    const finding = judge('::1', [unsent, unsent], 0);
    expect(finding.outcome).toMatchObject({ status: 'failed', stage: 'send', code: 'no-route' });
    expect(finding.values).not.toHaveProperty('lossRatio');
    expect(judge('::1', [unsent, answered], 0).values).toMatchObject({
      packetsSent: 1,
      lossRatio: 0,
    });
  });

  it('accuses nobody when the probe dropped datagrams itself', () => {
    expect(judge('::1', [lost, lost], 3).outcome).toEqual({
      status: 'skipped',
      reason: 'socket-overflow',
    });
  });
});
