import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import packet from 'dns-packet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { METRICS, metricNamed } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import { type Peer, startPeer } from '../../probes/peer/index.ts';

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
const FAMILIES = [4, 6] as const;
const hostOf = (family: Family) => (family === 6 ? '[::1]' : '127.0.0.1');

let peer: Peer;
beforeAll(async () => {
  peer = await startPeer({
    hosts: Object.values(LOOPBACK),
    httpPort: 0,
    dnsPort: 0,
    dnsNames: { 'both.test': ['192.0.2.1', '2001:db8::1'], 'four.test': ['192.0.2.1'] },
  });
});
afterAll(() => peer.close());

async function run(
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

/** A TCP server that does one thing to whoever connects; gone after the test. */
const servers: (() => void)[] = [];
afterEach(() => {
  for (const close of servers.splice(0)) close();
});
async function serverThat(greet: (socket: Socket) => void, family: Family): Promise<number> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    greet(socket);
  });
  server.listen(0, LOOPBACK[family]);
  await once(server, 'listening');
  servers.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return (server.address() as { port: number }).port;
}

async function closedPort(family: Family): Promise<number> {
  const port = await serverThat(() => {}, family);
  servers.pop()?.();
  return port;
}

const failure = (stage: string, code: string) => ({
  outcome: expect.objectContaining({ status: 'failed', stage, code }),
});
const skip = (reason: string) => ({
  outcome: { status: 'skipped', reason },
  address: null,
  values: {},
});

/** A target of a metric at a host; dns-resolve has the host in its parameters. */
function targeting(name: string, host: string): [string, Record<string, unknown>] {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  if (name === 'dns-resolve') return ['both.test', { server: host, port: peer.dnsPort }];
  if (name === 'tcp-connect') return [`${bracketed}:${peer.httpPort}`, {}];
  if (name === 'icmp-rtt' || name === 'path') return [host, {}];
  if (name === 'stamp') return [`${bracketed}:${peer.stampPort}`, {}];
  return [`http://${bracketed}:${peer.httpPort}`, {}];
}

describe.each(METRICS.map(({ name }) => name))('%s', (name) => {
  it.each([
    ['an IPv4 literal on IPv6', '127.0.0.1', 6, 'other-family'],
    ['an IPv6 literal on IPv4', '::1', 4, 'other-family'],
    ['a mapped address', '::ffff:127.0.0.1', 6, 'mapped-address'],
    ['a scoped address', 'fe80::1%lo', 6, 'scoped-address'],
    ['no address at all', 'fe80::zz', 6, 'malformed-target'],
  ] as const)('does not try %s', async (_, host, family, reason) => {
    const [target, parameters] = targeting(name, host);
    expect(await run(name, target, family, parameters)).toEqual(skip(reason));
  });

  it.each(FAMILIES)('ends promptly when aborted over IPv%i', async (family) => {
    const obstacle = await metricNamed(name)?.canRun(family);
    if (obstacle) return expect(obstacle).toBe('no-raw-socket');
    const port = await serverThat(() => {}, family);
    const silent = createSocket(family === 6 ? 'udp6' : 'udp4');
    silent.bind(0, LOOPBACK[family]);
    await once(silent, 'listening');
    servers.push(() => silent.close());
    const url = `http://${hostOf(family)}:${port}`;
    const [target, parameters] = {
      'icmp-rtt': [LOOPBACK[family], { count: 100, intervalMs: 1_000 }],
      path: [LOOPBACK[family], { tries: 10, intervalMs: 1_000 }],
      'tcp-connect': [`${hostOf(family)}:${port}`, { count: 20, intervalMs: 10_000 }],
      'dns-resolve': [
        'both.test',
        { server: LOOPBACK[family], port: silent.address().port, timeoutMs: 30_000 },
      ],
      'http-fetch': [url, { timeoutMs: 60_000 }],
      throughput: [url, { timeoutMs: 30_000 }],
      ndt7: [url, { timeoutMs: 30_000 }],
      stamp: [
        `${hostOf(family)}:${silent.address().port}`,
        { count: 10, intervalMs: 10_000, timeoutMs: 10_000 },
      ],
    }[name] as [string, Record<string, unknown>];
    const control = new AbortController();
    const reason = new Error('the agent stops');
    const running = run(name, target, family, parameters, control.signal);
    setTimeout(() => control.abort(reason), 100);
    await expect(running).rejects.toBe(reason);
  });
});

