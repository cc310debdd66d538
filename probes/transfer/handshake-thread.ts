/**
 * The thread that times TCP handshakes: one every `intervalMs`, each told as it ends, until it is
 * told to stop. Then those under way have a second, and it ends.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { connectTcp } from '../net/tcp.ts';
import { openKernelRtt } from '../net/tcp-info.ts';
import { type Handshake, type HandshakeOrder, monotonicMs } from './handshakes.ts';

/** Before the first SYN is sent again (RFC 6298 §2): what comes later is no round trip. */
const LAST_ANSWERS_MS = 1_000;

const { address, port, intervalMs } = workerData as HandshakeOrder;
const ending = new AbortController();
const kernelRttMs = await openKernelRtt();

async function shake(): Promise<void> {
  const beganMs = monotonicMs();
  const rttMs = await connectTcp(address, port, ending.signal).then(
    ({ socket, connectMs }) => {
      const rttMs = kernelRttMs?.(socket) ?? connectMs;
      socket.resetAndDestroy();
      return rttMs;
    },
    () => undefined,
  );
  parentPort?.postMessage({ beganMs, rttMs } satisfies Handshake);
}

// Nothing that is waited for is left then, and the thread is over by itself.
const beats = setInterval(shake, intervalMs);
parentPort?.once('message', () => {
  clearInterval(beats);
  setTimeout(() => ending.abort(), LAST_ANSWERS_MS).unref();
  parentPort?.unref();
});
void shake();
