/** Metrics on a path that is impaired on purpose, in a network namespace of its own. */
import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, describe, expect, it } from 'vitest';
import { METRICS } from '../../probes/catalogue.ts';
import type { Family } from '../../probes/measurement.ts';
import type { Ran, Run } from './namespaced-metrics.ts';

const LOOPBACK = { 4: '127.0.0.1', 6: '::1' } as const;
const FAMILIES = [4, 6] as const;

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
    const { stdout } = await promisify(execFile)(
      'unshare',
      [
        ...['--net', '--mount', 'sh', '-euc', script, 'sh'],
        ...[process.execPath, child.pathname, JSON.stringify(runs)],
      ],
      // What this namespace can move is nobody else's business.
      { env: { ...process.env, CACHE_DIRECTORY: mkdtempSync(join(folder, 'cache-')) } },
    );
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

  /** Packets of 1500 bytes, so that loopback is shaped as an Ethernet path is. */
  const shaped = (mbps: number) =>
    `tc qdisc add dev lo root tbf rate ${mbps}mbit burst 32kb latency 50ms`;
  const rate = (target: string, parameters: Record<string, unknown>): Run => ({
    ...{ metric: 'throughput', target, family: 6, parameters },
  });

  it.each(['down', 'up'] as const)(
    'throughput %s tells the rate of a shaped link, and what it does to round trips',
    async (direction) => {
      const [ran] = await inNamespace([shaped(50)], [rate('http://[::1]:8080', { direction })]);
      const finding = ran?.finding;
      const [name, other] =
        direction === 'down' ? ['rateDownBps', 'rateUpBps'] : ['rateUpBps', 'rateDownBps'];
      expect(finding?.outcome).toEqual({ status: 'ok' });
      const { values = {}, samples = [] } = finding ?? {};
      expect(values).toMatchObject({ connections: 4, payloadB: expect.any(Number) });
      expect(values).not.toHaveProperty(other ?? '');
      // Acknowledgements share the shaped link: at most the payload's share, at least nine tenths of it.
      const ceilingBps = 50e6 * (1_428 / 1_514);
      expect(values[name ?? '']).toBeLessThan(ceilingBps * 1.01);
      expect(values[name ?? '']).toBeGreaterThan(ceilingBps * 0.9);
      expect(samples.length).toBeLessThanOrEqual(100);
      expect(samples.length).toBeGreaterThanOrEqual(25);
      // Headers and what came after the last count are moved, too.
      expect(values.movedB).toBeGreaterThan(values.payloadB ?? Number.POSITIVE_INFINITY);
      // The queue is there while the link is full, and was not before.
      const { idleRttMs = 0, loadedRttMs = 0, responsivenessRpm = 0 } = values;
      expect(loadedRttMs).toBeGreaterThan(idleRttMs + 5);
      expect(responsivenessRpm).toBeLessThan(60_000 / idleRttMs);
    },
  );

  it('throughput refuses what the machine itself cannot do', async () => {
    const [ran] = await inNamespace(
      ['ip addr add 2001:db8::9/128 dev lo nodad', shaped(50)],
      [rate('http://[2001:db8::9]:8080', {})],
    );
    const { outcome, values = {} } = ran?.finding ?? {};
    expect(outcome).toEqual({ status: 'skipped', reason: 'local-ceiling' });
    // No rate and no delay, but what it cost.
    expect(Object.keys(values).sort()).toEqual(['connections', 'movedB', 'payloadB']);
  });
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
