/**
 * A Measurement Peer (RFC 7594 §2): the far end of throughput, page and DNS tests, in one process,
 * on the same port numbers over both families.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { isIPv6 } from 'node:net';
import { performance } from 'node:perf_hooks';
import { answerDns, type DnsNames } from './dns.ts';
import { httpListener } from './http.ts';
import { DEFAULT_LIMITS, type PeerLimits, RateLimit } from './limits.ts';

export type { DnsNames } from './dns.ts';
export type { PeerLimits } from './limits.ts';

export interface PeerOptions {
  /** Addresses to listen on, e.g. `['127.0.0.1', '::1']`; `::` is IPv6 alone. */
  readonly hosts: readonly string[];
  /** 0 lets the system choose; the choice holds for every host. */
  readonly httpPort: number;
  readonly dnsPort: number;
  /** Names the DNS side answers for; for every other it says NXDOMAIN. */
  readonly dnsNames?: DnsNames;
  readonly limits?: Partial<PeerLimits>;
}

export interface Peer {
  readonly httpPort: number;
  readonly dnsPort: number;
  /** Ends every test in progress. */
  close(): Promise<void>;
}

interface Listening {
  readonly port: number;
  close(): Promise<void>;
}

/** A port that one family chose may be taken in the other; then another is tried. */
const PORT_ATTEMPTS = 20;

/** @throws the system's error (`code` `EADDRINUSE`, `EADDRNOTAVAIL`, …) with nothing left open */
export async function startPeer(options: PeerOptions): Promise<Peer> {
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const listener = httpListener(limits);
  const queries = new RateLimit(limits.queriesPerS, 1_000);
  const names = options.dnsNames ?? {};

  const http = await onOnePort(options.hosts, options.httpPort, (host, port) =>
    listenHttp(host, port, listener, limits.connections),
  );
  const dns = await onOnePort(options.hosts, options.dnsPort, (host, port) =>
    listenDns(host, port, (datagram, from) =>
      queries.take(from, performance.now()) ? answerDns(datagram, names) : undefined,
    ),
  ).catch(async (error) => {
    await closeAll(http);
    throw error;
  });
  return {
    httpPort: portOf(http),
    dnsPort: portOf(dns),
    close: () => closeAll([...http, ...dns]),
  };
}

/** Listens on every host at one port number. */
async function onOnePort(
  hosts: readonly string[],
  port: number,
  listen: (host: string, port: number) => Promise<Listening>,
): Promise<Listening[]> {
  for (let attempt = 1; ; attempt++) {
    const listening: Listening[] = [];
    try {
      for (const host of hosts) listening.push(await listen(host, listening[0]?.port ?? port));
      return listening;
    } catch (error) {
      await closeAll(listening);
      const isTaken = (error as NodeJS.ErrnoException).code === 'EADDRINUSE';
      if (port !== 0 || !isTaken || attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

async function listenHttp(
  host: string,
  port: number,
  listener: RequestListener,
  connections: number,
): Promise<Listening> {
  const server = createServer({ headersTimeout: 10_000, connectionsCheckingInterval: 2_000 });
  server.maxConnections = connections;
  server.on('request', listener);
  server.listen({ host, port, ipv6Only: isIPv6(host) });
  await once(server, 'listening');
  return { port: boundPort(server), close: () => closeServer(server) };
}

async function listenDns(
  host: string,
  port: number,
  answer: (datagram: Buffer, from: string) => Buffer | undefined,
): Promise<Listening> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', ipv6Only: isIPv6(host) });
  socket.on('message', (datagram, from) => {
    const reply = answer(datagram, from.address);
    if (reply) socket.send(reply, from.port, from.address, () => {});
  });
  socket.bind({ port, address: host });
  await once(socket, 'listening').catch((error) => {
    socket.close();
    throw error;
  });
  socket.on('error', () => {});
  return { port: socket.address().port, close: () => closeSocket(socket) };
}

async function closeServer(server: Server): Promise<void> {
  const closed = once(server, 'close');
  server.close();
  server.closeAllConnections();
  await closed;
}

async function closeSocket(socket: UdpSocket): Promise<void> {
  const closed = once(socket, 'close');
  socket.close();
  await closed;
}

async function closeAll(listening: readonly Listening[]): Promise<void> {
  await Promise.all(listening.map((each) => each.close()));
}

function portOf([first]: readonly Listening[]): number {
  if (!first) throw new RangeError('a peer listens on at least one host');
  return first.port;
}

function boundPort(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
