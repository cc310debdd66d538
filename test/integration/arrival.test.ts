/** The kernel's stamps of datagrams, over real sockets on loopback. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { type Lateness, openLateness } from '../../probes/net/arrival.ts';

const BLOCK_MS = 60;

const opened: { close(): void }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

/** Nothing in this process runs meanwhile. */
function block(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

describe.each(['127.0.0.1', '::1'])('a socket at %s', (host) => {
  const type = host === '::1' ? 'udp6' : 'udp4';

  it('tells how long each datagram lay unread', async () => {
    const receiver = createSocket(type);
    const sender = createSocket(type);
    opened.push(receiver, sender);
    receiver.bind(0, host);
    await once(receiver, 'listening');
    const lateness = await openLateness(receiver);
    if (!lateness) return expect(process.platform).not.toBe('linux');
    sender.connect(receiver.address().port, host);
    await once(sender, 'connect');
    // Some moments after it was asked to, the kernel begins to stamp.
    await pause(BLOCK_MS);
    const blockNs = BigInt(BLOCK_MS) * 1_000_000n;
    for (let round = 0; round < 3; round++) {
      const heard = hear(receiver, lateness, 2);
      for (const text of ['early', 'late']) {
        sender.send(text);
        block(BLOCK_MS);
      }
      const [early = 0n, late = 0n] = await heard;
      expect(late).toBeGreaterThanOrEqual(blockNs);
      expect(early).toBeGreaterThanOrEqual(2n * blockNs);
    }
  });
});

function hear(
  socket: ReturnType<typeof createSocket>,
  lateness: Lateness,
  count: number,
): Promise<bigint[]> {
  const all: bigint[] = [];
  return new Promise((resolve) => {
    socket.on('message', function listen() {
      all.push(lateness());
      if (all.length < count) return;
      socket.off('message', listen);
      resolve(all);
    });
  });
}
