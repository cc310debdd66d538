/** TLS on a TCP connection that is there; the certificate is always judged. */
import { isIP, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { connect as connectTls, type TLSSocket } from 'node:tls';

export interface TlsOptions {
  /** As in a URL: a name, or an address, IPv6 in brackets. */
  readonly hostname: string;
  /** Protocols offered by ALPN (RFC 7301), the preferred first. */
  readonly alpn: readonly string[];
  /**
   * Called when keys are agreed and the certificate is here but not yet judged, with the time from
   * ClientHello on: what is seen now is gone when the judgement is a refusal.
   */
  readonly agreed?: (socket: TLSSocket, handshakeMs: number) => void;
}

/** @throws the error of TLS or of the socket, or the signal's reason; the socket is gone then */
export function startTls(
  plain: Socket,
  { hostname, alpn, agreed }: TlsOptions,
  signal: AbortSignal,
): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    // RFC 6066 §3: a server name ends without the dot of the root, and is never an address.
    const host = hostname.replace(/^\[|\]$|\.$/g, '');
    const begin = performance.now();
    const socket = connectTls({
      socket: plain,
      ...(isIP(host) === 0 ? { servername: host } : { host }),
      ALPNProtocols: [...alpn],
    });
    const settle = (result: () => void) => {
      signal.removeEventListener('abort', abort);
      result();
    };
    const fail = (error: unknown) =>
      settle(() => {
        plain.destroy();
        reject(error);
      });
    const abort = () => fail(signal.reason);
    if (signal.aborted) return abort();
    signal.addEventListener('abort', abort, { once: true });
    // Node judges the certificate in its own listener of this event, and closes on a refusal.
    socket.prependOnceListener('secure', () => agreed?.(socket, performance.now() - begin));
    socket.on('error', fail);
    socket.once('close', () => fail(new Error('closed', { cause: { code: 'UND_ERR_SOCKET' } })));
    socket.once('secureConnect', () => settle(() => resolve(socket)));
  });
}
