import { execFile, execFileSync } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import packet from 'dns-packet';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { METRICS, metricNamed } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import type { Finding } from '../../probes/metric.ts';
import { type Peer, startPeer } from '../../probes/peer/index.ts';
import type { Ran, Run } from './namespaced-metrics.ts';

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
  if (name === 'icmp-rtt') return [host, {}];
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
      'tcp-connect': [`${hostOf(family)}:${port}`, { count: 20, intervalMs: 10_000 }],
      'dns-resolve': [
        'both.test',
        { server: LOOPBACK[family], port: silent.address().port, timeoutMs: 30_000 },
      ],
      'http-fetch': [url, { timeoutMs: 60_000 }],
      throughput: [url, { timeoutMs: 30_000 }],
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

describe('in a namespace with impairments', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tongda-metrics-'));
  afterAll(() => rmSync(folder, { recursive: true }));
  writeFileSync(
    join(folder, 'resolv.conf'),
    'nameserver 127.0.0.1\noptions timeout:1 attempts:1\n',
  );
  writeFileSync(join(folder, 'hosts'), '');

  const child = new URL('../../.build/test/integration/namespaced-metrics.js', import.meta.url);
  const SETUP = [
    'ip link set lo mtu 1500 up',
    `mount --bind ${folder}/resolv.conf /etc/resolv.conf`,
    `mount --bind ${folder}/hosts /etc/hosts`,
  ];

  async function inNamespace(setup: string[], runs: Run[], prefix = ''): Promise<Ran[]> {
    const script = [...SETUP, ...setup, `exec ${prefix} "$@"`].join('\n');
    const { stdout } = await promisify(execFile)('unshare', [
      ...['--net', '--mount', 'sh', '-euc', script, 'sh'],
      ...[process.execPath, child.pathname, JSON.stringify(runs)],
    ]);
    return JSON.parse(stdout) as Ran[];
  }

  it('icmp-rtt tells silence, every router’s word and a good target apart, all at once', async () => {
    const targets = [1, 2, 3, 4, 5, 6].map((end) => `2001:db8::${end}`);
    const drops = [
      'table inet impaired { chain input { type filter hook input priority 0;',
      'ip6 daddr 2001:db8::2 icmpv6 type echo-request drop;',
      'ip6 daddr 2001:db8::3 icmpv6 type echo-request reject with icmpv6 no-route;',
      'ip6 daddr 2001:db8::4 icmpv6 type echo-request reject with icmpv6 admin-prohibited;',
      'ip daddr 127.0.0.2 icmp type echo-request drop;',
      'ip daddr 127.0.0.3 icmp type echo-request reject with icmp host-prohibited;',
      '}',
      '}',
    ].join('\n');
    const setup = [
      ...targets.slice(0, 4).map((target) => `ip addr add ${target}/128 dev lo nodad`),
      'ip -6 route add unreachable 2001:db8::5/128',
      `nft '${drops}'`,
    ];
    const parameters = { count: 3, intervalMs: 20, timeoutMs: 500 };
    const echo = (target: string, family: Family): Run => ({
      metric: 'icmp-rtt',
      target,
      family,
      parameters,
    });
    const ran = await inNamespace(setup, [
      ...targets.map((target) => echo(target, 6)),
      ...['127.0.0.1', '127.0.0.2', '127.0.0.3'].map((target) => echo(target, 4)),
    ]);
    const ok = { status: 'ok' };
    const failed = (stage: string, code: string) => ({ status: 'failed', stage, code });
    expect(ran.map(({ finding }) => finding?.outcome)).toEqual([
      ok,
      failed('echo', 'timeout'),
      failed('echo', 'no-route'),
      failed('echo', 'prohibited'),
      failed('send', 'unreachable'),
      failed('send', 'no-route'),
      ok,
      failed('echo', 'timeout'),
      failed('echo', 'prohibited'),
    ]);
    expect(ran[1]?.finding?.values).toEqual({
      lossRatio: 1,
      packetsSent: 3,
      packetsReceived: 0,
      socketDrops: 0,
    });
    expect(ran[5]?.finding?.values).toEqual({ packetsSent: 0, packetsReceived: 0, socketDrops: 0 });
  });

  it('icmp-rtt says that it has no raw socket where the right is missing', async () => {
    const runs: Run[] = FAMILIES.map((family) => ({
      metric: 'icmp-rtt',
      target: LOOPBACK[family],
      family,
    }));
    expect(await inNamespace([], runs, 'setpriv --bounding-set=-net_raw')).toEqual([
      { obstacle: 'no-raw-socket', finding: null },
      { obstacle: 'no-raw-socket', finding: null },
    ]);
  });

  it('names are looked up in the task’s family alone', async () => {
    const fetch = (name: string, family: Family): Run => ({
      metric: 'http-fetch',
      target: `http://${name}:8080/page`,
      family,
    });
    const ran = await inNamespace(
      [],
      [
        fetch('both.test', 4),
        fetch('both.test', 6),
        fetch('four.test', 6),
        fetch('unknown.test', 6),
        { metric: 'tcp-connect', target: 'four.test:8080', family: 6 },
        { metric: 'dns-resolve', target: 'four.test', family: 4 },
        { metric: 'dns-resolve', target: 'four.test', family: 6 },
      ],
    );
    expect(ran.map(({ finding }) => [finding?.address, finding?.outcome])).toEqual([
      ['127.0.0.1', { status: 'ok' }],
      ['::1', { status: 'ok' }],
      [null, { status: 'failed', stage: 'dns', code: 'no-aaaa' }],
      [null, { status: 'failed', stage: 'dns', code: 'unknown-name' }],
      [null, { status: 'failed', stage: 'dns', code: 'no-aaaa' }],
      ['127.0.0.1', { status: 'failed', stage: 'answer', code: 'no-aaaa' }],
      // The only resolver of this machine is an IPv4 one.
      [null, { status: 'skipped', reason: 'no-resolver' }],
    ]);
    expect(ran[0]?.finding?.values).toHaveProperty('dnsMs');
  });

  it.each(['down', 'up'] as const)(
    'throughput %s tells the rate of a shaped link',
    async (direction) => {
      const runs: Run[] = [
        {
          metric: 'throughput',
          target: 'http://[::1]:8080',
          family: 6,
          parameters: { direction },
        },
      ];
      const shaped = ['tc qdisc add dev lo root tbf rate 50mbit burst 32kb latency 50ms'];
      const [ran] = await inNamespace(shaped, runs);
      const finding = ran?.finding;
      const [rate, other] =
        direction === 'down' ? ['rateDownBps', 'rateUpBps'] : ['rateUpBps', 'rateDownBps'];
      expect(finding?.outcome).toEqual({ status: 'ok' });
      expect(finding?.values).toMatchObject({ connections: 4, payloadB: expect.any(Number) });
      expect(finding?.values).not.toHaveProperty(other ?? '');
      // Acknowledgements share the shaped link: at most the payload's share, at least nine tenths of it.
      const ceilingBps = 50e6 * (1_428 / 1_514);
      expect(finding?.values[rate ?? '']).toBeLessThan(ceilingBps * 1.01);
      expect(finding?.values[rate ?? '']).toBeGreaterThan(ceilingBps * 0.9);
      expect(finding?.samples?.length).toBeLessThanOrEqual(120);
      expect(finding?.samples?.length).toBeGreaterThanOrEqual(30);
    },
  );
});

it('the catalogue loads no native module', () => {
  const catalogue = new URL('../../.build/probes/catalogue.js', import.meta.url).href;
  const script = `
    import { createRequire } from 'node:module';
    const { METRICS } = await import('${catalogue}');
    const loaded = Object.keys(createRequire('${catalogue}').cache);
    console.log(JSON.stringify([METRICS.length, loaded.filter((path) => /raw-socket|net-ping|\\.node$/.test(path))]));
  `;
  const stdout = execFileSync(process.execPath, ['--input-type=module', '-e', script]);
  expect(JSON.parse(String(stdout))).toEqual([METRICS.length, []]);
});
