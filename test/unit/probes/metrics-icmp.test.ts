import { describe, expect, it } from 'vitest';
import { judge } from '../../../probes/metrics/icmp-rtt.ts';
import {
  echoRequest,
  internetChecksum,
  MINIMUM_PAYLOAD_B,
  readAnswer,
} from '../../../probes/net/icmp-packet.ts';

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
      destination: '192.0.2.1',
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
    [2, 0, 'too-big'],
    [3, 0, 'time-exceeded'],
    [4, 1, 'parameter-problem'],
  ])('reads ICMPv6 error %i/%i as %s', (type, code, name) => {
    const quoted = Buffer.concat([ipv6Header(), echoRequest(6, identity, 56)]);
    expect(readAnswer(6, error(6, type, code, quoted), identity)).toMatchObject({
      kind: 'error',
      code: name,
      destination: '2001:db8:0:0:0:0:0:1',
    });
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
  const answered = { kind: 'reply', rttMs: 10 } as const;
  const lost = { kind: 'timeout' } as const;
  const refused = { kind: 'error', code: 'no-route', source: '2001:db8::ff' } as const;
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
