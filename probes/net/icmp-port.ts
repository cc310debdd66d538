/**
 * How echo requests leave and answers come in: through the kernel's own time stamps where they can
 * be had (`icmp-kernel.ts`), else through net-ping's socket, timed by this process.
 */
import { performance } from 'node:perf_hooks';
import type { RawSocket } from 'net-ping';
import { addressKey } from './icmp-packet.ts';

/** A datagram to send; `address` is a literal of the socket's family, `key` the same as `addressKey` writes it. */
export interface Outgoing {
  readonly packet: Buffer;
  readonly address: string;
  readonly key: string;
}

export interface Ears {
  /** @param datagram reused when this returns. `atMs` is by the port's clock */
  heard(datagram: Buffer, source: string, atMs: number): void;
  /** When a packet of ours really left; the packet stands somewhere in `datagram`. */
  left(datagram: Buffer, atMs: number): void;
}

export interface IcmpPort {
  /** Whose times they are: `kernel` ones do not know how busy this process was. */
  readonly times: 'kernel' | 'process';
  /** How many packets should be given to `send` at once, as far as is known by now. */
  readonly batch: number;
  /** Milliseconds by the port's clock, from an arbitrary beginning. */
  nowMs(): number;
  /** Sends in order. Of each packet, null, or the code why it did not leave this machine. */
  send(packets: readonly Outgoing[]): (string | null)[];
  /** Reads some of what waits; false where nothing more does. Never waits. */
  read(ears: Ears): boolean;
}

/** Largest datagram that is sent or read whole: a full Ethernet frame has room in it. */
export const DATAGRAM_B = 2_048;
/** Datagrams read before other work gets its turn. */
const DRAIN = 64;

/** net-ping's socket as it is, and the monotonic clock of this process. */
export function processPort({ wrap, buffer }: RawSocket): IcmpPort {
  const sendOne = ({ packet, address }: Outgoing): string | null => {
    try {
      wrap.send(packet, 0, packet.length, address, () => {});
      return null;
    } catch (error) {
      return sendFailure(error);
    }
  };
  return {
    times: 'process',
    batch: 1,
    nowMs: () => performance.now(),
    send: (packets) => packets.map(sendOne),
    read(ears) {
      for (let count = 0; count < DRAIN; count++) {
        try {
          wrap.recv(buffer, (datagram, bytes, source) =>
            ears.heard(datagram.subarray(0, bytes), addressKey(source), performance.now()),
          );
        } catch {
          return false; // nothing more to read
        }
      }
      return true;
    },
  };
}

/** raw-socket throws the text of strerror(3) in the C locale's words. */
function sendFailure(error: unknown): string {
  const text = error instanceof Error ? error.message : '';
  return SEND_FAILURES[text] ?? 'send-failed';
}

const SEND_FAILURES: Readonly<Record<string, string>> = {
  'Network is unreachable': 'no-route',
  'No route to host': 'unreachable',
  'Permission denied': 'prohibited',
  'Operation not permitted': 'prohibited',
  'Cannot assign requested address': 'address-unavailable',
  'Message too long': 'too-big',
  'No buffer space available': 'send-buffer-full',
  'Resource temporarily unavailable': 'send-buffer-full',
};
