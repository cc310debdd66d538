/**
 * How long a datagram lay in this machine before it was read: the kernel's stamp of its arrival
 * (SIOCGSTAMPNS of Linux, socket(7)) against the same clock now. Needs koffi, which may be missing;
 * nothing is loaded until asked for.
 *
 * The kernel begins to stamp some moments after it was asked to; of a datagram without a stamp 0 is
 * said, too. The stamp is of CLOCK_REALTIME, which can be set. Where it has moved apart from the
 * monotonic clock since the datagram before, nobody knows how long this one lay: 0 again.
 */
import type { Socket } from 'node:dgram';
import { endianness } from 'node:os';

/** linux/sockios.h; on 64-bit machines its timespec is 64-bit too. */
const SIOCGSTAMPNS = 0x8907;
const TIMESPEC_B = 16;
const CLOCK_REALTIME = 0;
const NS_PER_S = 1_000_000_000n;
/** NTP slews by 0.5 ms a second at most; seconds lie between two datagrams of one test. */
const CLOCK_SET_NS = 10_000_000n;

/** Nanoseconds since the datagram came that the socket read last; call it before anything else. */
export type Lateness = () => bigint;

/**
 * From here on the kernel stamps what comes to `socket`, which must be bound or connected.
 *
 * @returns null where this machine cannot tell
 */
export async function openLateness(socket: Socket): Promise<Lateness | null> {
  if (process.platform !== 'linux' || endianness() !== 'LE') return null;
  if (!['x64', 'arm64', 'riscv64', 'loong64'].includes(process.arch)) return null;
  const fd = descriptorOf(socket);
  if (fd === undefined) return null;
  try {
    const { default: koffi } = await import('koffi');
    const libc = koffi.load(null);
    const ioctl = libc.func('int ioctl(int, unsigned long, ...)');
    const clockGettime = libc.func('int clock_gettime(int, void *)');
    const time = Buffer.alloc(TIMESPEC_B);
    const realNs = () => {
      clockGettime(CLOCK_REALTIME, time);
      return nanoseconds(time);
    };
    let settingNs = realNs() - process.hrtime.bigint();
    // The first question, to which there is no answer yet, is what makes the kernel stamp.
    ioctl(fd, SIOCGSTAMPNS, 'void *', time);
    return () => {
      if (ioctl(fd, SIOCGSTAMPNS, 'void *', time) !== 0) return 0n;
      const cameNs = nanoseconds(time);
      const nowNs = realNs();
      const before = settingNs;
      settingNs = nowNs - process.hrtime.bigint();
      const moved = settingNs > before ? settingNs - before : before - settingNs;
      return moved > CLOCK_SET_NS || nowNs < cameNs ? 0n : nowNs - cameNs;
    };
  } catch {
    return null;
  }
}

function nanoseconds(timespec: Buffer): bigint {
  return timespec.readBigInt64LE(0) * NS_PER_S + timespec.readBigInt64LE(8);
}

/** Node shows it to nobody; where it keeps it elsewhere, there is none. */
function descriptorOf(socket: Socket): number | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(
    ({ description }) => description === 'state symbol',
  );
  const state = symbol && Reflect.get(socket, symbol);
  const fd: unknown = state?.handle?.fd;
  return typeof fd === 'number' && fd >= 0 ? fd : undefined;
}
