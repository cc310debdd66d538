/** Metrics run in this process, against loopback and servers that do one thing. */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { metricNamed } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import type { DnsNames } from '../../probes/peer/dns.ts';
import { type Peer, startPeer } from '../../probes/peer/index.ts';

export const FAMILIES = [4, 6] as const;
export const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
/** Of loopback, as it stands in a URL. */
export const hostOf = (family: Family) => (family === 6 ? '[::1]' : '127.0.0.1');

export async function run(
  name: string,
  target: string,
  family: Family,
  parameters: Record<string, unknown> = {},
  signal = new AbortController().signal,
): Promise<Finding> {
  const metric = metricNamed(name);
  if (!metric) throw new Error(name);
  return metric.run(target, metric.parameters.parse(parameters), { family, signal });
}

/** A peer of the file's own on loopback, there while its tests run; what each of them opens is closed. */
export function peerBeside(dnsNames: DnsNames = {}): Peer {
  // Its ports are known once it has started.
  const peer = {} as Peer;
  beforeAll(async () => {
    const hosts = Object.values(LOOPBACK);
    Object.assign(peer, await startPeer({ hosts, httpPort: 0, dnsPort: 0, dnsNames }));
  });
  afterAll(() => peer.close());
  afterEach(closeAll);
  return peer;
}

/** What the test that runs has opened. */
const opened: (() => void)[] = [];

/** Closes it when the test ends. */
export function closeLater(close: () => void): void {
  opened.push(close);
}

function closeAll(): void {
  for (const close of opened.splice(0)) close();
}

/** Closes what was opened last, so that its port is free and refuses. */
export function closeLast(): void {
  opened.pop()?.();
}

/**
 * A TCP server on loopback that does one thing to whoever connects; gone after the test.
 *
 * @returns its port
 */
export async function serverThat(greet: (socket: Socket) => void, family: Family): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    greet(socket);
  });
  server.listen(0, LOOPBACK[family]);
  await once(server, 'listening');
  closeLater(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

export async function closedPort(family: Family): Promise<number> {
  const port = await serverThat(() => {}, family);
  closeLast();
  return port;
}

export const failure = (stage: string, code: string) => ({
  outcome: expect.objectContaining({ status: 'failed', stage, code }),
});