describe.each(FAMILIES)('over IPv%i', (family) => {
  const address = LOOPBACK[family];
  const host = hostOf(family);

  it('icmp-rtt measures loopback', async () => {
    const metric = metricNamed('icmp-rtt');
    const obstacle = await metric?.canRun(family);
    if (obstacle) return expect(obstacle).toBe('no-raw-socket');
    const finding = await run('icmp-rtt', address, family, { count: 5, intervalMs: 10 });
    expect(finding).toMatchObject({
      outcome: { status: 'ok' },
      address,
      values: { lossRatio: 0, packetsSent: 5, packetsReceived: 5, socketDrops: 0 },
    });
    expect(finding.samples).toHaveLength(5);
    const { rttMinMs = 0, rttMedianMs = 0, rttMaxMs = 0 } = finding.values;
    expect(rttMinMs).toBeGreaterThan(0);
    expect([rttMinMs, rttMedianMs, rttMaxMs]).toEqual(
      [rttMinMs, rttMedianMs, rttMaxMs].sort((a, b) => a - b),
    );
  });

  it('tcp-connect measures a listening port and tells a closed one', async () => {
    const few = { count: 3, intervalMs: 10 };
    const open = await run('tcp-connect', `${host}:${peer.httpPort}`, family, few);
    expect(open).toMatchObject({
      outcome: { status: 'ok' },
      address,
      values: { successRatio: 1, attempts: 3, connected: 3, rttMinMs: expect.any(Number) },
    });
    const closed = await run('tcp-connect', `${host}:${await closedPort(family)}`, family, few);
    expect(closed).toEqual({
      outcome: { status: 'failed', stage: 'connect', code: 'refused' },
      address,
      values: { successRatio: 0, attempts: 3, connected: 0 },
    });
  });

  it('dns-resolve tells an answer, an empty answer, no such name, a closed port and garbage', async () => {
    const at = { server: address, port: peer.dnsPort };
    const resolve = (name: string, parameters: object) =>
      run('dns-resolve', name, family, { ...at, timeoutMs: 500, ...parameters });
    expect(await resolve('both.test', { type: 'AAAA' })).toMatchObject({
      outcome: { status: 'ok' },
      address,
      values: { answers: 1, rcode: 0 },
    });
    expect(await resolve('four.test', { type: 'AAAA' })).toMatchObject({
      ...failure('answer', 'no-aaaa'),
      values: { answers: 0, rcode: 0 },
    });
    expect(await resolve('unknown.test', {})).toMatchObject({
      ...failure('answer', 'nxdomain'),
      values: { answers: 0, rcode: 3 },
    });
    expect(await resolve('both.test', { port: await closedPort(family) })).toMatchObject(
      failure('query', 'refused'),
    );

    const answering = async (answer: (query: Buffer) => Buffer | undefined) => {
      const socket = createSocket(family === 6 ? 'udp6' : 'udp4');
      socket.on('message', (query, { port, address: to }) => {
        const reply = answer(query);
        if (reply) socket.send(reply, port, to);
      });
      socket.bind(0, address);
      await once(socket, 'listening');
      servers.push(() => socket.close());
      return resolve('both.test', { port: socket.address().port });
    };
    expect(await answering(() => undefined)).toMatchObject(failure('query', 'timeout'));
    expect(await answering(() => Buffer.from('no DNS'))).toMatchObject(
      failure('query', 'malformed'),
    );
    // Another's answer: same name, other id.
    const forged = (query: Buffer) => {
      const { id = 0, questions = [] } = packet.decode(query);
      return packet.encode({ type: 'response', id: (id + 1) & 0xffff, questions });
    };
    expect(await answering(forged)).toMatchObject(failure('query', 'malformed'));
    const servfail = (query: Buffer) => {
      const { id = 0, questions = [] } = packet.decode(query);
      return packet.encode({ type: 'response', id, questions, flags: 2 });
    };
    expect(await answering(servfail)).toMatchObject(failure('answer', 'servfail'));
  });

  it('http-fetch reads a whole page, phase by phase', async () => {
    const url = `http://${host}:${peer.httpPort}`;
    const { outcome, values, ...rest } = await run('http-fetch', `${url}/page`, family);
    expect({ outcome, ...rest }).toEqual({ outcome: { status: 'ok' }, address });
    expect(values).toMatchObject({ status: 200, bodyB: 200_000 });
    expect(Object.keys(values)).toEqual(
      expect.arrayContaining(['connectMs', 'firstByteMs', 'totalMs']),
    );
    expect(values).not.toHaveProperty('dnsMs');
    expect(values).not.toHaveProperty('tlsMs');
    expect(await run('http-fetch', `${url}/nowhere`, family)).toMatchObject(
      failure('status', 'http-404'),
    );
    const closed = `http://${host}:${await closedPort(family)}/`;
    expect(await run('http-fetch', closed, family)).toMatchObject(failure('connect', 'refused'));
  });

  it.each([
    ['is silent', '', 'header', 'timeout'],
    ['talks garbage', 'SSH-2.0-OpenSSH_9.2\r\n', 'header', 'malformed'],
    ['stalls in the header', 'HTTP/1.1 200 OK\r\ncontent-', 'header', 'timeout'],
    [
      'stalls in the body, as behind a path-MTU black hole',
      'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123',
      'body',
      'timeout',
    ],
  ])('http-fetch is bounded by its time limit with a server that %s', async (_, says, ...how) => {
    const port = await serverThat((socket) => socket.write(says), family);
    const finding = await run('http-fetch', `http://${host}:${port}/`, family, { timeoutMs: 400 });
    expect(finding).toMatchObject(failure(how[0] ?? '', how[1] ?? ''));
    expect(finding.values).toHaveProperty('connectMs');
  });

  it('http-fetch tells a page that ends before its length from a whole one', async () => {
    const header = 'HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n';
    const short = await serverThat((socket) => socket.end(`${header}123`), family);
    expect(await run('http-fetch', `http://${host}:${short}/`, family)).toMatchObject({
      ...failure('body', 'closed'),
      values: { status: 200, bodyB: 3 },
    });
    const hangUp = await serverThat((socket) => socket.end(), family);
    expect(await run('http-fetch', `http://${host}:${hangUp}/`, family)).toMatchObject(
      failure('header', 'closed'),
    );
    const long = await serverThat((socket) => socket.end(`${header}123456789more`), family);
    expect((await run('http-fetch', `http://${host}:${long}/`, family)).values.bodyB).toBe(9);
  });

  it('http-fetch is bounded in bytes with a body that never ends', async () => {
    const url = `http://${host}:${peer.httpPort}/down`;
    const finding = await run('http-fetch', url, family, { limitB: 1_000_000 });
    expect(finding).toMatchObject(failure('body', 'body-limit'));
    expect(finding.values.bodyB).toBeGreaterThan(1_000_000);
  });

  it('http-fetch does not follow a redirect', async () => {
    const port = await serverThat(
      (socket) =>
        socket.end(
          'HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n',
        ),
      family,
    );
    expect(await run('http-fetch', `http://${host}:${port}/`, family)).toMatchObject({
      outcome: { status: 'ok' },
      values: { status: 302 },
    });
  });

  it('http-fetch tells a server without TLS', async () => {
    const finding = await run('http-fetch', `https://${host}:${peer.httpPort}/`, family);
    expect(finding.outcome).toMatchObject({ status: 'failed', stage: 'tls' });
  });

  it.each(['down', 'up'])(
    'throughput %s: a busy peer is no statement about the line',
    async (direction) => {
      const full = await startPeer({
        hosts: [address],
        httpPort: 0,
        dnsPort: 0,
        limits: { downloads: 0, uploads: 0 },
      });
      servers.push(() => void full.close());
      const url = `http://${host}:${full.httpPort}`;
      expect(await run('throughput', url, family, { direction })).toMatchObject({
        outcome: { status: 'skipped', reason: 'peer-busy' },
        values: {},
      });
    },
  );

  it.each(['down', 'up'])('throughput %s has no rate when it failed', async (direction) => {
    const at = (port: number) =>
      run('throughput', `http://${host}:${port}`, family, { direction, timeoutMs: 300 });
    expect(await at(await closedPort(family))).toMatchObject({
      ...failure('connect', 'refused'),
      values: {},
    });
    expect(await at(await serverThat(() => {}, family))).toMatchObject({
      ...failure('header', 'timeout'),
      values: {},
    });
    const cut = await run('throughput', `http://${host}:${peer.httpPort}`, family, {
      direction,
      limitB: 1_000_000,
    });
    expect(cut).toMatchObject(failure('body', 'byte-limit'));
    expect(cut.values).not.toHaveProperty(direction === 'down' ? 'rateDownBps' : 'rateUpBps');
  });
});
