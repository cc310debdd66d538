/**
 * The fixed delay of the lab's lines, on NFQUEUE, as a process of its own:
 * `node delay.js QUEUE:DELAY_MS …`, as root in the router's namespace. Prints `ready` once every
 * queue is held, ends when its standard input does (so it cannot outlive the lab), and then prints
 * how much it delayed and how late it was. Kernels without netem have no other way.
 */
import { writeSync } from 'node:fs';
import { getSystemErrorName } from 'node:util';
import koffi from 'koffi';
import { DelayLine } from './delay-line.ts';
import { acceptUpTo, errorOf, packetId, packetQueue, takeQueue } from './netlink.ts';

const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_NETFILTER = 12;
const SOL_SOCKET = 1;
const SO_RCVBUFFORCE = 33;
const SOL_NETLINK = 270;
const NETLINK_NO_ENOBUFS = 5;
const MSG_DONTWAIT = 0x40;
const PR_SET_TIMERSLACK = 29;
const SCHED_RR = 2;
const POLLIN = 1;
const EAGAIN = 11;
const EINTR = 4;

const RECEIVE_BUFFER_B = 32 << 20;
const QUEUE_LENGTH = 200_000;
/** Packets read before what is due is let go. */
const BATCH = 256;
/** A sleep of the kernel's ends this much late on a virtual machine: the rest is spent awake. */
const SPIN_MS = 0.2;
/** More packets than echoes and handshakes put on their way: a rate test runs… */
const BUSY_PACKETS = 16;
/** …which does not mind a tenth of a millisecond, while staying awake would cost it a core. */
const BUSY_SLEEP_MS = 0.1;

const libc = koffi.load('libc.so.6');
const openSocket = libc.func('int socket(int domain, int type, int protocol)');
const bind = libc.func('int bind(int fd, const void *address, uint length)');
const setOption = libc.func('int setsockopt(int fd, int level, int name, const void *v, uint n)');
const send = libc.func('long send(int fd, const void *bytes, size_t length, int flags)');
const receive = libc.func('long recv(int fd, void *bytes, size_t length, int flags)');
const poll = libc.func('int ppoll(void *fds, ulong n, const void *timeout, const void *mask)');
const processControl = libc.func('int prctl(int option, ulong a, ulong b, ulong c, ulong d)');
const setScheduler = libc.func('int sched_setscheduler(int pid, int policy, const void *priority)');

function checked(what: string, result: number): number {
  if (result < 0) throw new Error(`${what}: ${getSystemErrorName(-koffi.errno())}`);
  return result;
}

function int32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeInt32LE(value);
  return buffer;
}

function openQueues(queues: readonly number[], datagram: Buffer): number {
  const fd = checked('socket', openSocket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_NETFILTER));
  const address = Buffer.alloc(12);
  address.writeUInt16LE(AF_NETLINK);
  checked('bind', bind(fd, address, address.length));
  checked('SO_RCVBUFFORCE', setOption(fd, SOL_SOCKET, SO_RCVBUFFORCE, int32(RECEIVE_BUFFER_B), 4));
  checked('NETLINK_NO_ENOBUFS', setOption(fd, SOL_NETLINK, NETLINK_NO_ENOBUFS, int32(1), 4));
  for (const queue of queues)
    for (const request of takeQueue(queue, QUEUE_LENGTH)) {
      checked('send', send(fd, request, request.length, 0));
      checked('recv', receive(fd, datagram, datagram.length, 0));
      const error = errorOf(datagram);
      if (error) throw new Error(`queue ${queue}: ${getSystemErrorName(-error)}`);
    }
  return fd;
}

function parseLines(specifications: readonly string[]): Map<number, DelayLine> {
  return new Map(
    specifications.map((specification) => {
      const [queue, delayMs] = specification.split(':').map(Number);
      if (
        queue === undefined ||
        !Number.isInteger(queue) ||
        !(delayMs !== undefined && delayMs > 0)
      )
        throw new Error(`not QUEUE:DELAY_MS: ${specification}`);
      return [queue, new DelayLine(delayMs)];
    }),
  );
}

/**
 * Sleeps until `waitMs` has passed (Infinity: for ever), standard input ends or, where it watches
 * for them, a packet comes.
 */
function sleeper(fd: number) {
  const descriptors = Buffer.alloc(16);
  descriptors.writeInt32LE(0, 0);
  descriptors.writeInt16LE(POLLIN, 4);
  descriptors.writeInt32LE(fd, 8);
  descriptors.writeInt16LE(POLLIN, 12);
  const timeout = Buffer.alloc(16);
  return (waitMs: number, watchesPackets: boolean): { ended: boolean } => {
    const waitNs = Math.max(0, Math.floor(waitMs * 1e6));
    if (waitMs !== Infinity) {
      timeout.writeBigInt64LE(BigInt(Math.floor(waitNs / 1e9)), 0);
      timeout.writeBigInt64LE(BigInt(waitNs % 1e9), 8);
    }
    const watched = watchesPackets ? 2 : 1;
    const ready = poll(descriptors, watched, waitMs === Infinity ? null : timeout, null);
    if (ready < 0 && koffi.errno() !== EINTR) checked('ppoll', ready);
    return { ended: ready > 0 && descriptors.readInt16LE(6) !== 0 };
  };
}

function delay(lines: Map<number, DelayLine>): void {
  const datagram = Buffer.alloc(65_536);
  const fd = openQueues([...lines.keys()], datagram);
  processControl(PR_SET_TIMERSLACK, 1, 0, 0, 0);
  // Real-time, so that the traffic it delays does not delay it further. Best effort.
  setScheduler(0, SCHED_RR, int32(10));
  const sleep = sleeper(fd);
  const outlets = [...lines].map(([queue, line]) => ({ line, accept: acceptUpTo(queue) }));
  let packets = 0;
  let worstLatenessMs = 0;
  writeSync(1, 'ready\n');

  for (;;) {
    const due = outlets.reduce((first, { line }) => Math.min(first, line.due), Infinity);
    const waiting = outlets.reduce((sum, { line }) => sum + line.length, 0);
    const { ended } =
      waiting > BUSY_PACKETS
        ? sleep(BUSY_SLEEP_MS, false)
        : sleep(due - performance.now() - SPIN_MS, true);
    if (ended) break;
    for (let read = 0; read < BATCH; read++) {
      const length = receive(fd, datagram, datagram.length, MSG_DONTWAIT);
      if (length < 0 && koffi.errno() === EAGAIN) break;
      checked('recv', length);
      const id = packetId(datagram);
      if (id < 0) continue;
      lines.get(packetQueue(datagram))?.push(id, performance.now());
      packets++;
    }
    const now = performance.now();
    for (const { line, accept } of outlets) {
      const { due } = line;
      if (due > now) continue;
      worstLatenessMs = Math.max(worstLatenessMs, now - due);
      accept.setId(line.release(now));
      send(fd, accept.message, accept.message.length, 0);
    }
  }
  writeSync(1, `${JSON.stringify({ packets, worstLatenessMs })}\n`);
}

try {
  delay(parseLines(process.argv.slice(2)));
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
