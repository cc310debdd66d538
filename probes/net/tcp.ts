/** One TCP connection to one address; no names, no second address, no second family. */
import { connect, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';

export interface Connected {
  readonly socket: Socket;
  /** From SYN to SYN/ACK, as the event loop saw it. */
  readonly connectMs: number;
}

/**
 * @param address a literal: nothing is resolved
 * @throws the socket's error, or the signal's reason; the socket is gone then
 */
export function connectTcp(address: string, port: number, signal: AbortSignal): Promise<Connected> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) return reject(signal.reason);
    const begin = performance.now();
    const socket = connect({ host: address, port, noDelay: true, autoSelectFamily: false });
    // An error that comes when nobody waits for one must not end the process.
    socket.on('error', () => {});
    const done = (settle: () => void) => {
      signal.removeEventListener('abort', abort);
      socket.removeListener('connect', connected);
      socket.removeListener('error', failedToConnect);
      settle();
    };
    const abort = () =>
      done(() => {
        socket.destroy();
        reject(signal.reason);
      });
    const connected = () => {
      const connectMs = performance.now() - begin;
      done(() => resolve({ socket, connectMs }));
    };
    const failedToConnect = (error: Error) =>
      done(() => {
        socket.destroy();
        reject(error);
      });
    signal.addEventListener('abort', abort, { once: true });
    socket.once('connect', connected);
    socket.once('error', failedToConnect);
  });
}
