/**
 * A Measurement Peer (RFC 7594 §2): the far end of throughput, page, DNS and STAMP tests, and of
 * what ndt7, LibreSpeed and iperf3 ask, in one process, on the same port numbers over both families.
 */
import { createSocket, type Socket as UdpSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer, isIPv6, type Server, type Socket } from 'node:net';
import { performance } from 'node:perf_hooks';
import { type Lateness, openLateness } from '../net/arrival.ts';
import { answerDns, type DnsNames } from './dns.ts';
import { httpListener } from './http.ts';
import { iperf3Listener } from './iperf3.ts';
import { DEFAULT_LIMITS, type PeerLimits, RateLimit } from './limits.ts';
import { ndt7Upgrade } from './ndt7.ts';
import { Reflector } from './stamp.ts';

export type { DnsNames } from './dns.ts';
export type { PeerLimits } from './limits.ts';

export interface PeerOptions {
  /** Addresses to listen on, e.g. `['127.0.0.1', '::1']`; `::` is IPv6 alone. */
  readonly hosts: readonly string[];
  /** 0, as everywhere below, lets the system choose; the choice holds for every host. */
  readonly httpPort: number;
  readonly dnsPort: number;
  /** Of the iperf3-compatible server; 5201 is what iperf3 asks first. */
  readonly iperfPort?: number;
  /** Of the STAMP reflector; 862 is the registered one. */
  readonly stampPort?: number;
  /** Names the DNS side answers for; for every other it says NXDOMAIN. */
  readonly dnsNames?: DnsNames;
  readonly limits?: Partial<PeerLimits>;
}

/** Where each side listens. */
export interface PeerPorts {
  readonly httpPort: number;
  readonly dnsPort: number;
  readonly iperfPort: number;
  readonly stampPort: number;
}

export interface Peer extends PeerPorts {
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
  const { hosts, dnsNames = {} } = options;
  const requests = new RateLimit(limits.requestsPerMinute, 60_000);
  const queries = new RateLimit(limits.queriesPerS, 1_000);
  const packets = new RateLimit(limits.reflectionsPerS, 1_000);
  const listener = httpListener(limits, requests);
  const upgrade = ndt7Upgrade(limits, requests);
  const iperf = iperf3Listener(limits);
  const reflector = new Reflector();

  const open: Listening[] = [];
  /** Opens one side on every host and gives its port. */
  const side = async (port: number, listen: (host: string, port: number) => Promise<Listening>) => {
    const listening = await onOnePort(hosts, port, listen);
    open.push(...listening);
    return portOf(listening);
  };
  try {
    return {
      httpPort: await side(options.httpPort, (host, port) => {
        const server = createHttpServer({
          headersTimeout: 10_000,
          connectionsCheckingInterval: 2_000,
        });
        server.on('request', listener).on('upgrade', upgrade);
        return listenTcp(server, host, port, limits.connections);
      }),
      dnsPort: await side(options.dnsPort, (host, port) =>
        listenUdp(host, port, (datagram, { address }) =>
          queries.take(address, performance.now()) ? answerDns(datagram, dnsNames) : undefined,
        ),
      ),
      iperfPort: await side(options.iperfPort ?? 0, (host, port) =>
        listenTcp(createServer(iperf), host, port, limits.connections),
      ),
      stampPort: await side(options.stampPort ?? 0, (host, port) =>
        listenUdp(
          host,
          port,
          (datagram, { address, port: from }, lateNs) =>
            packets.take(address, performance.now())
              ? reflector.answer(datagram, address, from, lateNs)
              : undefined,
          true,
        ),
      ),
      close: () => closeAll(open),
    };
  } catch (error) {
    await closeAll(open);
    throw error;
  }
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

async function listenTcp(
  server: Server | HttpServer,
  host: string,
  port: number,
  connections: number,
): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.maxConnections = connections;
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  server.listen({ host, port, ipv6Only: isIPv6(host) });
  await once(server, 'listening');
  const close = async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return { port: boundPort(server), close };
}

/** @param isTimed whether `answer` wants to know how long ago a datagram came; else it hears 0 */
async function listenUdp(
  host: string,
  port: number,
  answer: (
    datagram: Buffer,
    from: { address: string; port: number },
    lateNs: bigint,
  ) => Buffer | undefined,
  isTimed = false,
): Promise<Listening> {
  const socket = createSocket({ type: isIPv6(host) ? 'udp6' : 'udp4', ipv6Only: isIPv6(host) });
  let lateness: Lateness | null = null;
  socket.on('message', (datagram, from) => {
    const reply = answer(datagram, from, lateness?.() ?? 0n);
    if (reply) socket.send(reply, from.port, from.address, () => {});
  });
  socket.bind({ port, address: host });
  await once(socket, 'listening').catch((error) => {
    socket.close();
    throw error;
  });
  socket.on('error', () => {});
  if (isTimed) lateness = await openLateness(socket);
  return { port: socket.address().port, close: () => closeSocket(socket) };
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

function boundPort(server: Server | HttpServer): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('not a TCP server');
  return address.port;
}
