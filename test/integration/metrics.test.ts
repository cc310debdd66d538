/** What every metric does, and those that need no more than an open port and a peer. */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { METRICS, metricNamed } from '../../probes/catalogue.ts';
import { startPeer } from '../../probes/peer/index.ts';
import { answerNamesFrom } from './loopback-names.ts';
import {
  closedPort,
  closeLater,
  FAMILIES,
  failure,
  hostOf,
  LOOPBACK,
  peerBeside,
  run,
  serverThat,
} from './metrics-fixture.ts';

/** A NAT64's, as its DNS64 makes it up (RFC 7050). */
const MADE_UP = '2001:db8:64::c000:aa';

const peer = peerBeside({ 'both.test': ['192.0.2.1', '2001:db8::1'], 'ipv4only.arpa': [MADE_UP] });
let giveNamesBack: (() => void) | undefined;
beforeAll(() => {
  giveNamesBack = answerNamesFrom(`127.0.0.1:${peer.dnsPort}`);
});
afterAll(() => giveNamesBack?.());

const skip = (reason: string) => ({
  outcome: { status: 'skipped', reason },
  address: null,
  values: {},
});

/** A target of a metric at a host; dns-resolve has the host in its parameters. */
function targeting(name: string, host: string): [string, Record<string, unknown>] {
  const bracketed = host.includes(':') ? `[${host}]` : host;
  if (name === 'dns-resolve') return ['both.test', { server: host, port: peer.dnsPort }];
  if (name === 'tcp-connect' || name === 'tls-handshake' || name === 'ipv6-line')
    return [`${bracketed}:${peer.httpPort}`, {}];
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
    if (obstacle) return expect(['no-raw-socket', 'ipv6-only']).toContain(obstacle);
    const port = await serverThat(() => {}, family);
    const silent = createSocket(family === 6 ? 'udp6' : 'udp4');
    silent.bind(0, LOOPBACK[family]);
    await once(silent, 'listening');
    closeLater(() => silent.close());
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
      'tls-handshake': [`${hostOf(family)}:${port}`, { timeoutMs: 60_000 }],
      'ipv6-ladder': [url, { timeoutMs: 10_000 }],
      'ipv6-line': [`${hostOf(family)}:${port}`, { pairs: 10, intervalMs: 10_000 }],
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

  it.each(['down', 'up'])(
    'throughput %s: a busy peer is no statement about the line',
    async (direction) => {
      const full = await startPeer({
        hosts: [address],
        httpPort: 0,
        dnsPort: 0,
        limits: { downloads: 0, uploads: 0 },
      });
      closeLater(() => void full.close());
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

it('ipv6-line asks the resolver of the test, and no other, for the NAT64 of its line', async () => {
  const obstacle = await metricNamed('ipv6-line')?.canRun(6);
  if (obstacle) return expect(obstacle).toBe('no-procfs');
  const { values } = await run('ipv6-line', `[::1]:${peer.httpPort}`, 6, { pairs: 1 });
  expect(values).toMatchObject({
    pref64Length: 96,
    resolversV6: 0,
    connectV6Ms: expect.any(Number),
  });
});
