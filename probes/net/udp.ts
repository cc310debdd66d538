/** Datagrams to and from one peer, over a connected socket. */
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv6 } from 'node:net';
import { performance } from 'node:perf_hooks';
import { unlessAborted, within } from './time-limit.ts';

export interface UdpPeer {
  /** A literal: nothing is resolved. */
  readonly address: string;
  readonly port: number;
  readonly timeoutMs: number;
}

/**
 * Sends `request` and gives every datagram that comes from the peer, and only from it, to `read`
 * until that returns something. Being connected, the socket also hears of ICMP errors.
 *
 * @throws the socket's error, a `TimeLimitError`, or the signal's reason
 */
export function exchange<T>(
  peer: UdpPeer,
  request: Buffer,
  signal: AbortSignal,
  read: (datagram: Buffer, elapsedMs: number) => T | undefined,
): Promise<T> {
  return within(peer.timeoutMs, signal, async (limited) => {
    const socket = createSocket({ type: isIPv6(peer.address) ? 'udp6' : 'udp4' });
    try {
      const answered = new Promise<T>((resolve, reject) => {
        let sentMs = 0;
        socket.on('error', reject);
        socket.on('message', (datagram) => {
          const answer = read(datagram, performance.now() - sentMs);
          if (answer !== undefined) resolve(answer);
        });
        socket.once('connect', () => {
          sentMs = performance.now();
          socket.send(request, (error) => error && reject(error));
        });
        socket.connect(peer.port, peer.address);
      });
      return await unlessAborted(answered, limited);
    } finally {
      socket.close();
    }
  });
}

/**
 * A socket connected to one peer: it hears that peer alone, and of ICMP errors.
 *
 * @param address a literal: nothing is resolved
 * @throws the socket's error, or the signal's reason; the socket is gone then
 */
export async function openUdp(address: string, port: number, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted();
  const socket = createSocket({ type: isIPv6(address) ? 'udp6' : 'udp4' });
  try {
    socket.connect(port, address);
    await unlessAborted(once(socket, 'connect'), signal);
    return socket;
  } catch (error) {
    socket.close();
    throw error;
  }
}
