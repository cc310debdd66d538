/**
 * The kernel's own round-trip time of a connection (TCP_INFO of Linux), which neither a busy thread
 * nor a busy machine makes longer. Needs koffi, which may be missing; nothing is loaded until asked for.
 */
import type { Socket } from 'node:net';
import { endianness } from 'node:os';

const IPPROTO_TCP = 6;
const TCP_INFO = 11;
/** Of `struct tcp_info` of linux/tcp.h, which only ever grows at its end. */
const RTT_US_AT = 68;
const READ_B = RTT_US_AT + 4;

export type KernelRtt = (socket: Socket) => number | undefined;

/**
 * Of a connection that has just been made: the time from SYN to SYN/ACK, ms, to the microsecond.
 *
 * @returns null where this machine cannot tell; and the function, undefined where the kernel does not
 */
export async function openKernelRtt(): Promise<KernelRtt | null> {
  if (process.platform !== 'linux' || endianness() !== 'LE') return null;
  try {
    const { default: koffi } = await import('koffi');
    const getsockopt = koffi
      .load(null)
      .func('int getsockopt(int fd, int level, int name, void *value, void *length)');
    const info = Buffer.alloc(READ_B);
    const length = Buffer.alloc(4);
    return (socket) => {
      // Node shows it to nobody, and has kept it here since its beginnings.
      const { fd } = (socket as unknown as { _handle: { fd?: number } | null })._handle ?? {};
      if (fd === undefined || fd < 0) return undefined;
      length.writeUInt32LE(READ_B);
      if (getsockopt(fd, IPPROTO_TCP, TCP_INFO, info, length) !== 0) return undefined;
      const rttUs = length.readUInt32LE() < READ_B ? 0 : info.readUInt32LE(RTT_US_AT);
      return rttUs > 0 ? rttUs / 1_000 : undefined;
    };
  } catch {
    return null;
  }
}
