/** The part of net-ping 1.2.4 (and, through it, raw-socket 1.8.1) that the echo session builds on. */
declare module 'net-ping' {
  import type { EventEmitter } from 'node:events';

  /** raw-socket's native handle. Its errors carry the text of strerror(3) and no code. */
  interface SocketWrap extends EventEmitter {
    recv(buffer: Buffer, callback: (buffer: Buffer, bytes: number, source: string) => void): void;
    send(
      buffer: Buffer,
      offset: number,
      length: number,
      address: string,
      callback: (bytes: number) => void,
    ): void;
  }

  interface RawSocket extends EventEmitter {
    readonly wrap: SocketWrap;
    /** Receive buffer, reused for every datagram. */
    readonly buffer: Buffer;
    readonly recvPaused: boolean;
    pauseRecv(): this;
    resumeRecv(): this;
    setOption(level: number, option: number, value: number): void;
    setOption(level: number, option: number, value: Buffer, length: number): void;
    getOption(level: number, option: number, value: Buffer, length: number): number;
  }

  interface SessionOptions {
    networkProtocol: number;
    retries: number;
    sessionId: number;
    ttl: number;
  }

  class Session extends EventEmitter {
    constructor(options: SessionOptions);
    readonly sessionId: number;
    /** Hop limit the socket is set to; null before the first. */
    ttl: number | null;
    getSocket(): RawSocket;
    setTTL(ttl: number): void;
    close(): this;
  }

  const NetworkProtocol: { readonly IPv4: number; readonly IPv6: number };
}
