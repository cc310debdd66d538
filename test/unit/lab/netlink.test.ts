import { describe, expect, it } from 'vitest';
import { acceptUpTo, errorOf, packetId, packetQueue, takeQueue } from '../../lab/netlink.ts';

describe('netlink messages', () => {
  it('takes over a queue as linux/netfilter/nfnetlink_queue.h wants it', () => {
    const [bind, params, length, flags] = takeQueue(259, 4096).map((each) => each.toString('hex'));
    // length, type CONFIG, REQUEST|ACK, sequence, port; family, version, queue; attribute
    expect(bind).toBe('1c000000020305000000000000000000' + '00000103' + '0800010001000000');
    expect(params).toBe(
      '20000000020305000000000000000000' + '00000103' + '090002000000000001000000',
    );
    expect(length).toBe('1c000000020305000000000000000000' + '00000103' + '0800030000001000');
    expect(flags).toBe(
      '24000000020305000000000000000000' + '00000103' + '0800040000000005' + '0800050000000005',
    );
  });

  it('accepts a batch up to an id', () => {
    const { message, setId } = acceptUpTo(3);
    setId(0xdeadbeef);
    expect(message.toString('hex')).toBe(
      '20000000030301000000000000000000' + '00000003' + '0c00020000000001deadbeef',
    );
  });

  it('reads a packet, and nothing else as one', () => {
    const packet = Buffer.from(
      '20000000000300000000000000000000' + '02000003' + '0b0001000000002a08000200',
      'hex',
    );
    expect(packetId(packet)).toBe(42);
    expect(packetQueue(packet)).toBe(3);
    const error = Buffer.from(`24000000020000000000000000000000ffffffff${'00'.repeat(16)}`, 'hex');
    expect(packetId(error)).toBe(-1);
    expect(errorOf(error)).toBe(1);
    expect(errorOf(packet)).toBeNull();
  });
});
